"""What the tests of every adapter need: the catalogue's models as tiny ones, and shots for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from generation.models.adapter import Footage, Frames, Image, Shot, VideoModel
from generation.models.card import Feature, ModelCard, Task
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.request import Camera

STEPS = 2
FRAMES = {"kandinsky-5-pro-image": 17}
"""Where fewer are refused."""


@dataclass(frozen=True, kw_only=True)
class TinyModel:
    card: ModelCard
    model: VideoModel
    embeddings: EmbeddingCache

    def shot(self, task: Task, **changes: Any) -> Shot:
        """The shortest shot that still moves, with what the task is given."""
        card = self.card
        frames = FRAMES.get(card.id) or frames_of(card, task)
        preset = card.preset(changes.get("preset", "default"))
        width, height = card.sizes.get("1:1", next(iter(card.sizes.values())))
        fields: dict[str, Any] = {
            "prompt": "a red ball" if Feature.PROMPT in card.features else "",
            "negative_prompt": "",
            "width": width,
            "height": height,
            "frames": frames,
            "fps": card.fps,
            "seed": 1,
            "steps": max(STEPS, preset.steps_min),
            "guidance": preset.guidance_default,
            "motion": 2,
            "camera": Camera(),
        }
        return Shot(**{**fields, **given(task, width, height, frames), **changes})

    def pipeline_for(self, task: Task) -> Any:
        """Of a model that denoises."""
        assert isinstance(self.model, DiffusersModel)
        return self.model.pipeline_for(task)

    def make(self, task: Task, **changes: Any) -> Footage:
        return self.model.generate(self.shot(task, **changes), ignore_steps)


def frames_of(card: ModelCard, task: Task) -> int:
    if task is Task.STILL:
        return 1
    return card.frame_multiple * (2 if card.frame_multiple < 16 else 1) + 1


def given(task: Task, width: int, height: int, frames: int) -> dict[str, Any]:
    """Pictures or a clip, as the task has them."""
    first, last = halves(width, height, 220, 20), halves(width, height, 20, 220)
    match task:
        case Task.IMAGE:
            return {"first_image": first}
        case Task.FIRST_LAST:
            return {"first_image": first, "last_image": last}
        case Task.KEYFRAMES:
            return {"keyframes": {0: first, frames - 1: last}}
        case Task.VIDEO:
            greys = np.linspace(20, 220, frames).astype(int)
            return {"source_video": np.stack([halves(width, height, grey, 90) for grey in greys])}
        case Task.UPSCALE:
            return {**given(Task.VIDEO, width, height, frames), "enlarges": True}
        case Task.EXTEND:
            return {"beginning": np.stack([first] * (frames // 2 + 1))}
        case _:
            return {}


def halves(width: int, height: int, left: int, right: int) -> Image:
    image = np.full((height, width, 3), right, np.uint8)
    image[:, : width // 2] = left
    return image


def ignore_steps(step: int, steps: int) -> None:
    pass


def difference(one: Frames, other: Frames) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean())
