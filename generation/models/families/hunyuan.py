"""HunyuanVideo, HunyuanVideo-1.5, and FramePack, which makes long clips section by section."""

from __future__ import annotations

from typing import Any

from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture, without

FRAMEPACK_WINDOW = 9
"""Latent frames of a section; the released checkpoints know no other."""
FRAMEPACK_SECTION = 4 * FRAMEPACK_WINDOW
"""Frames that each section adds: n sections give 36 n + 1."""


def _arguments(call: Call) -> dict[str, Any]:
    # Guidance is an input of the distilled transformer, so there is no negative prompt.
    return without(called_by_words(call), "negative_prompt")


HUNYUAN = Family(
    pipelines={Task.TEXT: "HunyuanVideoPipeline"},
    arguments=_arguments,
    side_multiple=16,
    time_axis=2,
)


def _framepack_arguments(call: Call) -> dict[str, Any]:
    shot = call.shot
    window = FRAMEPACK_SECTION - 3  # what the pipeline takes a section to be when it counts them
    arguments = {
        **_arguments(call),
        "num_frames": window * _sections(call),
        "latent_window_size": FRAMEPACK_WINDOW,
        "image": picture(shot.first_image),
    }
    if shot.last_image is not None:
        arguments["last_image"] = picture(shot.last_image)
    return arguments


def _sections(call: Call) -> int:
    return max(1, (call.shot.frames - 1) // FRAMEPACK_SECTION)


FRAMEPACK = Family(
    pipelines={
        Task.IMAGE: "HunyuanVideoFramepackPipeline",
        Task.FIRST_LAST: "HunyuanVideoFramepackPipeline",
    },
    arguments=_framepack_arguments,
    runs=_sections,
    side_multiple=16,
)


def _hunyuan15_arguments(call: Call) -> dict[str, Any]:
    call.pipeline.guider = call.pipeline.guider.new(guidance_scale=call.shot.guidance)
    arguments = without(called_by_words(call), "guidance_scale")
    if call.shot.task is not Task.IMAGE:
        return arguments
    # The picture's own size decides.
    return {
        **without(arguments, "width", "height"),
        "image": picture(call.shot.first_image),
    }


HUNYUAN15 = Family(
    pipelines={
        Task.TEXT: "HunyuanVideo15Pipeline",
        Task.IMAGE: "HunyuanVideo15ImageToVideoPipeline",
    },
    arguments=_hunyuan15_arguments,
    side_multiple=16,
    time_axis=2,
)
