"""What a loaded model does, whatever its family.

Imported by the worker only; implementations import torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generation.request import CameraMove

Frames = NDArray[np.uint8]
"""Pictures in time: uint8, (frames, height, width, 3), RGB."""

Image = NDArray[np.uint8]
"""One picture: uint8, (height, width, 3), RGB."""

OnStep = Callable[[int, int], None]
"""Called with (step, steps) after each denoising step; what it raises ends the generation."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One call of a model. Sizes and `frames` already obey the model's rules."""

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
    camera: CameraMove
    first_image: Image | None = None
    last_image: Image | None = None


class VideoModel(Protocol):
    """A loaded model. The same shot gives the same frames."""

    @property
    def revision(self) -> str:
        """What tells these weights from others: a commit or a content hash."""
        ...

    def generate(self, shot: Shot, on_step: OnStep) -> Frames:
        """Raises what `on_step` raises; the next call then works as if nothing had been."""
        ...
