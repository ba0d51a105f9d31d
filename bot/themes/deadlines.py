"""When something ends, as moderators type it: `3d`, `36h`, `1w 2d`, `2026-12-01 18:00`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from bot.errors import NotADeadline

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
PART = re.compile(
    r"(?P<amount>\d{1,4}(?:\.\d{1,2})?)\s*"
    r"(?P<unit>m|mins?|minutes?|h|hours?|hrs?|d|days?|w|weeks?)(?![a-z])[\s,]*"
)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=90)


def deadline(typed: str, *, now: datetime) -> datetime:
    """A time from now on, or a day or time of the calendar, in UTC unless it says otherwise; a day
    without a time is over at its end. Raises NotADeadline."""
    text = typed.strip().lower()
    found = _after(text, now) or _at(text)
    if found is None:
        raise NotADeadline(typed, "I cannot read it")
    if found < now + SHORTEST:
        raise NotADeadline(typed, "it is over, or nearly")
    if found > now + LONGEST:
        raise NotADeadline(typed, f"it is more than {LONGEST.days} days away")
    return found


def _after(text: str, now: datetime) -> datetime | None:
    length, end = timedelta(), 0
    while part := PART.match(text, end):
        length += timedelta(**{UNITS[part["unit"][0]]: float(part["amount"])})
        end = part.end()
    return now + length if end and end == len(text) else None


def _at(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.upper())
        if DAY.fullmatch(text):
            moment = datetime.combine(moment.date(), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
