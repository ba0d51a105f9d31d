"""Who may do what only moderators may: checked at every command and press, by what Discord sent.

The client hides such commands from others, which is a courtesy and no protection.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import ModeratorsOnly


def require_moderator(interaction: discord.Interaction[Any]) -> None:
    """Raises ModeratorsOnly for whoever may not manage the server."""
    if not interaction.permissions.manage_guild:
        raise ModeratorsOnly("Manage Server")


def may_manage_messages(interaction: discord.Interaction[Any]) -> bool:
    """Whether the member may do to others' jobs here what their authors may."""
    return interaction.permissions.manage_messages


def role_ids_of(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The roles that the member holds in this guild."""
    member = interaction.user
    return tuple(role.id for role in member.roles) if isinstance(member, discord.Member) else ()
