"""/help: what this is, a topic at a time, or one command."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.guide.pages import HelpPages
from bot.languages import Languages

ASKED_MAX_CHARACTERS = 100


class HelpCog(commands.Cog):
    def __init__(self, *, pages: HelpPages, languages: Languages) -> None:
        self._pages = pages
        self._languages = languages

    @app_commands.command(name="help", description="How this works, with examples that you can run")
    @app_commands.guild_only()
    @app_commands.describe(topic="A topic, or a command such as imagine-video")
    async def explain(
        self,
        interaction: discord.Interaction[Any],
        topic: Range[str, 1, ASKED_MAX_CHARACTERS] | None = None,
    ) -> None:
        page = self._pages.page(topic, self._languages.of(interaction))
        await interaction.response.send_message(embed=page.embed, view=page.view, ephemeral=True)

    @explain.autocomplete("topic")
    async def _complete_topic(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        return self._pages.suggestions(typed, self._languages.of(interaction))
