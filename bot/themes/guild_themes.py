"""Themes as one server sees them: which one a command means, and that of a button."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import NoThemeHere
from storage.database import Database
from storage.themes import phases
from storage.themes.phases import Theme


async def theme_meant(database: Database, interaction: discord.Interaction[Any]) -> Theme:
    """The theme of the thread, or else the only one that runs: here, or on the whole server.

    Raises NoThemeHere.
    """
    theme = await theme_of_thread(database, interaction)
    if theme is not None:
        return theme
    running = await database.read(
        lambda connection: phases.running(connection, guild_id=interaction.guild_id or 0)
    )
    here = [one for one in running if one.channel_id == interaction.channel_id]
    for found in (running, here):
        if len(found) == 1:
            return found[0]
    raise NoThemeHere(tuple(one.thread_id for one in running if one.thread_id))


async def theme_of_thread(
    database: Database, interaction: discord.Interaction[Any]
) -> Theme | None:
    """The theme that the thread is of, where the interaction comes from one."""
    return await database.read(
        lambda connection: phases.of_thread(connection, thread_id=interaction.channel_id or 0)
    )


async def theme_of_guild(
    database: Database, interaction: discord.Interaction[Any], theme_id: str
) -> Theme:
    """The theme, if it is of this server. Raises UnknownTheme."""
    return await database.read(
        lambda connection: phases.get(connection, theme_id, guild_id=interaction.guild_id or 0)
    )
