"""The outbox: the outcome of each job that ended, until it is posted or never can be.

    pending -> sending -> posted            in the channel
                       -> direct            to the member, since the channel takes nothing
                       -> kept              nowhere, with the reason; `/jobs` tells the member
    sending -> pending                      refused for now: it was not posted, and is put off

`sending` is committed before the message is sent: who finds it after a crash does not know
whether it arrived, and sends the same nonce again while Discord remembers it, or looks for the
message first. A row is made by `jobs.finish`, in the transaction that ends the job.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, update

from storage import jobs
from storage.errors import IllegalMove, UnknownJob
from storage.schema import Moment, comparisons
from storage.schema import deliveries as _deliveries

DeliveryState = Literal["pending", "sending", "posted", "direct", "kept"]

NONCE_WINDOW = timedelta(minutes=2)
"""Discord says that it remembers a nonce for "a few minutes"."""

_TABLE = _deliveries.c
_OPEN = ("pending", "sending")


@dataclass(frozen=True, kw_only=True)
class DeliveryRecord:
    """One row of the outbox."""

    job_id: str
    state: DeliveryState
    nonce: str
    attempts: int
    next_attempt_at: datetime
    sending_since: datetime | None
    """Since when it may have been posted without our knowing."""
    message_id: int | None
    problem: str | None
    """Why the last try failed; of a kept one, why there will be no other."""
    ended_at: datetime | None

    def may_be_posted_unseen(self, now: datetime) -> bool:
        """Whether it was sent too long ago for its nonce to keep it from being posted twice.

        Also if the clock was set back meanwhile: then nobody knows how long ago that was.
        """
        if self.sending_since is None:
            return False
        return not timedelta(0) <= now - self.sending_since < NONCE_WINDOW


def get(connection: Connection, job_id: str) -> DeliveryRecord:
    """Raises UnknownJob if no such job has ended."""
    query = select(*_columns()).where(_TABLE.job_id == job_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownJob(job_id=job_id)
    return DeliveryRecord(**row)


def unfinished(connection: Connection) -> tuple[DeliveryRecord, ...]:
    """What is still to be posted, in the order in which it is due."""
    query = (
        select(*_columns())
        .where(_TABLE.state.in_(_OPEN))
        .order_by(_TABLE.next_attempt_at, _TABLE.job_id)
    )
    return tuple(DeliveryRecord(**row) for row in connection.execute(query).mappings())


def begin(connection: Connection, *, job_id: str, now: datetime) -> DeliveryRecord:
    """Say, before sending, that from now on the message may be out.

    Returns what was known before. Raises UnknownJob, and IllegalMove if it is delivered or kept,
    or is a comparison's to tell.
    """
    before = get(connection, job_id)
    if jobs.get(connection, job_id).comparison_id is not None:
        raise IllegalMove(job_id=job_id, from_state="in a comparison", to_state="sending")
    since = before.sending_since
    if since is None or before.may_be_posted_unseen(now):
        since = now  # The caller looks for the message before it sends another.
    _move(
        connection,
        job_id,
        "sending",
        {"attempts": _TABLE.attempts + 1, "sending_since": literal(since, Moment())},
    )
    return before


def put_off(
    connection: Connection, *, job_id: str, until: datetime, problem: str, perhaps_posted: bool
) -> None:
    """It was not delivered this time. `perhaps_posted`: no answer came, so it stays `sending`.

    Raises UnknownJob, and IllegalMove if it is delivered or kept.
    """
    changes: dict[str, object] = {"next_attempt_at": until, "problem": problem}
    if not perhaps_posted:
        changes["sending_since"] = None
    _move(connection, job_id, "sending" if perhaps_posted else "pending", changes)


def posted(connection: Connection, *, job_id: str, message_id: int | None, now: datetime) -> None:
    """It is in the channel; the first time counts. Raises UnknownJob, IllegalMove if kept."""
    if get(connection, job_id).state not in ("posted", "direct"):
        _move(connection, job_id, "posted", _end(now, message_id, None))


def sent_directly(
    connection: Connection, *, job_id: str, message_id: int, problem: str, now: datetime
) -> None:
    """The member has it as a direct message; `problem` says why not in the channel."""
    _move(connection, job_id, "direct", _end(now, message_id, problem))


def keep(connection: Connection, *, job_id: str, problem: str, now: datetime) -> None:
    """It can never be posted. Raises UnknownJob, IllegalMove if it is delivered."""
    _move(connection, job_id, "kept", _end(now, None, problem))


def oldest_unfinished(connection: Connection) -> datetime | None:
    """Since when the delivery that waits longest is due; None if none waits.

    A clip that waits for the other one of its comparison is not due.
    """
    both = comparisons.c
    waits = select(both.id).where(
        both.state == "making", or_(both.job_a_id == _TABLE.job_id, both.job_b_id == _TABLE.job_id)
    )
    query = select(func.min(_TABLE.next_attempt_at)).where(_TABLE.state.in_(_OPEN), ~waits.exists())
    return connection.execute(query).scalar_one_or_none()


def _end(now: datetime, message_id: int | None, problem: str | None) -> Mapping[str, object]:
    return {"ended_at": now, "message_id": message_id, "problem": problem, "sending_since": None}


def _move(
    connection: Connection, job_id: str, state: DeliveryState, changes: Mapping[str, object]
) -> None:
    moved = connection.execute(
        update(_deliveries)
        .where(_TABLE.job_id == job_id, _TABLE.state.in_(_OPEN))
        .values(state=state, **changes)
    )
    if moved.rowcount == 0:
        found = get(connection, job_id)
        raise IllegalMove(job_id=job_id, from_state=found.state, to_state=state)


def _columns() -> list[ColumnElement[Any]]:
    return [_TABLE[field.name] for field in fields(DeliveryRecord)]
