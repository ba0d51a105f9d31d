"""Wan 2.1 and 2.2: text, picture, first and last picture, or a clip to video."""

from __future__ import annotations

from typing import Any

from PIL import Image as PillowImage

from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture, remaking

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
            return remaking(call)
        case _:
            return arguments


WAN = Family(
    pipelines={
        Task.TEXT: "WanPipeline",
        Task.IMAGE: "WanImageToVideoPipeline",
        Task.FIRST_LAST: "WanImageToVideoPipeline",
        Task.VIDEO: "WanVideoToVideoPipeline",
        Task.STILL: "WanPipeline",
    },
    arguments=_arguments,
    side_multiple=32,
    full_precision=FULL_PRECISION,
)


def _vace_arguments(call: Call) -> dict[str, Any]:
    """Given frames are kept (black in the mask), all others made (white)."""
    given = call.shot.given_pictures
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


WAN_VACE = Family(
    pipelines=dict.fromkeys(
        (Task.TEXT, Task.IMAGE, Task.FIRST_LAST, Task.KEYFRAMES), "WanVACEPipeline"
    ),
    arguments=_vace_arguments,
    side_multiple=16,
    full_precision=FULL_PRECISION,
)
