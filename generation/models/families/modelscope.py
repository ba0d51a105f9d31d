"""ModelScope's text-to-video and the zeroscope models made from it.

diffusers keeps these two pipelines without changing them any more (last supported in 0.33.1).
"""

from __future__ import annotations

from typing import Any

from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, remaking, without


def _arguments(call: Call) -> dict[str, Any]:
    if call.shot.task is not Task.VIDEO:
        return called_by_words(call)
    return without(remaking(call), "width", "height")


MODELSCOPE = Family(
    pipelines={
        Task.TEXT: "TextToVideoSDPipeline",
        Task.VIDEO: "VideoToVideoSDPipeline",
    },
    arguments=_arguments,
    side_multiple=64,
)
