"""A job and its credits, moved together: how a job comes into storage, and how it leaves.

A price is held when a job is admitted, of its author's credits or else of the guild's pot, and in
a theme's thread of the theme's pot before both; spent when its clip is kept, and given back at any
other end. A relaxed job was admitted without credits: nothing is held, spent or given back for it.
Each function is to be one unit of work, or part of one.
"""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from storage import attempts, jobs, ledger
from storage.errors import InsufficientCredits
from storage.jobs import JobRecord, TerminalState
from storage.ledger import Payer
from storage.themes import pot


def admit(
    connection: Connection, job: JobRecord, *, may_be_relaxed: bool, now: datetime
) -> JobRecord:
    """Record a new job and hold its price; returns it as recorded.

    Raises JobExists, and InsufficientCredits unless it may be relaxed.
    """
    jobs.add(connection, job)
    return _hold(connection, job, may_be_relaxed=may_be_relaxed, now=now)


def finish(
    connection: Connection,
    *,
    job_id: str,
    attempt: int,
    state: TerminalState,
    now: datetime,
    clip_json: str | None = None,
    clip_sha256: str | None = None,
    error_code: str | None = None,
    error_text: str | None = None,
) -> None:
    """Record the one outcome of a job and resolve what was held for it.

    Raises UnknownJob, StaleAttempt, IllegalMove (see `jobs.finish`): then nothing is resolved.
    """
    jobs.finish(
        connection,
        job_id=job_id,
        attempt=attempt,
        state=state,
        now=now,
        clip_json=clip_json,
        clip_sha256=clip_sha256,
        error_code=error_code,
        error_text=error_text,
    )
    if jobs.get(connection, job_id).relaxed:
        return
    resolve = ledger.settle if state == "succeeded" else ledger.release
    resolve(connection, job_id=job_id, now=now)


def requeue(
    connection: Connection,
    *,
    job_id: str,
    new_job_id: str,
    interaction_id: int,
    may_be_relaxed: bool,
    now: datetime,
) -> JobRecord:
    """A new job for what a dead one was asked to make, its author's credits held anew.

    Raises UnknownJob, JobExists, IllegalMove (it is not dead, or was requeued before), and
    InsufficientCredits unless it may be relaxed.
    """
    again = attempts.requeue_dead(
        connection, job_id=job_id, new_job_id=new_job_id, interaction_id=interaction_id, now=now
    )
    return _hold(connection, again, may_be_relaxed=may_be_relaxed, now=now)


def _hold(
    connection: Connection, job: JobRecord, *, may_be_relaxed: bool, now: datetime
) -> JobRecord:
    theme_id = pot.paying_in(connection, channel_id=job.channel_id)
    if theme_id is not None:
        with suppress(InsufficientCredits):
            _reserve(connection, job, now=now, payer="theme", theme_id=theme_id)
            return job
    try:
        _reserve(connection, job, now=now)
    except InsufficientCredits:
        with suppress(InsufficientCredits):
            _reserve(connection, job, now=now, payer="pot")
            return job
        if may_be_relaxed:
            return jobs.relax(connection, job)
        raise  # What the member lacks, not the pot.
    return job


def _reserve(
    connection: Connection,
    job: JobRecord,
    *,
    now: datetime,
    payer: Payer = "member",
    theme_id: str | None = None,
) -> None:
    ledger.reserve(
        connection,
        job_id=job.id,
        guild_id=job.guild_id,
        user_id=job.user_id,
        amount_credits=job.price_credits,
        now=now,
        payer=payer,
        theme_id=theme_id,
    )
