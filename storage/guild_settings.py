"""What moderators set for their guild as a whole: its relaxed lane, whether its queue moves, from
what price on clips are previewed, its showcase."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from storage import moderation
from storage.errors import InvalidAllowance
from storage.posting import MAX_CREDITS


class QueueState(StrEnum):
    """What becomes of a guild's jobs."""

    OPEN = "open"
    DRAINING = "draining"
    """What waits is made; new orders are refused."""
    PAUSED = "paused"
    """New orders wait with the others; what runs already ends."""


def allow_relaxed(
    connection: Connection, *, guild_id: int, allowed: bool, changed_by: int, now: datetime
) -> None:
    """Whether members without credits may queue behind those who have some."""
    moderation.change(
        connection,
        guild_id=guild_id,
        act="relaxed",
        subject="",
        after={"allowed": allowed},
        made_by=changed_by,
        now=now,
    )


def relaxed_allowed(connection: Connection, *, guild_id: int) -> bool:
    """As moderators set it; no, if they never did."""
    found = moderation.in_force(connection, guild_id=guild_id, act="relaxed")
    return any(act.after and act.after["allowed"] for act in found)


def set_queue_state(
    connection: Connection, state: QueueState, *, guild_id: int, changed_by: int, now: datetime
) -> bool:
    """False if it was so already."""
    return moderation.change(
        connection,
        guild_id=guild_id,
        act="queue",
        subject="",
        after=None if state is QueueState.OPEN else {"state": state.value},
        made_by=changed_by,
        now=now,
    )


def queue_state(connection: Connection, *, guild_id: int) -> QueueState:
    """Open, if nobody said otherwise."""
    for act in moderation.in_force(connection, guild_id=guild_id, act="queue"):
        return QueueState((act.after or {})["state"])
    return QueueState.OPEN


def paused_guilds(connection: Connection) -> frozenset[int]:
    """Guilds whose jobs are not to start."""
    return frozenset(
        act.guild_id
        for act in moderation.in_force_everywhere(connection, act="queue")
        if (act.after or {})["state"] == QueueState.PAUSED
    )


def set_preview(
    connection: Connection, *, guild_id: int, above_credits: int, changed_by: int, now: datetime
) -> None:
    """What costs more is shown before it is ordered; above 0 credits, everything is.

    Raises InvalidAllowance.
    """
    if not 0 <= above_credits <= MAX_CREDITS:
        raise InvalidAllowance(daily_allowance_credits=above_credits)
    moderation.change(
        connection,
        guild_id=guild_id,
        act="preview",
        subject="",
        after={"credits": above_credits},
        made_by=changed_by,
        now=now,
    )


def preview_above(connection: Connection, *, guild_id: int, default_credits: int) -> int:
    """As moderators set it, else the default."""
    for act in moderation.in_force(connection, guild_id=guild_id, act="preview"):
        return (act.after or {})["credits"]
    return default_credits


def set_showcase(
    connection: Connection,
    *,
    guild_id: int,
    likes: int,
    channel_id: int,
    changed_by: int,
    now: datetime,
) -> None:
    """From so many likes on a clip is lifted into the channel; 0 likes: none is any more."""
    moderation.change(
        connection,
        guild_id=guild_id,
        act="showcase",
        subject="",
        after={"likes": likes, "channel": channel_id} if likes else None,
        made_by=changed_by,
        now=now,
    )
