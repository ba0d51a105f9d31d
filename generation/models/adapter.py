"""What a loaded model does, whatever its family.

Imported by the worker only; implementations import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generation.models.card import DEFAULT_PRESET, Task
from generation.request import Camera

Frames = NDArray[np.uint8]
"""Pictures in time: uint8, (frames, height, width, 3), RGB."""

Image = NDArray[np.uint8]
"""One picture: uint8, (height, width, 3), RGB."""

OnStep = Callable[[int, int], None]
"""Called with (step, steps) after each denoising step; what it raises ends the generation."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One call of a model. Sizes and `frames` already obey the model's rules.

    `beginning` are the frames that it goes on from; the footage shows them again.
    `keyframes` maps a frame's index to the picture it shows. `source_video` is a clip of this
    shot's size to make another version of, the freer the higher `strength` (0 to 1); or, in a shot
    that `enlarges`, to make UPSCALE_FACTOR times as wide and as high. A shot that
    `goes_round` has no end: its first frame follows on its last, and it has as many frames as its
    latent frames stand for, which may be a few more than `frames`.
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    frames: int
    fps: int
    seed: int
    steps: int
    guidance: float
    motion: int
    camera: Camera
    preset: str = DEFAULT_PRESET
    first_image: Image | None = None
    last_image: Image | None = None
    beginning: Frames | None = None
    keyframes: Mapping[int, Image] = field(default_factory=dict[int, Image])
    source_video: Frames | None = None
    strength: float = 0.7
    goes_round: bool = False
    enlarges: bool = False

    @property
    def task(self) -> Task:
        """What is given decides which pipeline of the family makes the shot."""
        if self.enlarges:
            return Task.UPSCALE
        if self.source_video is not None:
            return Task.VIDEO
        if self.beginning is not None:
            return Task.EXTEND
        if self.keyframes:
            return Task.KEYFRAMES
        if self.last_image is not None:
            return Task.FIRST_LAST
        return Task.TEXT if self.first_image is None else Task.IMAGE

    @property
    def given_pictures(self) -> Mapping[int, Image]:
        """The pictures that the shot shows, by frame index, in order of time."""
        ends = {0: self.first_image, self.frames - 1: self.last_image}
        given = {index: image for index, image in ends.items() if image is not None}
        return dict(sorted({**given, **self.keyframes}.items()))


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """Sound that a model made: float32, (samples, channels), from -1 to 1."""

    samples: NDArray[np.float32]
    sample_rate: int


@dataclass(frozen=True, kw_only=True)
class Footage:
    """What a shot became, and in words the step cache that it was made with (empty: none)."""

    frames: Frames
    sound: Waveform | None = None
    step_cache: str = ""


class VideoModel(Protocol):
    """A loaded model. The same shot gives the same footage."""

    @property
    def revision(self) -> str:
        """What tells these weights from others: a commit or a content hash."""
        ...

    @property
    def dtype(self) -> str:
        """The number format that it denoises in, as torch calls it."""
        ...

    @property
    def goes_round(self) -> bool:
        """Whether it makes shots that go round, from words alone."""
        ...

    def scheduler(self, preset: str) -> str:
        """The noise schedule of a preset: diffusers' class, and what the preset changes of it."""
        ...

    def generate(self, shot: Shot, on_step: OnStep) -> Footage:
        """Raises GenerationFailed for what the model cannot do, and what `on_step` raises; the
        next call then works as if nothing had been."""
        ...
