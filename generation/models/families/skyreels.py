"""SkyReels-V2 by diffusion forcing: clips longer than its window, made window after window."""

from __future__ import annotations

import math
from typing import Any

from generation.models.card import Task
from generation.models.families.wan import FULL_PRECISION
from generation.models.family import Call, Family, called_by_words, picture

OVERLAP_FRAMES = 17
"""Frames of a window that the next one goes on from (diffusers' documentation)."""
HISTORY_NOISE = 20
"""Noise on these frames, for longer consistency (diffusers' documentation)."""
WINDOW_FRAMES = 97
"""`base_num_frames` of the 540P models; a preset's options may change it (121 for 720P)."""


def _arguments(call: Call) -> dict[str, Any]:
    shot = call.shot
    arguments = {
        **called_by_words(call),
        "fps": shot.fps,
        "base_num_frames": _window(call),
        "addnoise_condition": HISTORY_NOISE,
        "overlap_history": OVERLAP_FRAMES if shot.frames > _window(call) else None,
    }
    if shot.first_image is not None:
        arguments["image"] = picture(shot.first_image)
    if shot.last_image is not None:
        arguments["last_image"] = picture(shot.last_image)
    return arguments


def _window(call: Call) -> int:
    return int(call.preset.options.get("base_num_frames", WINDOW_FRAMES))


def _runs(call: Call) -> int:
    """Windows: the first whole, each next one beyond its overlap."""
    beyond = max(0, call.shot.frames - _window(call))
    return 1 + math.ceil(beyond / (_window(call) - OVERLAP_FRAMES))


SKYREELS = Family(
    pipelines={
        Task.TEXT: "SkyReelsV2DiffusionForcingPipeline",
        Task.IMAGE: "SkyReelsV2DiffusionForcingImageToVideoPipeline",
        Task.FIRST_LAST: "SkyReelsV2DiffusionForcingImageToVideoPipeline",
    },
    arguments=_arguments,
    runs=_runs,
    side_multiple=16,
    full_precision=FULL_PRECISION,
)
