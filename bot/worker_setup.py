"""What a worker process is told of the settings."""

from __future__ import annotations

import os

from config.settings import Settings
from generation.executors.wire import WorkerSetup
from generation.models.card_file import CATALOGUE_FILE
from generation.models.levers import Levers


def worker_setup(settings: Settings, *, slots: int, preload: str | None) -> WorkerSetup:
    """For one of so many workers that share this machine; `preload` is loaded before any job."""
    generation = settings.generation
    return WorkerSetup(
        catalogue_file=CATALOGUE_FILE,
        operator_catalogue=generation.catalogue_file,
        lock_file=generation.lock_file,
        model_folders=generation.model_folders,
        device=generation.device,
        threads=max(1, (os.cpu_count() or 1) // slots),
        narration_scenes=settings.limits.narration_scenes,
        preload=preload,
        peaks_file=settings.storage.peaks_file,
        checks_file=settings.storage.checks_file,
        enabled=generation.enabled_models,
        memory_share=generation.memory_share / slots,
        levers=Levers(
            embedding_cache_bytes=generation.embedding_cache_bytes // slots,
            quantisation=generation.quantisation,
            attention=generation.attention,
        ),
    )
