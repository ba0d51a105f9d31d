"""What moderators set: daily allowances of a guild or of one member, its relaxed lane, from what
price on clips are previewed, its showcase.

Settings are kept as the list of changes alone, which nothing updates or deletes: the newest change
is in force, and the list is the audit trail.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from storage import moderation
from storage.errors import InvalidAllowance
from storage.moderation import Act
from storage.posting import MAX_CREDITS
from storage.schema import quota_changes


def set_allowance(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int | None,
    daily_allowance_credits: int,
    changed_by: int,
    now: datetime,
) -> None:
    """Set the allowance of a member, or with `user_id=None` the guild's. Raises InvalidAllowance.

    It shows from the next daily refill on.
    """
    if not 0 <= daily_allowance_credits <= MAX_CREDITS:
        raise InvalidAllowance(daily_allowance_credits=daily_allowance_credits)
    connection.execute(
        quota_changes.insert().values(
            guild_id=guild_id,
            user_id=user_id,
            daily_allowance_credits=daily_allowance_credits,
            changed_by=changed_by,
            changed_at=now,
        )
    )


def clear_allowance(
    connection: Connection, *, guild_id: int, user_id: int | None, changed_by: int, now: datetime
) -> bool:
    """Let the next wider setting apply again; False if nothing was set."""
    if allowance(connection, guild_id=guild_id, user_id=user_id) is None:
        return False
    connection.execute(
        quota_changes.insert().values(
            guild_id=guild_id, user_id=user_id, changed_by=changed_by, changed_at=now
        )
    )
    return True


def allowance(connection: Connection, *, guild_id: int, user_id: int | None) -> int | None:
    """What is set for exactly this member, or with `user_id=None` for the guild, if anything is."""
    return connection.execute(
        select(quota_changes.c.daily_allowance_credits)
        .where(
            quota_changes.c.guild_id == guild_id,
            quota_changes.c.user_id.is_not_distinct_from(user_id),
        )
        .order_by(quota_changes.c.sequence.desc())
        .limit(1)
    ).scalar_one_or_none()


def effective_allowance(
    connection: Connection, *, guild_id: int, user_id: int, default_credits: int
) -> int:
    """The daily allowance in force: the member's own, else the guild's, else the default."""
    for whose in (user_id, None):
        found = allowance(connection, guild_id=guild_id, user_id=whose)
        if found is not None:
            return found
    return default_credits


def allow_relaxed(
    connection: Connection, *, guild_id: int, allowed: bool, changed_by: int, now: datetime
) -> None:
    """Whether members without credits may queue behind those who have some."""
    _set(connection, "relaxed", guild_id, int(allowed), "", changed_by, now)


def relaxed_allowed(connection: Connection, *, guild_id: int) -> bool:
    """As moderators set it; no, if they never did."""
    return any(
        act.value for act in moderation.in_force(connection, guild_id=guild_id, act="relaxed")
    )


def set_preview(
    connection: Connection, *, guild_id: int, above_credits: int, changed_by: int, now: datetime
) -> None:
    """What costs more is shown before it is ordered. Raises InvalidAllowance."""
    if not 0 <= above_credits <= MAX_CREDITS:
        raise InvalidAllowance(daily_allowance_credits=above_credits)
    _set(connection, "preview", guild_id, above_credits, "", changed_by, now)


def preview_above(connection: Connection, *, guild_id: int, default_credits: int) -> int:
    """As moderators set it, else the default."""
    acts = moderation.in_force(connection, guild_id=guild_id, act="preview")
    return acts[0].value if acts else default_credits


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
    _set(connection, "showcase", guild_id, likes, str(channel_id), changed_by, now)


def _set(
    connection: Connection,
    act: moderation.ActKind,
    guild_id: int,
    value: int,
    detail: str,
    changed_by: int,
    now: datetime,
) -> None:
    moderation.record(
        connection,
        Act(
            guild_id=guild_id,
            act=act,
            subject="",
            value=value,
            detail=detail,
            made_by=changed_by,
            made_at=now,
        ),
    )
