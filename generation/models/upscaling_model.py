"""A model that makes clips larger and imagines nothing: no words, no noise schedule."""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from generation.errors import GenerationFailed
from generation.models.adapter import Footage, OnStep, Shot
from generation.models.card import ModelCard
from generation.models.family import Call, Family, refuse_what_it_cannot
from generation.models.steps import heard_steps
from generation.request import UPSCALE_FACTOR


class UpscalingModel:
    """A `generation.models.adapter.VideoModel`. It takes clips of any width and height."""

    def __init__(self, pipeline: Any, *, card: ModelCard, family: Family, revision: str) -> None:
        self._pipeline = pipeline
        self._card = card
        self._family = family
        self._revision = revision

    @property
    def revision(self) -> str:
        return self._revision

    @property
    def dtype(self) -> str:
        """See `VideoModel.dtype`."""
        return str(self._pipeline.dtype).removeprefix("torch.")

    @property
    def goes_round(self) -> bool:
        return False

    def scheduler(self, preset: str) -> str:
        """None: nothing is denoised. Raises UnsupportedOption for an unknown preset."""
        self._card.preset(preset)
        return ""

    def generate(self, shot: Shot, on_step: OnStep) -> Footage:
        """Raises UnsupportedOption, GenerationFailed, and what `on_step` raises."""
        preset = self._card.preset(shot.preset)
        refuse_what_it_cannot(self._card, shot)
        whole = _padded(shot, self._family.side_multiple)
        call = Call(shot=whole, preset=preset, card=self._card, pipeline=self._pipeline)
        told: list[int] = []

        def heard(step: int, steps: int) -> None:
            told.append(step)
            on_step(step, steps)

        try:
            with heard_steps(self._pipeline, heard):
                output = self._pipeline(
                    **self._family.arguments(call),
                    generator=torch.Generator("cpu").manual_seed(shot.seed),
                    output_type=self._family.output_type,
                )
        finally:
            self._pipeline.maybe_free_model_hooks()
        if not told:  # a pipeline without a progress bar is one step
            on_step(1, 1)
        return self._cut(self._family.read(output, call), shot)

    def _cut(self, footage: Footage, shot: Shot) -> Footage:
        height, width = shot.height * UPSCALE_FACTOR, shot.width * UPSCALE_FACTOR
        frames = footage.frames[: shot.frames, :height, :width]
        if frames.shape != (shot.frames, height, width, 3):
            raise GenerationFailed(
                f"{self._card.id} made {footage.frames.shape} of {shot.frames} frames of "
                f"{shot.width} x {shot.height}"
            )
        return Footage(frames=frames)


def _padded(shot: Shot, multiple: int) -> Shot:
    """With its edges repeated at the right and the bottom, so that the sides are multiples."""
    assert shot.source_video is not None  # refused before
    right, below = -shot.width % multiple, -shot.height % multiple
    if not right and not below:
        return shot
    video = np.pad(shot.source_video, ((0, 0), (0, below), (0, right), (0, 0)), mode="edge")
    width, height = shot.width + right, shot.height + below
    return replace(shot, source_video=video, width=width, height=height)
