"""/admin defaults: options that count in a channel where members say nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot import option_lines
from bot.commands.options import (
    ASPECT_CHOICES,
    ModelName,
    PresetName,
    described,
)
from bot.option_pages import OptionPages, defaults_shown, place
from bot.text import with_notes
from generation.models.catalogue import Catalogue
from storage import option_defaults
from storage.database import Connection, Database
from storage.option_defaults import OptionDefaults


class DefaultsCommands(commands.Cog):
    """Part of `AdminCog`, which checks who asks."""

    database: Database
    catalogue: Catalogue
    default_model: str
    option_pages: OptionPages

    defaults = app_commands.Group(
        name="defaults", description="Options that count where members say nothing else"
    )

    @defaults.command(name="set", description="Change the default options of a channel, or of all")
    @described("model", "preset", "aspect", "duration", "steps", "private")
    @app_commands.describe(channel="Leave it out for every channel without its own")
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def set_defaults(
        self,
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel | None = None,
        model: ModelName | None = None,
        preset: PresetName | None = None,
        aspect: str | None = None,
        duration: Range[float, 1, 60] | None = None,
        steps: Range[int, 1, 100] | None = None,
        private: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        typed: dict[str, object] = {
            "model": model,
            "preset": preset,
            "aspect": option_lines.aspect(aspect) if aspect else None,
            "seconds": duration,
            "steps": steps,
        }
        changes = {name: value for name, value in typed.items() if value is not None}

        def change(connection: Connection) -> tuple[OptionDefaults, tuple[str, ...]]:
            guild_id = interaction.guild_id or 0
            before = option_defaults.get(
                connection, channel.id if channel else None, guild_id=guild_id
            )
            line, notes = option_lines.changed(
                before.options, changes, self.catalogue, default_model=self.default_model
            )
            after = replace(
                before, options=line, private=before.private if private is None else private
            )
            option_defaults.put(
                connection,
                after,
                guild_id=guild_id,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
            return after, notes

        after, notes = await self.database.write(change)
        said = f"{place(after)} now: {defaults_shown(after)}"
        await interaction.followup.send(with_notes(said, notes), ephemeral=True)

    @defaults.command(name="list", description="The default options of this server's channels")
    async def list_defaults(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self.option_pages.defaults(interaction.guild_id or 0, 0)
        await interaction.followup.send(embed=page.embed, view=page.view, ephemeral=True)

    @defaults.command(name="clear", description="Take back the default options of a channel")
    @app_commands.describe(channel="Leave it out for those of every channel without its own")
    async def clear_defaults(
        self, interaction: discord.Interaction[Any], channel: discord.TextChannel | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        empty = OptionDefaults(channel_id=channel.id if channel else None)
        cleared = await self.database.write(
            lambda connection: option_defaults.put(
                connection,
                empty,
                guild_id=interaction.guild_id or 0,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        said = "now: none." if cleared else "had no default options."
        await interaction.followup.send(f"{place(empty)} {said}", ephemeral=True)
