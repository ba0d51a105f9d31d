"""Wan 2.1 and 2.2: text, picture, first and last picture, or a clip to video."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image as PillowImage

from generation.models.adapter import Image, Shot
from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture, pictures, without

FULL_PRECISION = ("vae", "image_encoder")
"""diffusers' documentation of Wan: these two lose quality in half precision."""
GREY = 128
"""What VACE takes for a frame that is not given (diffusers' documentation of WanVACEPipeline)."""


def _arguments(call: Call) -> dict[str, Any]:
    shot, arguments = call.shot, called_by_words(call)
    match shot.task:
        case Task.IMAGE:
            return {**arguments, "image": picture(shot.first_image)}
        case Task.FIRST_LAST:
            return {
                **arguments,
                "image": picture(shot.first_image),
                "last_image": picture(shot.last_image),
            }
        case Task.VIDEO:
            return {
                **without(arguments, "num_frames"),
                "video": pictures(shot.source_video),
                "strength": shot.strength,
            }
        case _:
            return arguments


WAN = Family(
    pipelines={
        Task.TEXT: "WanPipeline",
        Task.IMAGE: "WanImageToVideoPipeline",
        Task.FIRST_LAST: "WanImageToVideoPipeline",
        Task.VIDEO: "WanVideoToVideoPipeline",
    },
    arguments=_arguments,
    side_multiple=32,
    full_precision=FULL_PRECISION,
    time_axis=2,
)


def _vace_arguments(call: Call) -> dict[str, Any]:
    """Given frames are kept (black in the mask), all others made (white)."""
    given = _given_frames(call.shot)
    arguments = called_by_words(call)
    if not given:
        return arguments
    size = (call.shot.width, call.shot.height)
    empty = PillowImage.new("RGB", size, (GREY, GREY, GREY))
    frames = range(call.shot.frames)
    return {
        **arguments,
        "video": [PillowImage.fromarray(given[t]) if t in given else empty for t in frames],
        "mask": [PillowImage.new("L", size, 0 if t in given else 255) for t in frames],
    }


def _given_frames(shot: Shot) -> dict[int, Image]:
    given = dict(shot.keyframes)
    if shot.first_image is not None:
        given[0] = shot.first_image
    if shot.last_image is not None:
        given[shot.frames - 1] = shot.last_image
    return {index: np.asarray(image) for index, image in given.items()}


WAN_VACE = Family(
    pipelines=dict.fromkeys(
        (Task.TEXT, Task.IMAGE, Task.FIRST_LAST, Task.KEYFRAMES), "WanVACEPipeline"
    ),
    arguments=_vace_arguments,
    side_multiple=16,
    full_precision=FULL_PRECISION,
)
