"""Times of larger allowances, as exam weeks: from one day to another, both included, in UTC.

A boost that is over counts no more, without anybody's doing. Of several on one day the largest
counts; they do not multiply.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from storage import moderation
from storage.moderation_errors import InvalidBoost, UnknownBoost

MOST_FACTOR = 10.0


@dataclass(frozen=True, kw_only=True)
class Boost:
    """`factor` multiplies every daily allowance of the guild from `first_day` to `last_day`."""

    id: str
    name: str
    factor: float
    first_day: date
    last_day: date
    set_by: int

    def holds_on(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def set_boost(connection: Connection, boost: Boost, *, guild_id: int, now: datetime) -> None:
    """Raises InvalidBoost where it never holds, or changes nothing or too much."""
    if not 1.0 < boost.factor <= MOST_FACTOR:
        raise InvalidBoost(reason=f"its factor is more than 1 and at most {MOST_FACTOR:g}")
    if boost.last_day < boost.first_day:
        raise InvalidBoost(reason="it ends before it begins")
    if boost.last_day < now.astimezone(UTC).date():
        raise InvalidBoost(reason="it would be over already")
    moderation.change(
        connection,
        guild_id=guild_id,
        act="boost",
        subject=boost.id,
        after={
            "name": boost.name,
            "factor": boost.factor,
            "first_day": boost.first_day.isoformat(),
            "last_day": boost.last_day.isoformat(),
        },
        made_by=boost.set_by,
        now=now,
    )


def end(
    connection: Connection, *, guild_id: int, boost_id: str, ended_by: int, now: datetime
) -> Boost:
    """The boost counts no more from now on. Raises UnknownBoost."""
    found = [boost for boost in boosts(connection, guild_id=guild_id) if boost.id == boost_id]
    if not found:
        raise UnknownBoost(boost_id=boost_id)
    moderation.change(
        connection,
        guild_id=guild_id,
        act="boost",
        subject=boost_id,
        after=None,
        made_by=ended_by,
        now=now,
    )
    return found[0]


def boosts(connection: Connection, *, guild_id: int) -> tuple[Boost, ...]:
    """All that nobody ended, also those that are over, by their first day."""
    found = [
        Boost(
            id=act.subject,
            name=act.after["name"],
            factor=act.after["factor"],
            first_day=date.fromisoformat(act.after["first_day"]),
            last_day=date.fromisoformat(act.after["last_day"]),
            set_by=act.made_by,
        )
        for act in moderation.in_force(connection, guild_id=guild_id, act="boost")
        if act.after
    ]
    return tuple(sorted(found, key=lambda boost: (boost.first_day, boost.id)))


def boost_on(known: Iterable[Boost], day: date) -> Boost | None:
    """The one that counts on this day."""
    holding = [boost for boost in known if boost.holds_on(day)]
    return max(holding, key=lambda boost: (boost.factor, boost.id), default=None)
