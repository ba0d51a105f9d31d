"""Direct messages that tell a member of a finished job, where they asked for them: one a job.

A row is made in the transaction that says that the outcome is posted, so that a restart goes on
with it. That the message may be out is committed before it is sent: who finds it after a crash
sends the same nonce while Discord remembers it, or looks for the message first.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select, update

from storage import jobs, preferences
from storage.deliveries import NONCE_WINDOW
from storage.schema import finish_notices as _notices
from storage.schema import insert_if_absent

NOTICE_KEPT = timedelta(hours=24)
"""Of what was finished longer ago nobody is told any more."""

_TABLE = _notices.c
_TOLD = ("succeeded", "failed", "dead")  # Whoever cancelled knows.


@dataclass(frozen=True, kw_only=True)
class FinishNotice:
    """One that is to be sent."""

    job_id: str
    user_id: int
    made_at: datetime
    sending_since: datetime | None

    def may_be_out_unseen(self, now: datetime) -> bool:
        """Whether it may have been sent, too long ago for its nonce to keep it from being sent
        twice; also if the clock was set back meanwhile."""
        if self.sending_since is None:
            return False
        return not timedelta(0) <= now - self.sending_since < NONCE_WINDOW


def owe(connection: Connection, *, job_id: str, now: datetime) -> bool:
    """The outcome of the job is posted: its author is to be told, if they want to be.

    True if that is so and was not said before. Raises UnknownJob.
    """
    record = jobs.get(connection, job_id)
    if record.state not in _TOLD or not _wanted(connection, record.user_id):
        return False
    return insert_if_absent(
        connection, _notices, job_id=job_id, user_id=record.user_id, made_at=now
    )


def due(connection: Connection) -> tuple[FinishNotice, ...]:
    """What is to be sent, oldest first."""
    query = (
        select(*(_TABLE[one.name] for one in fields(FinishNotice)))
        .where(_TABLE.ended_at.is_(None))
        .order_by(_TABLE.made_at, _TABLE.job_id)
    )
    return tuple(FinishNotice(**row) for row in connection.execute(query).mappings())


def begin(connection: Connection, notice: FinishNotice, *, now: datetime) -> bool:
    """Say, before sending, that from now on it may be out.

    False if it is not to be sent any more: it ended, is too old, or the member asks no longer.
    """
    if now - notice.made_at > NOTICE_KEPT:
        end(connection, job_id=notice.job_id, problem="nobody could send it for a day", now=now)
        return False
    if not _wanted(connection, notice.user_id):
        end(connection, job_id=notice.job_id, problem="not asked for any more", now=now)
        return False
    since = notice.sending_since
    if since is None or notice.may_be_out_unseen(now):
        since = now  # The caller looked for the message before.
    changed = connection.execute(
        update(_notices).where(*_open(notice.job_id)).values(sending_since=since)
    )
    return changed.rowcount == 1


def end(connection: Connection, *, job_id: str, now: datetime, problem: str | None = None) -> None:
    """It was sent, or with a problem never will be."""
    connection.execute(update(_notices).where(*_open(job_id)).values(ended_at=now, problem=problem))


def stop(connection: Connection, *, user_id: int, problem: str, now: datetime) -> None:
    """This member takes no direct messages: none is sent until they ask for them anew."""
    preferences.stop_messages(connection, user_id=user_id)
    connection.execute(
        update(_notices)
        .where(_TABLE.user_id == user_id, _TABLE.ended_at.is_(None))
        .values(ended_at=now, problem=problem)
    )


def forget(connection: Connection, *, user_id: int) -> None:
    """All that are kept of a member; what was to be sent is not."""
    connection.execute(_notices.delete().where(_TABLE.user_id == user_id))


def _wanted(connection: Connection, user_id: int) -> bool:
    return preferences.get(connection, user_id=user_id).direct_messages == "on"


def _open(job_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _TABLE.job_id == job_id, _TABLE.ended_at.is_(None)
