"""Attempts at a job: leases, what a fault costs, when a job is tried again, and when no more.

A running attempt holds a lease, which its progress renews. Only faults of the machinery count
against a job (`faults`), never a restart that was asked for. A job that keeps failing so has
failed; one that takes its worker down with it twice is dead, for moderators to look at.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, literal, select, update

from storage import jobs, schema
from storage.errors import IllegalMove, StaleAttempt
from storage.jobs import JobRecord

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=120))
"""The longest wait after the first fault, the second, and all later ones."""
KILLS_OF_THE_DEAD = 2

_TABLE = schema.jobs.c
# What is left of an erased member's can be made by nobody.
_DEAD = (_TABLE.state == "dead", _TABLE.requeued_as.is_(None), _TABLE.user_id > 0)


class Verdict(StrEnum):
    """What becomes of a job after a fault."""

    AGAIN = "again"
    FAILED = "failed"
    """It has had all its attempts."""
    DEAD = "dead"
    """It killed its worker too often."""


def start(connection: Connection, *, job_id: str, attempt: int, now: datetime) -> None:
    """A worker begins this attempt, whose number is higher than that of every earlier one.

    Raises UnknownJob, StaleAttempt, and IllegalMove if the job has ended.
    """
    jobs.move(
        connection,
        job_id,
        attempt=attempt,
        to_state="running",
        allowed=_TABLE.state.in_(("waiting", "running")) & (_TABLE.attempt < attempt),
        changes={
            "attempt": attempt,
            "started_at": now,
            "lease_until": now + LEASE,
            "not_before": None,
        },
    )


def renew(connection: Connection, *, job_id: str, attempt: int, now: datetime) -> bool:
    """Progress: the attempt lives. True if the job is to be cancelled.

    Raises UnknownJob, StaleAttempt, and IllegalMove if the job does not run any more.
    """
    _note(connection, job_id, attempt, {"lease_until": now + LEASE})
    return jobs.get(connection, job_id).cancel_requested


def renew_all(connection: Connection, *, now: datetime) -> None:
    """Each running attempt gets a whole lease: the clock was set, so none can be measured."""
    connection.execute(
        update(schema.jobs)
        .where(_TABLE.state == "running")
        .values(lease_until=literal(now + LEASE, schema.Moment()))
    )


def request_cancel(connection: Connection, *, job_id: str) -> bool:
    """Let whoever runs the job know at its next progress; False if it has ended."""
    changed = connection.execute(
        update(schema.jobs)
        .where(_TABLE.id == job_id, _TABLE.finished_at.is_(None))
        .values(cancel_requested=True)
    )
    if changed.rowcount == 0:
        jobs.get(connection, job_id)
    return changed.rowcount == 1


def give_back(connection: Connection, *, job_id: str) -> None:
    """A running job waits again and nothing counts against it: a restart that was asked for.

    Its attempt number stays. Raises UnknownJob, IllegalMove.
    """
    jobs.move(
        connection,
        job_id,
        attempt=None,
        to_state="waiting",
        allowed=_TABLE.state == "running",
        changes={"started_at": None, "lease_until": None},
    )


def give_back_all(connection: Connection) -> int:
    """`give_back` for every running job; returns how many there were."""
    running = connection.execute(select(_TABLE.id).where(_TABLE.state == "running")).scalars().all()
    for job_id in running:
        give_back(connection, job_id=job_id)
    return len(running)


def record_fault(
    connection: Connection,
    *,
    job_id: str,
    attempt: int,
    killed_worker: bool,
    max_attempts: int,
    jitter: float,
    now: datetime,
    out_of_memory: bool = False,
    blameless: bool = False,
) -> tuple[Verdict, datetime | None]:
    """Count a fault of the machinery against a running job.

    AGAIN: it waits, until the time returned: `jitter`, from 0 to 1, times the back-off. Otherwise
    it runs still, for the caller to finish in the same unit, with its credits. The first time that
    it is `out_of_memory` is not counted: it is tried again at once, in less memory. Nor is a fault
    for which it is `blameless`.
    Raises UnknownJob, StaleAttempt, and IllegalMove if it does not run.
    """
    if out_of_memory and not jobs.get(connection, job_id).spare_memory:
        _note(connection, job_id, attempt, {"spare_memory": True})
        blameless = True
    if blameless:
        _put_off(connection, job_id, attempt, until=now)
        return Verdict.AGAIN, now
    counted = {
        "faults": _TABLE.faults + 1,
        "worker_kills": _TABLE.worker_kills + int(killed_worker),
    }
    _note(connection, job_id, attempt, counted)
    job = jobs.get(connection, job_id)
    if job.worker_kills >= KILLS_OF_THE_DEAD:
        return Verdict.DEAD, None
    if job.faults >= max_attempts:
        return Verdict.FAILED, None
    not_before = now + jitter * BACKOFF[min(job.faults, len(BACKOFF)) - 1]
    _put_off(connection, job_id, attempt, until=not_before)
    return Verdict.AGAIN, not_before


def lost(connection: Connection, *, now: datetime) -> tuple[JobRecord, ...]:
    """Running jobs whose lease has run out, oldest first."""
    return jobs.records(
        connection,
        jobs.select_jobs()
        .where(_TABLE.state == "running", _TABLE.lease_until < literal(now, schema.Moment()))
        .order_by(_TABLE.sequence),
    )


def dead(
    connection: Connection, *, guild_id: int, limit: int, skip: int = 0
) -> tuple[JobRecord, ...]:
    """A guild's dead jobs that nobody has requeued, newest first: for its moderators."""
    return jobs.records(
        connection,
        jobs.select_jobs()
        .where(_TABLE.guild_id == guild_id, *_DEAD)
        .order_by(_TABLE.sequence.desc())
        .limit(limit)
        .offset(skip),
    )


def dead_count(connection: Connection, *, guild_id: int | None = None) -> int:
    """How many dead jobs nobody has requeued, in one guild or in all."""
    query = select(func.count()).select_from(schema.jobs).where(*_DEAD)
    if guild_id is not None:
        query = query.where(_TABLE.guild_id == guild_id)
    return connection.execute(query).scalar_one()


def requeue_dead(
    connection: Connection, *, job_id: str, new_job_id: str, interaction_id: int, now: datetime
) -> JobRecord:
    """A new job for what a dead one was asked to make; the dead one leaves the list.

    The outcome of the dead one stands, its credits came back: the caller reserves the price of
    the new one in the same unit. Raises UnknownJob, JobExists, and IllegalMove if the job is not
    dead, or was requeued before.
    """
    job = jobs.get(connection, job_id)
    again = JobRecord(
        id=new_job_id,
        interaction_id=interaction_id,
        guild_id=job.guild_id,
        user_id=job.user_id,
        channel_id=job.channel_id,
        command=job.command,
        model=job.model,
        request_json=job.request_json,
        price_credits=job.price_credits,
        created_at=now,
        parent_job_id=job.parent_job_id,
        private=job.private,
    )
    jobs.add(connection, again)
    changed = connection.execute(
        update(schema.jobs).where(_TABLE.id == job_id, *_DEAD).values(requeued_as=new_job_id)
    )
    if changed.rowcount == 0:
        raise IllegalMove(job_id=job_id, from_state=job.state, to_state="waiting")
    return again


def _put_off(connection: Connection, job_id: str, attempt: int, *, until: datetime) -> None:
    jobs.move(
        connection,
        job_id,
        attempt=attempt,
        to_state="waiting",
        allowed=(_TABLE.state == "running") & (_TABLE.attempt == attempt),
        changes={"started_at": None, "lease_until": None, "not_before": until},
    )


def _note(connection: Connection, job_id: str, attempt: int, changes: Mapping[str, object]) -> None:
    """Write something down about the attempt that runs, and no other."""
    noted = connection.execute(
        update(schema.jobs)
        .where(_TABLE.id == job_id, _TABLE.state == "running", _TABLE.attempt == attempt)
        .values(**changes)
    )
    if noted.rowcount == 1:
        return
    job = jobs.get(connection, job_id)
    if attempt != job.attempt:
        raise StaleAttempt(job_id=job_id, attempt=attempt, current_attempt=job.attempt)
    raise IllegalMove(job_id=job_id, from_state=job.state, to_state="running")
