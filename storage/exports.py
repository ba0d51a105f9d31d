"""What members asked to be sent of their own: one at a time, and not too often.

A wish is stored first, so that a restart goes on with it, and kept for a day, by which they are
counted.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, select, update

from storage import erasures, jobs, schema
from storage.errors import ExportUnderWay, TooManyExports
from storage.jobs import JobRecord
from storage.schema import exports as _exports
from storage.schema import insert_if_absent

ExportKind = Literal["clips", "everything"]

MOST_EXPORTS = 5
IN_TIME = timedelta(hours=24)

_TABLE = _exports.c


@dataclass(frozen=True, kw_only=True)
class Export:
    """What is to be sent: the member's jobs of a guild (None: of all), or everything that is stored
    about them. `before_job_id`: only jobs before this one."""

    id: str
    user_id: int
    guild_id: int | None
    kind: ExportKind
    before_job_id: str | None
    asked_at: datetime


def begin(connection: Connection, export: Export) -> None:
    """Store the wish. Raises ExportUnderWay, TooManyExports, ErasureUnderWay."""
    erasures.forbid_while_under_way(connection, user_id=export.user_id)
    since = export.asked_at - IN_TIME
    connection.execute(
        _exports.delete().where(_TABLE.ended_at.is_not(None), _TABLE.asked_at < since)
    )
    mine = select(_TABLE.asked_at, _TABLE.ended_at).where(_TABLE.user_id == export.user_id)
    found = connection.execute(mine.order_by(_TABLE.asked_at)).all()
    if any(row.ended_at is None for row in found):
        raise ExportUnderWay
    if len(found) >= MOST_EXPORTS:
        raise TooManyExports(most=MOST_EXPORTS, again_at=found[0].asked_at + IN_TIME)
    values = {one.name: getattr(export, one.name) for one in fields(Export)}
    insert_if_absent(connection, _exports, **values)


def unfinished(connection: Connection) -> tuple[Export, ...]:
    """What was asked for and not sent, oldest first."""
    query = (
        select(*(_TABLE[one.name] for one in fields(Export)))
        .where(_TABLE.ended_at.is_(None))
        .order_by(_TABLE.asked_at)
    )
    return tuple(Export(**row) for row in connection.execute(query).mappings())


def end(connection: Connection, *, export_id: str, now: datetime) -> None:
    """It was sent, or cannot be."""
    connection.execute(update(_exports).where(_TABLE.id == export_id).values(ended_at=now))


def jobs_for(connection: Connection, export: Export, *, limit: int) -> tuple[JobRecord, ...]:
    """The member's jobs that have ended, newest first."""
    columns = schema.jobs.c
    query = jobs.select_jobs().where(
        columns.user_id == export.user_id, columns.finished_at.is_not(None)
    )
    if export.guild_id is not None:
        query = query.where(columns.guild_id == export.guild_id)
    if export.before_job_id is not None:
        last = select(columns.sequence).where(columns.id == export.before_job_id).scalar_subquery()
        query = query.where(columns.sequence < last)
    return jobs.records(connection, query.order_by(columns.sequence.desc()).limit(limit))


def shared_jobs(connection: Connection, *, user_id: int) -> frozenset[str]:
    """Ids of the member's jobs that are in a gallery."""
    entries = schema.gallery_entries.c
    query = select(entries.job_id).where(entries.author_id == user_id)
    return frozenset(connection.execute(query).scalars())
