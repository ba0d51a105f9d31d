"""The gallery: clips that members chose to share, with everything needed to make them again."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select, update

from storage import jobs, schema, showcase
from storage.errors import NotShareable, ShareRefused
from storage.schema import gallery_entries, gallery_withheld, insert_if_absent
from storage.search_words import words_of


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
    parent_author_id: int | None
    clip_sha256: str
    shared_by: int
    shared_at: datetime
    remixes: int
    """Jobs made from it that succeeded and are not private."""
    command: str
    likes: int


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
        command=job.command,
        words=" ".join(words_of(prompt)),
        likes=0,
    )
    return _entries(connection, job_id)[0]


def unshare(connection: Connection, *, job_id: str) -> bool:
    """Take a clip out of the gallery, its likes and its place in the showcase with it; False if it
    was not there."""
    connection.execute(schema.likes.delete().where(schema.likes.c.job_id == job_id))
    showcase.end(connection, job_id=job_id, reason="taken out of the gallery")
    withheld = gallery_withheld.delete().where(gallery_withheld.c.job_id == job_id)
    removed = connection.execute(gallery_entries.delete().where(gallery_entries.c.job_id == job_id))
    return removed.rowcount + connection.execute(withheld).rowcount == 1


def entry(connection: Connection, *, job_id: str) -> GalleryEntry | None:
    """The entry of a job, if it is shared."""
    found = _entries(connection, job_id)
    return found[0] if found else None


def _entries(connection: Connection, job_id: str) -> tuple[GalleryEntry, ...]:
    """The entry of one job: one or none."""
    query = select(*entry_columns()).where(gallery_entries.c.job_id == job_id)
    return tuple(GalleryEntry(**row) for row in connection.execute(query).mappings())


def entry_columns() -> list[ColumnElement[Any]]:
    """What a GalleryEntry is read from."""
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
    parents = schema.jobs.alias("parents")
    author = select(parents.c.user_id).where(parents.c.id == gallery_entries.c.parent_job_id)
    looked_up = {
        "remixes": remixes,
        "parent_author_id": author.scalar_subquery().label("parent_author_id"),
    }
    return [
        looked_up[field.name] if field.name in looked_up else gallery_entries.c[field.name]
        for field in fields(GalleryEntry)
    ]
