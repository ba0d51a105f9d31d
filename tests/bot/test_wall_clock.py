"""A clock that was set is told from one that went on, whichever way it was set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.wall_clock import WallClock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Hands:
    """Both clocks of a machine; only the wall clock can be set."""

    def __init__(self) -> None:
        self.set_by = timedelta(0)
        self.passed_seconds = 100.0
        self.clock = WallClock(
            lambda: NOON + timedelta(seconds=self.passed_seconds) + self.set_by,
            lambda: self.passed_seconds,
        )


def test_time_that_passes_is_no_jump_however_long() -> None:
    hands = Hands()
    assert not hands.clock.was_set()
    hands.passed_seconds += 100_000
    assert not hands.clock.was_set()


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_is_set_has_jumped_once(hours: int) -> None:
    hands = Hands()
    hands.passed_seconds += 10
    hands.set_by = timedelta(hours=hours)
    assert hands.clock.was_set()
    hands.passed_seconds += 10
    assert not hands.clock.was_set()


def test_a_clock_that_is_corrected_a_little_has_not_jumped() -> None:
    hands = Hands()
    hands.set_by = timedelta(seconds=-2)
    assert not hands.clock.was_set()
