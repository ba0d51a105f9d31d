"""How much of a job is the encoding of its file: the most that encoding one job while the next one
denoises could save."""

from __future__ import annotations

import os
import statistics
from typing import Any

from generation.device import Device
from generation.executor import Execution
from generation.models.catalogue import CATALOGUE_FILE, Catalogue
from generation.models.loading import LoadedModels
from generation.production import produce
from tests.generation.builders import make_request

MODEL = "pocket"
JOBS = 8
MAX_BYTES = 10 * 1024 * 1024


def measure() -> dict[str, Any]:
    device = Device.choose("cpu", threads=os.cpu_count() or 1)
    models = LoadedModels(catalogue_file=CATALOGUE_FILE, folders={}, device=device)
    preset = Catalogue.load((MODEL,)).get(MODEL).default_preset
    making: list[float] = []
    encoding: list[float] = []
    for seed in range(JOBS + 1):
        request = make_request(
            model=MODEL, seed=seed, steps=preset.steps_default, guidance=preset.guidance_default
        )
        execution = Execution(job_id=f"{seed}", attempt=1, request=request, max_bytes=MAX_BYTES)
        clip = produce(execution, models, lambda progress: None, narration_scenes=1)
        making.append(clip.facts.generation_seconds)
        encoding.append(clip.facts.encoding_seconds)
    shares = [each / (each + made) for each, made in zip(encoding[1:], making[1:], strict=True)]
    return {
        "model": MODEL,
        "jobs": JOBS,
        "making_seconds": round(statistics.median(making[1:]), 3),
        "encoding_seconds": round(statistics.median(encoding[1:]), 3),
        "encoding_share": round(statistics.median(shares), 3),
    }
