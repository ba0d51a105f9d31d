"""A film that is longer than a model's shot: divided into parts that overlap, and blended again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generation.models.adapter import Frames, Image
from generation.models.card import ModelCard


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """`count` parts of `frames` each, every next one beginning `overlap` frames before the end of
    the one before. Together they are at least as long as the film."""

    count: int
    frames: int
    overlap: int

    @property
    def step(self) -> int:
        """From the beginning of one part to that of the next, in frames."""
        return self.frames - self.overlap


def windows(card: ModelCard, total: int, *, overlap: int) -> Windows:
    """As few parts for a film of `total` frames as the model's longest shot allows, about equally
    long, each of a count that the frame rule has."""
    longest = card.frames_generated(card.seconds_max)
    overlap = min(overlap, longest - 1)
    count = max(1, math.ceil((total - overlap) / (longest - overlap)))
    overlap = overlap if count > 1 else 0
    wanted = math.ceil((total + (count - 1) * overlap) / count)
    frames = card.frames_generated(wanted / card.fps)
    return Windows(count=count, frames=min(frames, longest), overlap=overlap)


class Joint:
    """Takes parts one after another and gives their frames, blended where two of them overlap."""

    def __init__(self, overlap: int) -> None:
        self._overlap = overlap
        self._tail: Frames | None = None

    @property
    def tail(self) -> Frames | None:
        """The last `overlap` frames of the part before; None before the first part."""
        return self._tail

    def joined(self, part: Frames, *, last: bool) -> Iterator[Image]:
        """The frames that are known now: all but the tail, of which the next part has a share."""
        if self._tail is not None:
            share = (np.arange(self._overlap) + 1) / (self._overlap + 1)
            share = share[:, None, None, None]
            mixed = self._tail * (1 - share) + part[: self._overlap] * share
            part = np.concatenate([np.rint(mixed).astype(np.uint8), part[self._overlap :]])
        known = len(part) if last or not self._overlap else len(part) - self._overlap
        yield from part[:known]
        self._tail = part[known:] if self._overlap and not last else None
