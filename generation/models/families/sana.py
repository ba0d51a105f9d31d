"""SANA-Video: text or picture to video with linear attention."""

from __future__ import annotations

from typing import Any

from generation.models.card import Task
from generation.models.families.wan import FULL_PRECISION
from generation.models.family import Call, Family, called_by_words, picture, without

MOTION_SCORES = (10, 20, 30, 40, 50)
"""For our motion 0 to 4, at the end of the prompt. 30 is the one of diffusers' documentation; the
others lie evenly about it."""


def _arguments(call: Call) -> dict[str, Any]:
    shot, arguments = call.shot, called_by_words(call)
    given = {} if shot.first_image is None else {"image": picture(shot.first_image)}
    return {
        **without(arguments, "num_frames"),
        **given,
        "prompt": f"{arguments['prompt']} motion score: {MOTION_SCORES[shot.motion]}.",
        "negative_prompt": shot.negative_prompt,
        "frames": shot.frames,
        "use_resolution_binning": False,
    }


SANA_VIDEO = Family(
    pipelines={Task.TEXT: "SanaVideoPipeline", Task.IMAGE: "SanaImageToVideoPipeline"},
    arguments=_arguments,
    side_multiple=32,
    full_precision=FULL_PRECISION,
    time_axis=2,
)
