"""The time of day, and whether somebody set it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(seconds=5)
"""How far the two clocks may drift apart between two looks before that counts as a jump."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WallClock:
    """Tells a set clock from time that passed, by a clock that nobody can set."""

    def __init__(
        self,
        wall: Callable[[], datetime] = _utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._offset = self._offset_now()

    def now(self) -> datetime:
        """Aware, UTC."""
        return self._wall()

    def was_set(self) -> bool:
        """Whether it jumped, forwards or backwards, since the last call."""
        before, self._offset = self._offset, self._offset_now()
        return abs(self._offset - before) > TOLERANCE

    def _offset_now(self) -> timedelta:
        return self._wall() - datetime.fromtimestamp(0, UTC) - timedelta(seconds=self._steady())
