"""AnimateDiff: a still model (Stable Diffusion 1.5) that a motion adapter makes move.

Presets may bring another motion adapter (AnimateLCM, AnimateDiff-Lightning), and camera moves are
LoRAs of the adapter.
"""

from __future__ import annotations

from typing import Any

from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, remaking


def _arguments(call: Call) -> dict[str, Any]:
    if call.shot.task is not Task.VIDEO:
        return called_by_words(call)
    return remaking(call)


ANIMATEDIFF = Family(
    pipelines={
        Task.TEXT: "AnimateDiffPipeline",
        Task.VIDEO: "AnimateDiffVideoToVideoPipeline",
    },
    arguments=_arguments,
    side_multiple=64,
)
