"""Loads each model and makes two steps of its shortest shot: `python -m generation.model_check`.

For `python -m bot models check`, which must not import torch: it starts this as a process of its
own, hands the setup of a worker in on standard input, and prints what comes back: one JSON line a
model with `model`, `verdict` (good, bad), `detail`.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.device import Device
from generation.errors import GenerationError
from generation.executors.wire import WorkerSetup
from generation.executors.worker import one_line, open_models, read_message
from generation.models.adapter import Image, Shot
from generation.models.card import ModelCard, Task
from generation.models.loading import LoadedModels
from generation.models.opening import silence_libraries
from generation.models.tiers import Tier
from generation.request import Camera

STEPS = 2


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one model did: seconds to load it and for the shot, and the most memory that the shot
    took, weights included (of the GPU, or of this process where there is none)."""

    loading_seconds: float
    shot_seconds: float
    steps: int
    peak_bytes: int
    tier: Tier


def main(models: Sequence[str]) -> None:
    setup = read_message(sys.stdin.buffer)
    assert isinstance(setup, WorkerSetup)
    silence_libraries()
    device = Device.choose(setup.device, threads=setup.threads)
    for model in models:
        try:
            # Opened anew for each model, so that none is measured beside another.
            trial = try_model(model, open_models(setup, device), device)
            verdict, detail = "good", _sentence(trial, device)
        except Exception as error:
            known = isinstance(error, GenerationError)
            verdict, detail = "bad", str(error) if known else one_line(error)
        line = {"model": model, "verdict": verdict, "detail": detail}
        print(json.dumps(line), flush=True)
        gc.collect()
        device.free_unused_memory()


def try_model(model: str, loaded: LoadedModels, device: Device) -> Trial:
    """Raises what loading and making raise."""
    began = time.monotonic()
    with device.telling_faults():
        ready = loaded.get(model)
        then = time.monotonic()
        shot = shortest_shot(ready.card)
        ready.model.generate(shot, lambda step, steps: None)
    return Trial(
        loading_seconds=then - began,
        shot_seconds=time.monotonic() - then,
        steps=shot.steps,
        peak_bytes=device.peak_bytes(),
        tier=ready.tier,
    )


def shortest_shot(card: ModelCard) -> Shot:
    """Two steps (or as few as a distilled schedule has) of the least length, in its own size."""
    task, preset = card.tasks[0], card.default_preset
    width, height = card.sizes[card.aspect_default]
    frames = 1 if task is Task.STILL else card.frames_generated(card.seconds_min)
    grey: Image = np.full((height, width, 3), 127, np.uint8)
    has_first = task in (Task.IMAGE, Task.FIRST_LAST)
    return Shot(
        prompt="a calm sea",
        negative_prompt="",
        width=width,
        height=height,
        frames=frames,
        fps=card.fps,
        seed=1,
        steps=len(preset.timesteps) or STEPS,
        guidance=preset.guidance_default,
        motion=2,
        camera=Camera(),
        first_image=grey if has_first else None,
        last_image=grey if task is Task.FIRST_LAST else None,
        keyframes={0: grey} if task is Task.KEYFRAMES else {},
        source_video=np.stack([grey] * frames) if task in (Task.VIDEO, Task.UPSCALE) else None,
        enlarges=task is Task.UPSCALE,
    )


def _sentence(trial: Trial, device: Device) -> str:
    where = "GPU memory at most" if device.is_cuda else "memory of the process at most"
    return (
        f"loaded in {trial.loading_seconds:.1f} s ({trial.tier.value}), {trial.steps} steps in "
        f"{trial.shot_seconds:.1f} s, {where} {trial.peak_bytes / 2**30:.1f} GiB, "
        f"{device.description}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
