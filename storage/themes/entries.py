"""What members enter: one clip each, shown without their names until the vote is over."""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from storage import deliveries, jobs, schema
from storage.jobs import JobRecord
from storage.schema import insert_if_absent, theme_entries, theme_votes, themes
from storage.theme_errors import NotEnterable, NotEntered, PrivateClip
from storage.themes import phases, posts

_TABLE = theme_entries.c
DROPPED = "its clip was deleted"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One member's clip in a theme."""

    theme_id: str
    user_id: int
    job_id: str
    number: int | None
    """What voters call it; None before the vote."""
    votes: int | None
    """How many it had in the end; None before that."""
    won: bool
    dropped: bool
    """Its clip was deleted after the vote had begun: it counts no more."""


def enter(
    connection: Connection,
    *,
    theme_id: str,
    guild_id: int,
    user_id: int,
    job_id: str,
    private_too: bool,
    now: datetime,
) -> str | None:
    """Let a clip of the member's take part; returns the job whose clip it replaces, if any.

    `private_too`: its author was asked, and said that a private clip may be shown.
    Raises UnknownTheme, WrongPhase, UnknownJob, NotEnterable, PrivateClip.
    """
    phases.locked(connection, theme_id, guild_id=guild_id, needed=("entering",))
    job = jobs.get(connection, job_id)
    _require_enterable(connection, job, guild_id=guild_id, user_id=user_id)
    if job.private and not private_too:
        raise PrivateClip(job_id=job_id)
    before = of_member(connection, theme_id=theme_id, user_id=user_id)
    if before is None:
        insert_if_absent(
            connection,
            theme_entries,
            theme_id=theme_id,
            user_id=user_id,
            job_id=job_id,
            entered_at=now,
            won=False,
            dropped=False,
        )
        return None
    connection.execute(
        update(theme_entries).where(_of(theme_id, user_id)).values(job_id=job_id, entered_at=now)
    )
    return before.job_id


def withdraw(connection: Connection, *, theme_id: str, guild_id: int, user_id: int) -> str:
    """Take the member's entry back; returns its job.

    Raises UnknownTheme, WrongPhase, NotEntered.
    """
    phases.locked(connection, theme_id, guild_id=guild_id, needed=("entering",))
    before = of_member(connection, theme_id=theme_id, user_id=user_id)
    if before is None:
        raise NotEntered(theme_id=theme_id)
    connection.execute(theme_entries.delete().where(_of(theme_id, user_id)))
    return before.job_id


def of_member(connection: Connection, *, theme_id: str, user_id: int) -> Entry | None:
    """What the member entered, if they did."""
    found = _entries(connection, _of(theme_id, user_id))
    return found[0] if found else None


def numbered(connection: Connection, *, theme_id: str) -> tuple[Entry, ...]:
    """What is voted on, or was, in the order of the numbers; what was dropped is not among it."""
    found = _entries(connection, (_TABLE.theme_id == theme_id) & _TABLE.number.is_not(None))
    return tuple(entry for entry in found if not entry.dropped)


def count(connection: Connection, *, theme_id: str) -> int:
    """How many take part."""
    found = _entries(connection, _TABLE.theme_id == theme_id)
    return sum(not entry.dropped for entry in found)


def candidates(
    connection: Connection, *, guild_id: int, user_id: int, limit: int
) -> tuple[JobRecord, ...]:
    """The member's newest clips that could be entered, of their last hundred jobs."""
    latest = jobs.of_user(connection, guild_id=guild_id, user_id=user_id, limit=100)
    finished = [
        job
        for job in latest
        if job.clip_sha256 and job.takedown_reason is None and not _deleted(connection, job)
    ]
    return tuple(finished[:limit])


def drop_clip(connection: Connection, *, job_id: str) -> None:
    """The clip is gone, or down: it takes part in no theme any more, and its messages there go."""
    for entry in _entries(connection, _TABLE.job_id == job_id):
        phase = connection.execute(
            select(themes.c.phase).where(themes.c.id == entry.theme_id).with_for_update()
        ).scalar_one()
        mine = _of(entry.theme_id, entry.user_id)
        if phase == "entering":
            connection.execute(theme_entries.delete().where(mine))
        elif entry.number is not None:
            drop(connection, theme_id=entry.theme_id, number=entry.number)


def drop(connection: Connection, *, theme_id: str, number: int) -> None:
    """Its clip is gone after the vote began: its votes count no more, and its message goes."""
    mine = (_TABLE.theme_id == theme_id) & (_TABLE.number == number)
    connection.execute(update(theme_entries).where(mine).values(dropped=True))
    connection.execute(
        theme_votes.delete().where(
            theme_votes.c.theme_id == theme_id, theme_votes.c.number == number
        )
    )
    posts.end(connection, theme_id=theme_id, kind="entry", number=number, reason=DROPPED)
    # There may be a message to take down, however long ago the theme ended.
    connection.execute(update(themes).where(themes.c.id == theme_id).values(settled=False))


def _require_enterable(
    connection: Connection, job: JobRecord, *, guild_id: int, user_id: int
) -> None:
    if (job.guild_id, job.user_id) != (guild_id, user_id):
        raise NotEnterable(job_id=job.id, reason="another's")
    if job.state != "succeeded":
        raise NotEnterable(job_id=job.id, reason="unfinished")
    if job.takedown_reason is not None:
        raise NotEnterable(job_id=job.id, reason="taken down")
    if _deleted(connection, job):
        raise NotEnterable(job_id=job.id, reason="deleted")


def _deleted(connection: Connection, job: JobRecord) -> bool:
    """Whether its message was posted, and then deleted with its clip."""
    if job.card_message_id is not None:
        return False
    return deliveries.get(connection, job.id).state == "posted"


def _of(theme_id: str, user_id: int) -> ColumnElement[bool]:
    return (_TABLE.theme_id == theme_id) & (_TABLE.user_id == user_id)


def _entries(connection: Connection, condition: ColumnElement[bool]) -> tuple[Entry, ...]:
    query = (
        select(*(_TABLE[one.name] for one in fields(Entry)))
        .select_from(schema.theme_entries)
        .where(condition)
        .order_by(_TABLE.number, _TABLE.entered_at)
    )
    return tuple(Entry(**row) for row in connection.execute(query).mappings())
