"""What a guild's jobs of some time took and brought: the numbers of the moderators' report."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal, select

from storage import posting, schema
from storage.schema import Flag, transfers

_JOBS = schema.jobs.c
_PUBLIC = literal(value=False, type_=Flag())


@dataclass(frozen=True, kw_only=True)
class JobUse:
    """One job: whose it was, how long it waited for its last attempt, and what it made."""

    user_id: int
    state: str
    wait_seconds: float | None
    """None for one that never began."""
    clip_json: str | None
    """The clip's facts, which say how long it took to make."""
    price_credits: int
    """What it cost; 0 if it was free or its credits came back."""


@dataclass(frozen=True, kw_only=True)
class Refunds:
    """Jobs whose credits came back, and how many these were."""

    jobs: int
    credits: int


@dataclass(frozen=True, kw_only=True)
class Remixed:
    """A job that others built on."""

    job_id: str
    user_id: int
    remixes: int


def jobs_between(
    connection: Connection, *, guild_id: int, since: datetime, until: datetime
) -> tuple[JobUse, ...]:
    """Jobs that were ordered in this time, oldest first."""
    query = (
        select(
            _JOBS.user_id,
            _JOBS.state,
            _JOBS.created_at,
            _JOBS.started_at,
            _JOBS.clip_json,
            _JOBS.price_credits,
            _JOBS.relaxed,
        )
        .where(_JOBS.guild_id == guild_id, _JOBS.created_at >= since, _JOBS.created_at < until)
        .order_by(_JOBS.sequence)
    )
    return tuple(
        JobUse(
            user_id=row.user_id,
            state=row.state,
            wait_seconds=None
            if row.started_at is None
            # Not less than nothing, where the clock was set back in between.
            else max(0.0, (row.started_at - row.created_at).total_seconds()),
            clip_json=row.clip_json,
            price_credits=row.price_credits if row.state == "succeeded" and not row.relaxed else 0,
        )
        for row in connection.execute(query)
    )


def refunds(connection: Connection, *, guild_id: int, since: datetime, until: datetime) -> Refunds:
    """What was given back in this time, whenever it had been ordered."""
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(transfers.c.amount_credits), 0)).where(
            transfers.c.kind == "release",
            transfers.c.credit_account_id == posting.bank_id(guild_id),
            transfers.c.made_at >= since,
            transfers.c.made_at < until,
        )
    ).one()
    return Refunds(jobs=row[0], credits=int(row[1]))


def most_remixed(
    connection: Connection, *, guild_id: int, since: datetime, until: datetime, limit: int
) -> tuple[Remixed, ...]:
    """Jobs of which the most clips were made in this time, private ones on neither side."""
    parents = schema.jobs.alias("parents")
    remixes = func.count().label("remixes")
    query = (
        select(parents.c.id, parents.c.user_id, remixes)
        .join(schema.jobs, _JOBS.parent_job_id == parents.c.id)
        .where(
            parents.c.guild_id == guild_id,
            parents.c.private == _PUBLIC,
            _JOBS.private == _PUBLIC,
            _JOBS.state == "succeeded",
            _JOBS.created_at >= since,
            _JOBS.created_at < until,
        )
        .group_by(parents.c.id, parents.c.user_id)
        .order_by(remixes.desc(), parents.c.id)
        .limit(limit)
    )
    return tuple(
        Remixed(job_id=row.id, user_id=row.user_id, remixes=row.remixes)
        for row in connection.execute(query)
    )
