"""What MagCache has to know of a model's weights: its `ratios`, measured by one whole shot."""

# diffusers' pipelines are untyped, and export their classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

from diffusers.hooks import MagCacheConfig

from generation.errors import GenerationFailed


def calibrated_ratios(pipeline: Any, steps: int, make: Callable[[], object]) -> tuple[float, ...]:
    """One number a step: how much larger what all blocks add is than at the step before.

    `make` makes a shot of so many steps with the pipeline. diffusers prints what it measured, a
    list for each half of guidance, of which the one with the prompt comes first.

    Raises GenerationFailed where the pipeline's transformer cannot be measured.
    """
    denoiser = pipeline.components.get("transformer")
    try:
        denoiser.enable_cache(MagCacheConfig(calibrate=True, num_inference_steps=steps))
    except (AttributeError, ValueError) as error:
        raise GenerationFailed(f"{type(pipeline).__name__} cannot be calibrated") from error
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            make()
    finally:
        denoiser.disable_cache()
    lines = [line for line in said.getvalue().splitlines() if line.startswith("[")]
    lists = [json.loads(line) for line in lines if not line.startswith("[MagCache]")]
    if not lists or len(lists[0]) != steps:
        raise GenerationFailed(f"{type(pipeline).__name__} did not make {steps} steps")
    return tuple(round(float(ratio), 5) for ratio in lists[0])
