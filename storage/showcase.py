"""Clips that likes lifted into their guild's showcase channel, once each, whatever happens later.

A row is made in the transaction of the like that lifts, and says how far its message came, so that
a restart goes on with it: waiting, attempted, posted, ended.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, literal, or_, select, update

from storage import moderation
from storage.schema import Flag, gallery_entries, insert_if_absent, showcase_posts

_TABLE = showcase_posts.c


@dataclass(frozen=True, kw_only=True)
class ShowcaseRule:
    """From how many likes on a clip is lifted into which channel."""

    likes: int
    channel_id: int


@dataclass(frozen=True, kw_only=True)
class ShowcasePost:
    """A clip that is to be, or is, in the showcase channel."""

    job_id: str
    guild_id: int
    channel_id: int
    attempted: bool
    """It may have been sent already."""
    message_id: int | None


def rule(connection: Connection, *, guild_id: int) -> ShowcaseRule | None:
    """What moderators set; None while the guild has no showcase."""
    for act in moderation.in_force(connection, guild_id=guild_id, act="showcase"):
        facts = act.after or {}
        return ShowcaseRule(likes=facts["likes"], channel_id=facts["channel"])
    return None


def lift(connection: Connection, *, job_id: str, guild_id: int, likes: int, now: datetime) -> bool:
    """Let it be posted if it has likes enough and never was; True if this lifted it."""
    found = rule(connection, guild_id=guild_id)
    if found is None or likes < found.likes:
        return False
    return _lift(connection, found, job_id=job_id, guild_id=guild_id, now=now)


def lift_winner(connection: Connection, *, job_id: str, guild_id: int, now: datetime) -> bool:
    """Let a theme's winner be posted, whatever its likes, if it is shared in the gallery; True if
    this lifted it."""
    found = rule(connection, guild_id=guild_id)
    shared = connection.execute(
        select(gallery_entries.c.job_id).where(gallery_entries.c.job_id == job_id)
    ).first()
    if found is None or shared is None:
        return False
    return _lift(connection, found, job_id=job_id, guild_id=guild_id, now=now)


def waiting(connection: Connection) -> tuple[ShowcasePost, ...]:
    """What was lifted and is not posted yet, oldest first."""
    return _posts(connection, _TABLE.message_id.is_(None) & _TABLE.ended.is_(None))


def to_take_down(connection: Connection) -> tuple[ShowcasePost, ...]:
    """What has ended and has, or may have, a message still."""
    left = or_(
        _TABLE.message_id.is_not(None), _TABLE.attempted == literal(value=True, type_=Flag())
    )
    return _posts(connection, _TABLE.ended.is_not(None) & left)


def attempt(connection: Connection, *, job_id: str) -> bool:
    """Remember that it may be out from now on; False if it is not to be posted any more."""
    still = (_TABLE.job_id == job_id) & _TABLE.message_id.is_(None) & _TABLE.ended.is_(None)
    changed = connection.execute(update(showcase_posts).where(still).values(attempted=True))
    return changed.rowcount == 1


def posted(connection: Connection, *, job_id: str, message_id: int) -> None:
    """Remember its message, also if it ended meanwhile and is to be taken down."""
    mine = _TABLE.job_id == job_id
    connection.execute(update(showcase_posts).where(mine).values(message_id=message_id))


def end(connection: Connection, *, job_id: str, reason: str) -> None:
    """It is not to be shown any more, or never will be."""
    running = (_TABLE.job_id == job_id) & _TABLE.ended.is_(None)
    connection.execute(update(showcase_posts).where(running).values(ended=reason))


def resume(connection: Connection, *, job_id: str, ended: str) -> None:
    """What ended for this reason is to be shown again, posted anew where its message is gone."""
    mine = (_TABLE.job_id == job_id) & (_TABLE.ended == ended)
    connection.execute(update(showcase_posts).where(mine).values(ended=None))


def taken_down(connection: Connection, *, job_id: str) -> None:
    """It has no message any more."""
    mine = _TABLE.job_id == job_id
    connection.execute(update(showcase_posts).where(mine).values(message_id=None, attempted=False))


def _lift(
    connection: Connection, found: ShowcaseRule, *, job_id: str, guild_id: int, now: datetime
) -> bool:
    return insert_if_absent(
        connection,
        showcase_posts,
        job_id=job_id,
        guild_id=guild_id,
        channel_id=found.channel_id,
        lifted_at=now,
        attempted=False,
    )


def _posts(connection: Connection, condition: ColumnElement[bool]) -> tuple[ShowcasePost, ...]:
    query = (
        select(*(_TABLE[one.name] for one in fields(ShowcasePost)))
        .where(condition)
        .order_by(_TABLE.lifted_at)
    )
    return tuple(ShowcasePost(**row) for row in connection.execute(query).mappings())
