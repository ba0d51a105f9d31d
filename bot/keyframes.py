"""A value that changes during a clip, as Deforum writes it: `0:(1.0), 30:(1.2)`."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass

NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_KEY = rf"\d{{1,6}}\s*:\s*\(\s*{NUMBER}\s*\)"
SCHEDULE = rf"{_KEY}(?:\s*,\s*{_KEY})*"
_KEY_PARTS = re.compile(rf"(\d{{1,6}})\s*:\s*\(\s*({NUMBER})\s*\)")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Values at frames of the clip, counted from 0: linear between two keys, and as the first and
    last key have it before and after them.

    Raises ValueError without a key, for two at one frame, and for a value that is not finite.
    """

    keys: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        frames = [frame for frame, _ in self.keys]
        if not frames or any(first >= second for first, second in itertools.pairwise(frames)):
            raise ValueError("keys are at rising frames, and there is at least one")
        if not all(math.isfinite(value) for _, value in self.keys):
            raise ValueError("a value is not finite")

    @classmethod
    def constant(cls, value: float) -> Schedule:
        """The same value throughout."""
        return cls(((0, value),))

    @property
    def changes(self) -> bool:
        return len({value for _, value in self.keys}) > 1

    def at(self, frame: int) -> float:
        """The value at this frame."""
        before = [key for key in self.keys if key[0] <= frame]
        after = [key for key in self.keys if key[0] > frame]
        if not before or not after:
            return (before[-1:] or after[:1])[0][1]
        (start, low), (end, high) = before[-1], after[0]
        return low + (high - low) * (frame - start) / (end - start)

    def mean(self, frames: int) -> float:
        """Over the frames of a clip that has so many."""
        if not self.changes:
            return self.keys[0][1]
        return math.fsum(self.at(frame) for frame in range(frames)) / max(1, frames)

    def __str__(self) -> str:
        if len(self.keys) == 1 and self.keys[0][0] == 0:
            return written(self.keys[0][1])
        return ", ".join(f"{frame}:({written(value)})" for frame, value in self.keys)


def read_schedule(text: str) -> Schedule | None:
    """From `0:(1.0), 30:(1.2)` or one number; None where it is neither. Keys may stand in any
    order."""
    try:
        if re.fullmatch(NUMBER, text):
            return Schedule.constant(float(text))
        if not re.fullmatch(SCHEDULE, text):
            return None
        keys = ((int(frame), float(value)) for frame, value in _KEY_PARTS.findall(text))
        return Schedule(tuple(sorted(keys)))
    except ValueError:
        return None


def written(number: float) -> str:
    """The shortest text that reads as the same number: `2`, `1.2`."""
    return repr(number).removesuffix(".0")
