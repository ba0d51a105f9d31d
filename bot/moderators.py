"""Who may do what only moderators may: checked at every command and press, by what Discord sent.

The client hides such commands from others, which is a courtesy and no protection.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import ModeratorsOnly
from storage.quotas import Asker


def require_moderator(interaction: discord.Interaction[Any]) -> None:
    """Raises ModeratorsOnly for whoever may not manage the server."""
    if not interaction.permissions.manage_guild:
        raise ModeratorsOnly("Manage Server")


def may_manage_messages(interaction: discord.Interaction[Any]) -> bool:
    """Whether the member may do to others' jobs here what their authors may."""
    return interaction.permissions.manage_messages


def asker_of(
    interaction: discord.Interaction[Any],
    member: discord.Member | None = None,
    *,
    channel_id: int | None = None,
) -> Asker:
    """The member who asks, or another one as if they asked here, or in that channel."""
    who = member or interaction.user
    roles = who.roles if isinstance(who, discord.Member) else ()
    channel = interaction.channel
    # A thread has no rules of its own.
    parent_id = channel.parent_id if isinstance(channel, discord.Thread) else None
    return Asker(
        guild_id=interaction.guild_id or 0,
        user_id=who.id,
        role_ids=tuple(role.id for role in roles),
        channel_id=channel_id or parent_id or interaction.channel_id,
    )
