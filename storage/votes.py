"""Votes on comparisons: one a member, changed as often as they like while it is blind to them.

Votes do not depend on the order in which they come: what each member said last counts, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, literal, select, update

from storage import comparisons, reviews
from storage.arena_errors import (
    ComparisonClosed,
    NotVoted,
    UnknownComparison,
    VoteIsFinal,
)
from storage.comparisons import Comparison
from storage.schema import Flag, insert_if_absent
from storage.schema import comparisons as _comparisons
from storage.schema import votes as _votes

Choice = Literal["a", "b", "tie", "bad"]
CHOICES: tuple[Choice, ...] = ("a", "b", "tie", "bad")

_TABLE = _votes.c


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The votes on one comparison, by choice."""

    comparison_id: str
    contender_a: str
    contender_b: str
    counts: Mapping[Choice, int]


def cast(
    connection: Connection,
    *,
    comparison_id: str,
    guild_id: int,
    user_id: int,
    choice: Choice,
    now: datetime,
) -> int:
    """Let a member of its guild vote, instead of what they voted before; returns how many have.

    Raises UnknownComparison, ComparisonClosed (also while a clip is taken down), VoteIsFinal.
    """
    _require_both_up(connection, _open_comparison(connection, comparison_id, guild_id))
    mine = (_TABLE.comparison_id == comparison_id) & (_TABLE.user_id == user_id)
    is_new = insert_if_absent(
        connection,
        _votes,
        comparison_id=comparison_id,
        user_id=user_id,
        choice=choice,
        final=False,
        voted_at=now,
    )
    if not is_new:
        blind = _TABLE.final == literal(value=False, type_=Flag())
        changed = connection.execute(
            update(_votes).where(mine, blind).values(choice=choice, voted_at=now)
        )
        if changed.rowcount == 0:
            raise VoteIsFinal(comparison_id=comparison_id)
    return sum(counts(connection, comparison_id).values())


def tell(
    connection: Connection, *, comparison_id: str, guild_id: int, user_id: int
) -> tuple[Comparison, Choice]:
    """What a voter is told of the models, with their vote, which is final from now on.

    Raises UnknownComparison, ComparisonClosed, NotVoted.
    """
    found = _open_comparison(connection, comparison_id, guild_id)
    mine = (_TABLE.comparison_id == comparison_id) & (_TABLE.user_id == user_id)
    connection.execute(update(_votes).where(mine).values(final=True))
    choice = connection.execute(select(_TABLE.choice).where(mine)).scalar_one_or_none()
    if choice is None:
        raise NotVoted(comparison_id=comparison_id)
    return found, choice


def counts(connection: Connection, comparison_id: str) -> Mapping[Choice, int]:
    """How many chose what; all four choices are there."""
    found = connection.execute(
        select(_TABLE.choice, func.count())
        .where(_TABLE.comparison_id == comparison_id)
        .group_by(_TABLE.choice)
    )
    return {**dict.fromkeys(CHOICES, 0), **dict(found.all())}


def rated(connection: Connection, *, guild_id: int | None) -> tuple[Tally, ...]:
    """The votes that count in the ratings of a guild, or with None of all guilds: those on pairs
    that were drawn uniformly. In the order of the comparisons' ids."""
    columns = _comparisons.c
    query = (
        select(columns.id, columns.contender_a, columns.contender_b, _TABLE.choice, func.count())
        .join(_votes, _TABLE.comparison_id == columns.id)
        .where(
            columns.uniform == literal(value=True, type_=Flag()),
            columns.state.in_(("voting", "revealed")),
        )
        .group_by(columns.id, columns.contender_a, columns.contender_b, _TABLE.choice)
        .order_by(columns.id)
    )
    if guild_id is not None:
        query = query.where(columns.guild_id == guild_id)
    found: dict[str, tuple[str, str, dict[Choice, int]]] = {}
    for comparison_id, contender_a, contender_b, choice, count in connection.execute(query):
        _, _, by_choice = found.setdefault(comparison_id, (contender_a, contender_b, {}))
        by_choice[choice] = count
    return tuple(
        Tally(
            comparison_id=comparison_id,
            contender_a=contender_a,
            contender_b=contender_b,
            counts={**dict.fromkeys(CHOICES, 0), **by_choice},
        )
        for comparison_id, (contender_a, contender_b, by_choice) in found.items()
    )


def _require_both_up(connection: Connection, comparison: Comparison) -> None:
    for job_id in comparison.job_ids:
        review = reviews.get(connection, job_id)
        if review is not None and review.state in reviews.DOWN:
            raise ComparisonClosed(comparison_id=comparison.id, state="taken_down")


def _open_comparison(connection: Connection, comparison_id: str, guild_id: int) -> Comparison:
    """The comparison, kept from being revealed until the unit ends."""
    mine = _comparisons.c.id == comparison_id
    connection.execute(select(_comparisons.c.id).where(mine).with_for_update()).all()
    found = comparisons.get(connection, comparison_id)
    if found.guild_id != guild_id:
        raise UnknownComparison(comparison_id=comparison_id)
    if found.state != "voting":
        raise ComparisonClosed(comparison_id=comparison_id, state=found.state)
    return found
