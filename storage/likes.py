"""Likes of gallery entries, one for each member."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage import showcase
from storage.errors import NotInGallery, OwnClip
from storage.schema import gallery_entries, insert_if_absent, likes


@dataclass(frozen=True, kw_only=True)
class Liked:
    """How an entry stands after a like was given or taken back."""

    likes: int
    lifted: bool
    """Whether this like lifted it into the showcase."""


def likes_it(connection: Connection, *, job_id: str, user_id: int) -> bool:
    """Whether the member likes the entry."""
    found = select(likes.c.job_id).where(likes.c.job_id == job_id, likes.c.user_id == user_id)
    return connection.execute(found).first() is not None


def set_like(
    connection: Connection, *, job_id: str, guild_id: int, user_id: int, liked: bool, now: datetime
) -> Liked:
    """Let a member like an entry of their guild, or not; doing so again changes nothing.

    Raises NotInGallery, OwnClip.
    """
    entry = connection.execute(
        select(gallery_entries.c.author_id)
        .where(gallery_entries.c.job_id == job_id, gallery_entries.c.guild_id == guild_id)
        .with_for_update()
    ).first()
    if entry is None:
        raise NotInGallery(job_id=job_id)
    if entry.author_id == user_id:
        raise OwnClip(job_id=job_id)
    if liked:
        changed = int(
            insert_if_absent(connection, likes, job_id=job_id, user_id=user_id, liked_at=now)
        )
    else:
        mine = (likes.c.job_id == job_id) & (likes.c.user_id == user_id)
        changed = -connection.execute(likes.delete().where(mine)).rowcount
    if changed:
        connection.execute(
            update(gallery_entries)
            .where(gallery_entries.c.job_id == job_id)
            .values(likes=gallery_entries.c.likes + changed)
        )
    count = connection.execute(
        select(gallery_entries.c.likes).where(gallery_entries.c.job_id == job_id)
    ).scalar_one()
    lifted = changed > 0 and showcase.lift(
        connection, job_id=job_id, guild_id=guild_id, likes=count, now=now
    )
    return Liked(likes=count, lifted=lifted)
