"""A job and its credits, moved together: how a job comes into storage, and how it leaves.

A price is held when a job is admitted, of its author's credits or else of the guild's pot, and in
a theme's thread of the theme's pot before both; spent when its clip is kept, and given back at any
other end. A relaxed job was admitted without credits: nothing is held, spent or given back for it.
Each function is to be one unit of work, or part of one.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from storage import attempts, jobs, ledger, pots
from storage.errors import InsufficientCredits, PotLimitReached
from storage.jobs import JobRecord, TerminalState
from storage.ledger import Payer
from storage.themes import pot


def admit(
    connection: Connection, job: JobRecord, *, may_be_relaxed: bool, now: datetime
) -> JobRecord:
    """Record a new job and hold its price; returns it as recorded.

    Raises JobExists, and InsufficientCredits unless it may be relaxed.
    """
    return admit_together(connection, (job,), may_be_relaxed=may_be_relaxed, now=now)[0]


def admit_together(
    connection: Connection, asked: Sequence[JobRecord], *, may_be_relaxed: bool, now: datetime
) -> tuple[JobRecord, ...]:
    """Record one member's new jobs and hold the price of all of them, in one and the same way.

    Raises JobExists, and InsufficientCredits, of what they cost together, unless they may be
    relaxed.
    """
    for job in asked:
        jobs.add(connection, job)
    return _hold(connection, asked, may_be_relaxed=may_be_relaxed, now=now)


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
    return _hold(connection, (again,), may_be_relaxed=may_be_relaxed, now=now)[0]


def _hold(
    connection: Connection, asked: Sequence[JobRecord], *, may_be_relaxed: bool, now: datetime
) -> tuple[JobRecord, ...]:
    """Of a theme's pot, of the member's credits, of the guild's pot, or of nobody's: whichever
    comes first that has enough for all.
    """
    first, needed = asked[0], sum(job.price_credits for job in asked)
    theme_id = pot.paying_in(connection, channel_id=first.channel_id)
    lacking: InsufficientCredits | None = None
    payers: tuple[Payer, ...] = ("theme", "member", "pot") if theme_id else ("member", "pot")
    for payer in payers:
        try:
            _require_credits(connection, first, needed, payer, theme_id, now)
        except InsufficientCredits as error:
            # What the member lacks is told, not the pot: but for what it would pay another day.
            if payer == "member" or isinstance(error, PotLimitReached):
                lacking = error
            continue
        return _reserve(connection, asked, now=now, payer=payer, theme_id=theme_id)
    if may_be_relaxed:
        return tuple(jobs.relax(connection, job) for job in asked)
    assert lacking is not None
    raise lacking


def _require_credits(
    connection: Connection,
    job: JobRecord,
    needed_credits: int,
    payer: Payer,
    theme_id: str | None,
    now: datetime,
) -> None:
    if payer == "pot":
        pots.require_share(
            connection,
            guild_id=job.guild_id,
            user_id=job.user_id,
            needed_credits=needed_credits,
            now=now,
        )
    ledger.require_credits(
        connection,
        guild_id=job.guild_id,
        user_id=job.user_id,
        needed_credits=needed_credits,
        payer=payer,
        theme_id=theme_id,
    )


def _reserve(
    connection: Connection,
    asked: Sequence[JobRecord],
    *,
    now: datetime,
    payer: Payer,
    theme_id: str | None,
) -> tuple[JobRecord, ...]:
    for job in asked:
        ledger.reserve(
            connection,
            job_id=job.id,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount_credits=job.price_credits,
            now=now,
            payer=payer,
            theme_id=theme_id if payer == "theme" else None,
        )
    return tuple(asked)
