"""Credits for who holds a role: once a window of time, as a transfer that names the window.

The transfer's id holds guild, member, role and window, so that nobody is given the same twice,
however often and from wherever it is asked for. A change of the amount shows from the next window.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from storage import ledger, moderation, posting, pseudonyms
from storage.errors import InvalidAmount, TransferConflict


class Window(StrEnum):
    """How often; days, weeks (ISO 8601) and months are those of UTC."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def name_of(self, moment: datetime) -> str:
        """The window that holds this moment: 2026-11-21, 2026-W47 or 2026-11."""
        day = moment.astimezone(UTC).date()
        match self:
            case Window.DAY:
                return day.isoformat()
            case Window.WEEK:
                year, week, _ = day.isocalendar()
                return f"{year}-W{week:02}"
            case Window.MONTH:
                return f"{day.year}-{day.month:02}"


@dataclass(frozen=True, kw_only=True)
class RoleGrant:
    """What each holder of a role is given, who set it, and when."""

    role_id: int
    amount_credits: int
    window: Window
    set_by: int
    set_at: datetime


def set_grant(
    connection: Connection,
    *,
    guild_id: int,
    role_id: int,
    amount_credits: int,
    window: Window,
    set_by: int,
    now: datetime,
) -> None:
    """Give holders of the role so much in each window; 0 ends it. Raises InvalidAmount."""
    if not 0 <= amount_credits <= posting.MAX_CREDITS:
        raise InvalidAmount(amount_credits=amount_credits)
    moderation.change(
        connection,
        guild_id=guild_id,
        act="role_grant",
        subject=str(role_id),
        after={"credits": amount_credits, "window": window.value} if amount_credits else None,
        made_by=set_by,
        now=now,
    )


def grants(connection: Connection, *, guild_id: int) -> tuple[RoleGrant, ...]:
    """What roles of the guild bring."""
    return tuple(
        RoleGrant(
            role_id=int(act.subject),
            amount_credits=act.after["credits"],
            window=Window(act.after["window"]),
            set_by=act.made_by,
            set_at=act.made_at,
        )
        for act in moderation.in_force(connection, guild_id=guild_id, act="role_grant")
        if act.after
    )


def collect(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    role_ids: Collection[int],
    now: datetime,
) -> int:
    """Give a member what their roles bring in the current windows; returns the credits granted."""
    collected = 0
    pseudonym = pseudonyms.former(connection, user_id)
    for grant in grants(connection, guild_id=guild_id):
        if grant.role_id not in role_ids:
            continue
        window = grant.window.name_of(now)
        if pseudonym is not None and posting.is_taken(
            connection, f"grant:role:{guild_id}:{pseudonym}:{grant.role_id}:{window}"
        ):
            continue  # This window was given before the member had their data erased.
        try:
            granted = ledger.grant(
                connection,
                grant_id=f"role:{guild_id}:{user_id}:{grant.role_id}:{window}",
                guild_id=guild_id,
                user_id=user_id,
                amount_credits=grant.amount_credits,
                reason=f"for a role, {window}",
                granted_by=grant.set_by,
                now=now,
            )
        except TransferConflict:
            continue  # This window was given before the amount was changed.
        collected += grant.amount_credits if granted else 0
    return collected
