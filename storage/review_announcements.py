"""Where new reports and appeals are announced, and what the message there says already.

A guild has one such message at a time, which is kept true; after a while the next report has a new
one, so that moderators are told again and not for each report.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from storage import moderation
from storage.reviews import WAITING
from storage.schema import insert_if_absent, review_announcements, reviews

_TABLE = review_announcements.c


@dataclass(frozen=True, kw_only=True)
class Posted:
    """The message that is there, and what it says."""

    channel_id: int
    message_id: int
    posted_at: datetime
    asked_sequence: int
    """Up to which report or appeal."""
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """What a guild's moderators are to be told, and what they were."""

    guild_id: int
    channel_id: int
    asked_sequence: int
    """The newest report or appeal that waits; 0 if none does."""
    waiting: int
    posted: Posted | None


def set_channel(
    connection: Connection, *, guild_id: int, channel_id: int | None, set_by: int, now: datetime
) -> bool:
    """None: nothing is announced any more. False if it was so already."""
    return moderation.change(
        connection,
        guild_id=guild_id,
        act="review_channel",
        subject="",
        after=None if channel_id is None else {"channel": channel_id},
        made_by=set_by,
        now=now,
    )


def due(connection: Connection) -> tuple[Announcement, ...]:
    """What the messages of all guilds do not say yet."""
    found: list[Announcement] = []
    for act in moderation.in_force_everywhere(connection, act="review_channel"):
        wanted = _wanted(connection, act.guild_id, (act.after or {})["channel"])
        said = wanted.posted
        if said is None or said.channel_id != wanted.channel_id:
            changed = wanted.waiting > 0
        else:
            changed = (said.waiting, said.asked_sequence) != (wanted.waiting, wanted.asked_sequence)
        if changed:
            found.append(wanted)
    return tuple(found)


def said(
    connection: Connection, announcement: Announcement, *, message_id: int, posted_at: datetime
) -> None:
    """The message says all of this now."""
    values = {
        "channel_id": announcement.channel_id,
        "message_id": message_id,
        "posted_at": posted_at,
        "asked_sequence": announcement.asked_sequence,
        "waiting": announcement.waiting,
    }
    if not insert_if_absent(
        connection, review_announcements, guild_id=announcement.guild_id, **values
    ):
        mine = _TABLE.guild_id == announcement.guild_id
        connection.execute(update(review_announcements).where(mine).values(values))


def _wanted(connection: Connection, guild_id: int, channel_id: int) -> Announcement:
    open_ones = (reviews.c.guild_id == guild_id) & reviews.c.state.in_(WAITING)
    waiting, newest = connection.execute(
        select(func.count(), func.max(reviews.c.asked_sequence)).where(open_ones)
    ).one()
    row = (
        connection.execute(select(review_announcements).where(_TABLE.guild_id == guild_id))
        .mappings()
        .one_or_none()
    )
    posted = None
    if row is not None:
        posted = Posted(**{name: row[name] for name in Posted.__dataclass_fields__})
    return Announcement(
        guild_id=guild_id,
        channel_id=channel_id,
        asked_sequence=newest or 0,
        waiting=waiting,
        posted=posted,
    )
