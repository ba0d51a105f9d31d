"""Jobs: what was asked, how far it came, what came of it.

    waiting -> running -> succeeded | failed | cancelled | dead
    waiting -> failed | cancelled | dead   ended without running (again)
    running -> waiting                     given back, or put off after a fault
    running -> running                     taken over, with a higher attempt

Every move is one conditional UPDATE. Attempt numbers only rise, and an outcome counts only for
the current attempt: the result of a worker that was given up on is refused (StaleAttempt).
How attempts begin and fail is in `storage/attempts.py`. A job that ends has a row in the outbox
from the same moment (`storage/deliveries.py`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    update,
)

from storage import schema
from storage.errors import IllegalMove, JobExists, StaleAttempt, UnknownJob
from storage.schema import insert_if_absent

UnfinishedState = Literal["waiting", "running"]
TerminalState = Literal["succeeded", "failed", "cancelled", "dead"]
JobState = Literal[UnfinishedState, TerminalState]

_UNFINISHED = get_args(UnfinishedState)
_TABLE = schema.jobs.c
_NONCE_CHARACTERS = 25


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """One job, as stored. The fields with a default begin so and are moved by this module."""

    id: str
    interaction_id: int
    """What asked for it; the same interaction never makes a second job."""
    guild_id: int
    user_id: int
    channel_id: int
    command: str
    model: str
    request_json: str
    price_credits: int
    created_at: datetime
    parent_job_id: str | None = None
    """The job that this is a reroll or remix of."""
    private: bool = False
    card_message_id: int | None = None
    state: JobState = "waiting"
    attempt: int = 0
    """The number of the attempt that runs or ran last; 0 before the first."""
    started_at: datetime | None = None
    """Of the current attempt."""
    finished_at: datetime | None = None
    clip_json: str | None = None
    clip_sha256: str | None = None
    error_code: str | None = None
    error_text: str | None = None
    lease_until: datetime | None = None
    """While it runs: until when its attempt counts as alive."""
    not_before: datetime | None = None
    """While it waits after a fault: when it may be tried again."""
    faults: int = 0
    """Attempts that failed for no fault of the job's."""
    worker_kills: int = 0
    """How many workers died of it."""
    cancel_requested: bool = False
    requeued_as: str | None = None
    """The job that a moderator made of this dead one."""
    relaxed: bool = False
    """Accepted without credits: it holds none, and waits behind all that do."""
    spare_memory: bool = False
    """It ran out of memory once, and is made in less of it from then on."""
    parent_user_id: int | None = None
    """Whose job this is a reroll or remix of."""
    comparison_id: str | None = None
    """The comparison whose message shows this job, so that it has no card of its own."""
    delivered_at: datetime | None = None
    delivery_problem: str | None = None
    """Why its outcome could not be posted; it is kept for the member to look up."""
    review_state: str | None = None
    """How its review stands, if it was ever reported or taken down (`storage/reviews.py`)."""
    takedown_reason: str | None = None
    """Why moderators took its clip down; None while it is not down."""
    appeal_refusal: str | None = None
    """Why they refused the author's appeal."""
    paying_pot: str | None = None
    """The account of the pot that pays for it (`posting.pot_id`); None where its author does."""


_LOOKED_UP = (
    "parent_user_id",
    "comparison_id",
    "delivered_at",
    "delivery_problem",
    "review_state",
    "takedown_reason",
    "appeal_refusal",
    "paying_pot",
)
_STORED = [field.name for field in fields(JobRecord) if field.name not in _LOOKED_UP]


@dataclass(frozen=True, kw_only=True)
class ActiveJobs:
    """How many jobs have not ended."""

    waiting: int
    running: int


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """What one job cost and the facts of its clip, which say how long it took to make.

    Not by when it started and finished: the clock may have been set in between.
    """

    price_credits: int
    clip_json: str


def add(connection: Connection, job: JobRecord) -> None:
    """Record a new job. Raises JobExists with the first job of the same interaction or id."""
    if (job.state, job.attempt) != ("waiting", 0):
        raise IllegalMove(job_id=job.id, from_state="new", to_state=job.state)
    values = {name: getattr(job, name) for name in _STORED}
    if not insert_if_absent(connection, schema.jobs, **values):
        first = find_by_interaction(connection, job.interaction_id)
        raise JobExists(job_id=job.id if first is None else first.id)


def get(connection: Connection, job_id: str) -> JobRecord:
    """Raises UnknownJob."""
    found = records(connection, select_jobs().where(_TABLE.id == job_id))
    if not found:
        raise UnknownJob(job_id=job_id)
    return found[0]


def find_by_interaction(connection: Connection, interaction_id: int) -> JobRecord | None:
    """The job that this interaction made, if it made one."""
    found = records(connection, select_jobs().where(_TABLE.interaction_id == interaction_id))
    return found[0] if found else None


def find_by_card(
    connection: Connection, *, guild_id: int, card_message_id: int
) -> JobRecord | None:
    """The guild's job that this message shows, if it shows one."""
    shown = select_jobs().where(
        _TABLE.guild_id == guild_id, _TABLE.card_message_id == card_message_id
    )
    found = records(connection, shown)
    return found[0] if found else None


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
    """Record the one outcome of a job: a clip if it succeeded, an error code if it failed.

    Its outcome is to be delivered from now on. `attempt` is the current one: 0 for a job that
    ends before it ever began.
    Raises UnknownJob, StaleAttempt, and IllegalMove if it has ended, or succeeds while it waits.
    """
    sources = ("running",) if state == "succeeded" else _UNFINISHED
    move(
        connection,
        job_id,
        attempt=attempt,
        to_state=state,
        allowed=_TABLE.state.in_(sources) & (_TABLE.attempt == attempt),
        changes={
            "finished_at": now,
            "clip_json": clip_json,
            "clip_sha256": clip_sha256,
            "error_code": error_code,
            "error_text": error_text,
            "lease_until": None,
            "not_before": None,
        },
    )
    connection.execute(
        schema.deliveries.insert().values(
            job_id=job_id,
            state="pending",
            nonce=_nonce(job_id),
            attempts=0,
            next_attempt_at=now,
        )
    )


def set_card_message(connection: Connection, *, job_id: str, card_message_id: int) -> None:
    """Remember the message that shows the job. Raises UnknownJob."""
    changed = connection.execute(
        update(schema.jobs).where(_TABLE.id == job_id).values(card_message_id=card_message_id)
    )
    if changed.rowcount == 0:
        raise UnknownJob(job_id=job_id)


def relax(connection: Connection, job: JobRecord) -> JobRecord:
    """Let a job that is being admitted wait without credits, behind all that have some."""
    connection.execute(update(schema.jobs).where(_TABLE.id == job.id).values(relaxed=True))
    return replace(job, relaxed=True)


def unfinished(connection: Connection) -> tuple[JobRecord, ...]:
    """Jobs that wait or run, oldest first."""
    return records(
        connection, select_jobs().where(_TABLE.state.in_(_UNFINISHED)).order_by(_TABLE.sequence)
    )


def waiting_of_guild(connection: Connection, *, guild_id: int) -> tuple[JobRecord, ...]:
    """A guild's jobs that do not run now, oldest first."""
    query = select_jobs().where(_TABLE.state == "waiting", _TABLE.guild_id == guild_id)
    return records(connection, query.order_by(_TABLE.sequence))


def active_count(
    connection: Connection, *, guild_id: int, user_id: int | None = None
) -> ActiveJobs:
    """Jobs of a guild, or of one member of it, that have not ended."""
    query = (
        select(_TABLE.state, func.count())
        .where(_TABLE.guild_id == guild_id, _TABLE.state.in_(_UNFINISHED))
        .group_by(_TABLE.state)
    )
    if user_id is not None:
        query = query.where(_TABLE.user_id == user_id)
    counts = dict(connection.execute(query).all())
    return ActiveJobs(waiting=counts.get("waiting", 0), running=counts.get("running", 0))


def of_user(
    connection: Connection, *, guild_id: int, user_id: int, limit: int, before: str | None = None
) -> tuple[JobRecord, ...]:
    """A member's jobs in a guild, newest first; `before` is the id of the last one seen."""
    query = select_jobs().where(_TABLE.guild_id == guild_id, _TABLE.user_id == user_id)
    if before is not None:
        seen = select(_TABLE.sequence).where(_TABLE.id == before).scalar_subquery()
        query = query.where(_TABLE.sequence < seen)
    return records(connection, query.order_by(_TABLE.sequence.desc()).limit(limit))


def ended_of_user(connection: Connection, *, user_id: int) -> tuple[JobRecord, ...]:
    """A member's jobs of all guilds that have ended, oldest first."""
    query = select_jobs().where(_TABLE.user_id == user_id, _TABLE.finished_at.is_not(None))
    return records(connection, query.order_by(_TABLE.sequence))


def run_history(connection: Connection, *, model: str, limit: int) -> tuple[PastRun, ...]:
    """The last clips of a model, newest first."""
    rows = connection.execute(
        select(_TABLE.price_credits, _TABLE.clip_json)
        .where(_TABLE.model == model, _TABLE.state == "succeeded")
        .order_by(_TABLE.sequence.desc())
        .limit(limit)
    )
    return tuple(
        PastRun(price_credits=price_credits, clip_json=clip_json)
        for price_credits, clip_json in rows
    )


def move(
    connection: Connection,
    job_id: str,
    *,
    attempt: int | None,
    to_state: JobState,
    allowed: ColumnElement[bool],
    changes: Mapping[str, object],
) -> None:
    """Change the job if `allowed`. Raises UnknownJob, StaleAttempt, IllegalMove."""
    moved = connection.execute(
        update(schema.jobs).where(_TABLE.id == job_id, allowed).values(state=to_state, **changes)
    )
    if moved.rowcount == 1:
        return
    job = get(connection, job_id)
    if attempt is not None and _is_stale(attempt, job, to_state):
        raise StaleAttempt(job_id=job_id, attempt=attempt, current_attempt=job.attempt)
    raise IllegalMove(job_id=job_id, from_state=job.state, to_state=to_state)


def _is_stale(attempt: int, job: JobRecord, to_state: JobState) -> bool:
    if to_state == "running":
        return job.finished_at is None and attempt <= job.attempt
    return attempt != job.attempt


def select_jobs() -> Select[tuple[object, ...]]:
    """Every column of a JobRecord, its delivery's and its parent's among them."""
    delivery = schema.deliveries.c
    parents = schema.jobs.alias("parents")
    parent = select(parents.c.user_id).where(parents.c.id == _TABLE.parent_job_id)
    review = schema.reviews.c
    held, payer = schema.transfers.c, schema.accounts.c
    pot = select(payer.id).where(
        held.id == "job:" + _TABLE.id + ":reserve",
        payer.id == held.debit_account_id,
        payer.kind == "pot",
    )
    return select(
        *(_TABLE[name] for name in _STORED),
        parent.scalar_subquery().label("parent_user_id"),
        _comparison_id().label("comparison_id"),
        case((delivery.state.in_(("posted", "direct")), delivery.ended_at)).label("delivered_at"),
        case((delivery.state.in_(("direct", "kept")), delivery.problem)).label("delivery_problem"),
        review.state.label("review_state"),
        review.reason.label("takedown_reason"),
        review.refusal.label("appeal_refusal"),
        pot.scalar_subquery().label("paying_pot"),
    ).select_from(schema.jobs.outerjoin(schema.deliveries).outerjoin(schema.reviews))


def _comparison_id() -> ScalarSelect[str]:
    """Of the open one; of one that was called off, unless the job has a clip to show itself."""
    both = schema.comparisons.c
    told = or_(
        both.state.in_(("making", "voting")),
        and_(both.state == "called_off", _TABLE.state != "succeeded"),
    )
    mine = or_(both.job_a_id == _TABLE.id, both.job_b_id == _TABLE.id)
    return select(both.id).where(mine, told).scalar_subquery()


def _nonce(job_id: str) -> str:
    """The same for each try; Discord takes at most 25 characters."""
    nonce = f"clip-{job_id}"
    if len(nonce) <= _NONCE_CHARACTERS:
        return nonce
    return f"clip-{hashlib.sha256(job_id.encode()).hexdigest()[:20]}"


def records(connection: Connection, query: Select[tuple[object, ...]]) -> tuple[JobRecord, ...]:
    return tuple(JobRecord(**row) for row in connection.execute(query).mappings())
