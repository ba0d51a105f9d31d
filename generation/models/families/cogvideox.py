"""CogVideoX: text, picture or clip to video, one transformer each."""

from __future__ import annotations

from typing import Any

from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture, remaking


def _arguments(call: Call) -> dict[str, Any]:
    shot, arguments = call.shot, called_by_words(call)
    match shot.task:
        case Task.IMAGE:
            return {**arguments, "image": picture(shot.first_image)}
        case Task.VIDEO:
            return remaking(call)
        case _:
            return arguments


COGVIDEOX = Family(
    pipelines={
        Task.TEXT: "CogVideoXPipeline",
        Task.IMAGE: "CogVideoXImageToVideoPipeline",
        Task.VIDEO: "CogVideoXVideoToVideoPipeline",
    },
    arguments=_arguments,
    side_multiple=16,
)
