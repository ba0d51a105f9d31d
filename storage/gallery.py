"""The gallery: clips that members chose to share, with everything needed to make them again."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select, update

from storage import jobs, schema
from storage.errors import InvalidCursor, NotShareable, ShareRefused
from storage.schema import gallery_entries, insert_if_absent

_MAX_DIGITS = 18  # More would not fit in a 64-bit column.


@dataclass(frozen=True, kw_only=True)
class GalleryEntry:
    """One shared clip."""

    job_id: str
    guild_id: int
    author_id: int
    prompt: str
    settings_json: str
    model: str
    model_revision: str
    seed: int
    parent_job_id: str | None
    """The job that it remixes."""
    clip_sha256: str
    shared_by: int
    shared_at: datetime
    remixes: int
    """Jobs made from it that succeeded and are not private."""


@dataclass(frozen=True, kw_only=True)
class GalleryPage:
    """Some entries, newest first."""

    entries: tuple[GalleryEntry, ...]
    next_cursor: str | None
    """Pass it as `before` for the page that follows; None on the last."""


def share(
    connection: Connection,
    *,
    job_id: str,
    shared_by: int,
    prompt: str,
    settings_json: str,
    model_revision: str,
    seed: int,
    now: datetime,
) -> GalleryEntry:
    """Put the clip of a job into its guild's gallery; what is there already stays as it is.

    A private job is shared by its author alone, and is no longer private then.
    Raises UnknownJob, NotShareable, ShareRefused.
    """
    job = jobs.get(connection, job_id)
    if job.state != "succeeded":
        raise NotShareable(job_id=job_id, state=job.state)
    if job.private and shared_by != job.user_id:
        raise ShareRefused(job_id=job_id, author_id=job.user_id)
    connection.execute(update(schema.jobs).where(schema.jobs.c.id == job_id).values(private=False))
    insert_if_absent(
        connection,
        gallery_entries,
        job_id=job_id,
        guild_id=job.guild_id,
        author_id=job.user_id,
        prompt=prompt,
        settings_json=settings_json,
        model=job.model,
        model_revision=model_revision,
        seed=seed,
        parent_job_id=job.parent_job_id,
        clip_sha256=job.clip_sha256,
        shared_by=shared_by,
        shared_at=now,
    )
    return _entries(connection, job_id)[0]


def unshare(connection: Connection, *, job_id: str) -> bool:
    """Take a clip out of the gallery; False if it was not there."""
    removed = connection.execute(gallery_entries.delete().where(gallery_entries.c.job_id == job_id))
    return removed.rowcount == 1


def entry(connection: Connection, *, job_id: str) -> GalleryEntry | None:
    """The entry of a job, if it is shared."""
    found = _entries(connection, job_id)
    return found[0] if found else None


def page(
    connection: Connection, *, guild_id: int, limit: int, before: str | None = None
) -> GalleryPage:
    """A page of a guild's gallery. Raises InvalidCursor.

    The cursor names the last entry seen, so that entries shared or withdrawn meanwhile neither
    repeat nor hide another.
    """
    query = (
        select(gallery_entries.c.sequence, *_columns())
        .where(gallery_entries.c.guild_id == guild_id)
        .order_by(gallery_entries.c.sequence.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(gallery_entries.c.sequence < _sequence(before))
    rows = [dict(row) for row in connection.execute(query).mappings()]
    sequences = [row.pop("sequence") for row in rows]
    return GalleryPage(
        entries=tuple(GalleryEntry(**row) for row in rows[:limit]),
        next_cursor=str(sequences[limit - 1]) if len(rows) > limit else None,
    )


def _entries(connection: Connection, job_id: str) -> tuple[GalleryEntry, ...]:
    """The entry of one job: one or none."""
    query = select(*_columns()).where(gallery_entries.c.job_id == job_id)
    return tuple(GalleryEntry(**row) for row in connection.execute(query).mappings())


def _columns() -> list[ColumnElement[Any]]:
    children = schema.jobs.alias("children")
    remixes = (
        select(func.count())
        .where(
            children.c.parent_job_id == gallery_entries.c.job_id,
            children.c.state == "succeeded",
            children.c.private == literal(value=False, type_=schema.Flag()),
        )
        .scalar_subquery()
        .label("remixes")
    )
    stored = [
        gallery_entries.c[field.name] for field in fields(GalleryEntry) if field.name != "remixes"
    ]
    return [*stored, remixes]


def _sequence(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _MAX_DIGITS):
        raise InvalidCursor(cursor=cursor)
    return int(cursor)
