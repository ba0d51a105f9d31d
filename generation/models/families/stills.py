"""Stable Diffusion and SDXL: one picture from words."""

from __future__ import annotations

from typing import Any

from generation.models.adapter import Footage
from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, to_frames, without


def _arguments(call: Call) -> dict[str, Any]:
    return without(called_by_words(call), "num_frames")


def _read(output: Any, _call: Call) -> Footage:
    return Footage(frames=to_frames(output.images))


STABLE_DIFFUSION = Family(
    pipelines={Task.STILL: "StableDiffusionPipeline"},
    arguments=_arguments,
    read=_read,
    side_multiple=64,
)
STABLE_DIFFUSION_XL = Family(
    pipelines={Task.STILL: "StableDiffusionXLPipeline"},
    arguments=_arguments,
    read=_read,
    side_multiple=64,
)
