"""Measures what MagCache must know of a model's weights, by one shot of its shortest length:
`python -m generation.model_calibration MODEL PRESET`.

For `python -m bot models calibrate`, which must not import torch: it starts this as a process of
its own, hands the setup of a worker in on standard input, and prints what comes back: one line of
JSON with `ratios`, or with `error` where there are none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from generation.device import Device
from generation.errors import GenerationError, GenerationFailed
from generation.executors.wire import WorkerSetup
from generation.executors.worker import one_line, open_models, read_message
from generation.model_check import shortest_shot
from generation.models.calibration import calibrated_ratios
from generation.models.diffusers_model import DiffusersModel
from generation.models.loading import LoadedModels, MeasuredModel
from generation.models.opening import silence_libraries


def main(model: str, preset: str) -> None:
    setup = read_message(sys.stdin.buffer)
    assert isinstance(setup, WorkerSetup)
    silence_libraries()
    device = Device.choose(setup.device, threads=setup.threads)
    try:
        with device.telling_faults():
            said = {"ratios": calibrate(model, preset, open_models(setup, device))}
    except Exception as error:
        said = {"error": str(error) if isinstance(error, GenerationError) else one_line(error)}
    print(json.dumps(said), flush=True)


def calibrate(model: str, preset: str, loaded: LoadedModels) -> Sequence[float]:
    """The ratios of the preset's usual steps. Raises what loading and making raise."""
    ready = loaded.get(model)
    chosen = ready.card.preset(preset)
    if chosen.step_cache is not None:
        raise GenerationFailed(f"preset {preset} has a step_cache: calibrate one that has none")
    inner = ready.model.model if isinstance(ready.model, MeasuredModel) else ready.model
    if not isinstance(inner, DiffusersModel):
        raise GenerationFailed(f"model {model} has no denoising steps")
    shot = replace(
        shortest_shot(ready.card),
        preset=preset,
        steps=chosen.steps_default,
        guidance=chosen.guidance_default,
    )
    pipeline = inner.pipeline_for(shot.task)
    return calibrated_ratios(
        pipeline, shot.steps, lambda: ready.model.generate(shot, lambda step, steps: None)
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
