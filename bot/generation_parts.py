"""What the settings make of `generation`: the models, the executor, the queue."""

from __future__ import annotations

import os

from bot.estimates import Estimates
from config.settings import Settings
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.fairness.queue import FairQueue, QueueLimits
from generation.fairness.turns import FairnessRules
from generation.models.catalogue import CATALOGUE_FILE, Catalogue


def load_catalogue(settings: Settings) -> Catalogue:
    """The models that are enabled. Raises what `Catalogue.load` raises."""
    generation = settings.generation
    return Catalogue.load(
        generation.enabled_models,
        accepted_licences=generation.accepted_licences,
        operator_file=generation.catalogue_file,
    )


def local_executor(settings: Settings) -> LocalExecutor:
    """Worker processes of this machine, not started."""
    generation = settings.generation
    return LocalExecutor(
        setup=WorkerSetup(
            catalogue_file=CATALOGUE_FILE,
            operator_catalogue=generation.catalogue_file,
            lock_file=generation.lock_file,
            model_folders=generation.model_folders,
            device=generation.device,
            threads=max(1, (os.cpu_count() or 1) // generation.executor_slots),
            narration_scenes=settings.limits.narration_scenes,
            preload=generation.default_model,
            peaks_file=settings.storage.peaks_file,
            memory_share=generation.memory_share / generation.executor_slots,
        ),
        limits=ExecutionLimits(
            step_timeout_seconds=generation.step_timeout_seconds,
            job_timeout_seconds=generation.job_timeout_seconds,
        ),
        slots=generation.executor_slots,
    )


def fair_queue(settings: Settings, estimates: Estimates) -> FairQueue:
    """An empty queue with the limits and the fairness that the settings ask for."""
    limits, fairness = settings.limits, settings.fairness
    return FairQueue(
        limits=QueueLimits(
            running_jobs_per_user=limits.running_jobs_per_user,
            waiting_jobs_per_user=limits.waiting_jobs_per_user,
            waiting_jobs_per_guild=limits.waiting_jobs_per_guild,
        ),
        slots=settings.generation.executor_slots,
        rules=FairnessRules(
            slack_seconds=fairness.slack_seconds,
            most_bypasses=fairness.most_bypasses,
            guild_weights=fairness.guild_weights,
            user_weights=fairness.user_weights,
        ),
        estimate=estimates.job_seconds,
    )
