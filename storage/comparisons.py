"""Comparisons: the same words and seed on two contenders, shown blind as A and B.

    making -> voting -> revealed        both clips are made; somebody told which is whose
           -> called_off                one clip cannot be made, or was cancelled
    voting -> called_off                the clips cannot be shown together after all

Which contender is A is drawn before anything is recorded. A comparison's message follows its
state: `shown_state` is what the message shows, and differs until the message was edited, so that
whoever starts after a crash knows what is left to do.
While a comparison is open its message shows both jobs, and they have no cards of their own; of one
that was called off, it goes on to tell of the jobs that made no clip (`JobRecord.comparison_id`).
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, or_, select, update

from storage import deliveries, jobs
from storage.arena_errors import ComparisonClosed, UnknownComparison
from storage.schema import comparisons as _comparisons
from storage.schema import insert_if_absent
from storage.schema import jobs as _jobs

ComparisonState = Literal["making", "voting", "revealed", "called_off"]
BLIND: tuple[ComparisonState, ...] = ("making", "voting")
"""While nobody is to know which model made which clip."""

_TABLE = _comparisons.c


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One comparison, as stored; `id` is that of the job which was ordered first, be it A's or
    B's. The fields with a default begin so and are moved by this module.

    A contender is a model and its preset, as `pocket/quick`.
    """

    id: str
    interaction_id: int
    """What asked for it; the same interaction never makes a second one."""
    guild_id: int
    user_id: int
    channel_id: int
    job_a_id: str
    job_b_id: str
    contender_a: str
    contender_b: str
    uniform: bool
    """Whether the pair was drawn uniformly; only then its votes count in the ratings."""
    made_at: datetime
    message_id: int | None = None
    state: ComparisonState = "making"
    shown_state: ComparisonState = "making"
    ended_at: datetime | None = None
    revealed_by: int | None = None
    problem: str | None = None
    """Why it was called off."""

    @property
    def job_ids(self) -> tuple[str, str]:
        """A's, then B's."""
        return self.job_a_id, self.job_b_id


def add(connection: Connection, comparison: Comparison) -> None:
    """Record a new one, in the unit that admits its jobs."""
    values = {one.name: getattr(comparison, one.name) for one in fields(Comparison)}
    insert_if_absent(connection, _comparisons, **values)


def get(connection: Connection, comparison_id: str) -> Comparison:
    """Raises UnknownComparison."""
    found = _select(connection, _TABLE.id == comparison_id)
    if not found:
        raise UnknownComparison(comparison_id=comparison_id)
    return found[0]


def of_job(connection: Connection, job_id: str) -> Comparison | None:
    """The comparison that the job was made for, if it was."""
    found = _select(connection, or_(_TABLE.job_a_id == job_id, _TABLE.job_b_id == job_id))
    return found[0] if found else None


def unsettled(connection: Connection) -> tuple[Comparison, ...]:
    """What is being made, or has a message that does not show its state yet, oldest first."""
    return _select(connection, or_(_TABLE.state == "making", _TABLE.state != _TABLE.shown_state))


def set_message(connection: Connection, *, comparison_id: str, message_id: int) -> None:
    """Remember the message that shows it, and the jobs that it has shown until now."""
    known = get(connection, comparison_id)
    if known.message_id is not None:
        connection.execute(
            update(_jobs)
            .where(_jobs.c.id.in_(known.job_ids), _jobs.c.card_message_id == known.message_id)
            .values(card_message_id=message_id)
        )
    mine = _TABLE.id == comparison_id
    connection.execute(update(_comparisons).where(mine).values(message_id=message_id))


def begin_voting(connection: Connection, *, comparison_id: str) -> bool:
    """Both clips are made; False if it is not `making` any more."""
    return _move(connection, comparison_id, "voting", ("making",))


def call_off(
    connection: Connection, *, comparison_id: str, problem: str, now: datetime, told: bool = False
) -> bool:
    """It will not be voted on; False if it has ended before. `told`: no message is to say so."""
    changes: dict[str, object] = {"shown_state": "called_off"} if told else {}
    return _move(
        connection, comparison_id, "called_off", BLIND, ended_at=now, problem=problem, **changes
    )


def reveal(connection: Connection, *, comparison_id: str, revealed_by: int, now: datetime) -> None:
    """Let everybody know which is which; no vote counts from now on.

    Raises UnknownComparison, and ComparisonClosed unless it is voted on.
    """
    if not _move(
        connection, comparison_id, "revealed", ("voting",), ended_at=now, revealed_by=revealed_by
    ):
        found = get(connection, comparison_id)
        raise ComparisonClosed(comparison_id=comparison_id, state=found.state)


def shown(
    connection: Connection,
    *,
    comparison_id: str,
    state: ComparisonState,
    message_id: int | None,
    now: datetime,
) -> None:
    """Its message shows this state; with it are delivered: both clips where they are voted on, and
    of one that was called off the jobs without a clip. None: there is no message, and what it would
    tell is kept for the members to look up.
    """
    changes: dict[str, object] = {"shown_state": state}
    if message_id is not None:
        changes["message_id"] = message_id
    mine = _TABLE.id == comparison_id
    connection.execute(update(_comparisons).where(mine).values(**changes))
    for job_id in get(connection, comparison_id).job_ids:
        made = jobs.get(connection, job_id).state == "succeeded"
        if state == ("voting" if made else "called_off"):
            _deliver(connection, job_id, message_id, now)


def _deliver(connection: Connection, job_id: str, message_id: int | None, now: datetime) -> None:
    if deliveries.get(connection, job_id).ended_at is not None:
        return
    if message_id is None:
        problem = "its comparison has no message"
        deliveries.keep(connection, job_id=job_id, problem=problem, now=now)
        return
    jobs.set_card_message(connection, job_id=job_id, card_message_id=message_id)
    deliveries.posted(connection, job_id=job_id, message_id=message_id, now=now)


def _move(
    connection: Connection,
    comparison_id: str,
    state: ComparisonState,
    sources: tuple[ComparisonState, ...],
    **changes: object,
) -> bool:
    moved = connection.execute(
        update(_comparisons)
        .where(_TABLE.id == comparison_id, _TABLE.state.in_(sources))
        .values(state=state, **changes)
    )
    return moved.rowcount == 1


def _select(connection: Connection, condition: ColumnElement[bool]) -> tuple[Comparison, ...]:
    query = (
        select(*(_TABLE[one.name] for one in fields(Comparison)))
        .where(condition)
        .order_by(_TABLE.made_at, _TABLE.id)
    )
    return tuple(Comparison(**row) for row in connection.execute(query).mappings())
