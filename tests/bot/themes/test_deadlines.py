"""Deadlines as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NotADeadline
from bot.themes.deadlines import LONGEST, SHORTEST, deadline

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("3d", 72),
        ("36h", 36),
        (" 90 M ", 1.5),
        ("1d 12h", 36),
        ("1 day, 2 hours", 26),
        ("1w2d", 216),
        ("1.5 days", 36),
        ("2 weeks", 336),
    ],
)
def test_a_length_counts_from_now(typed: str, hours: float) -> None:
    assert deadline(typed, now=NOW) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-11-22", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22 18:00", datetime(2026, 11, 22, 18, tzinfo=UTC)),
        ("2026-11-22T18:00Z", datetime(2026, 11, 22, 18, tzinfo=UTC)),
        ("2026-11-22t18:00+02:00", datetime(2026, 11, 22, 16, tzinfo=UTC)),
    ],
)
def test_a_day_is_over_at_its_end_and_times_are_utc_unless_they_say(
    typed: str, moment: datetime
) -> None:
    assert deadline(typed, now=NOW) == moment


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "cannot read"),
        ("soon", "cannot read"),
        ("3", "cannot read"),
        ("3x", "cannot read"),
        ("3d later", "cannot read"),
        ("3months", "cannot read"),
        ("-3d", "cannot read"),
        ("2026-13-01", "cannot read"),
        ("9999-12-31", "cannot read"),
        ("9999999d", "cannot read"),
        ("0h", "it is over"),
        ("2026-11-20", "it is over"),
        ("91d", "more than 90 days"),
        ("2027-11-21", "more than 90 days"),
    ],
)
def test_what_is_no_deadline_is_said(typed: str, reason: str) -> None:
    with pytest.raises(NotADeadline) as refusal:
        deadline(typed, now=NOW)
    assert reason in refusal.value.reason


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_time_to_come_or_refused(typed: str) -> None:
    try:
        found = deadline(typed, now=NOW)
    except NotADeadline:
        return
    assert NOW + SHORTEST <= found <= NOW + LONGEST
    assert found.tzinfo is UTC
