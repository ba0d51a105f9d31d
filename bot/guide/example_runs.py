"""Runs an example of /help: does what typing it would do, but for a price that is shown first."""

from __future__ import annotations

from typing import Any, cast

import discord
from discord.ext import commands

from bot.errors import NothingMadeYet, UnknownExample
from bot.guide.content import NEWEST_CLIP, NEWEST_PICTURE, Content, Value
from bot.guide.pages import HelpPages
from bot.ordering import PRICE_FIRST
from bot.source_clips import latest
from storage.database import Database


class ExampleRuns:
    def __init__(self, *, content: Content, pages: HelpPages, database: Database) -> None:
        self._content = content
        self._pages = pages
        self._database = database

    async def run(self, interaction: discord.Interaction[Any], example_id: str) -> None:
        """Calls the example's command for whoever pressed, who may do what they may by typing it.

        A clip is previewed with its price, and ordered by the preview's button. Raises
        UnknownExample, NothingMadeYet, ModeratorsOnly and what the command raises.
        """
        example = self._content.example(example_id)
        if example is None:
            raise UnknownExample(example_id)
        command = self._pages.command(example.command)
        cog = cast(commands.Cog, command.binding)
        await discord.utils.maybe_coroutine(cog.interaction_check, interaction)
        options = {
            name: await self._filled(interaction, value) for name, value in example.options.items()
        }
        interaction.extras[PRICE_FIRST] = True
        await cast(Any, command.callback)(cog, interaction, **options)

    async def _filled(self, interaction: discord.Interaction[Any], value: Value) -> Value:
        """The job id of what the member made last, where the example says so."""
        if value not in (NEWEST_CLIP, NEWEST_PICTURE):
            return value
        assert interaction.guild_id is not None  # /help answers in guilds only
        guild_id, user_id = interaction.guild_id, interaction.user.id
        clips = await latest(self._database, guild_id=guild_id, user_id=user_id, stills=False)
        if value == NEWEST_CLIP:
            found = clips
        else:
            made = await latest(self._database, guild_id=guild_id, user_id=user_id, stills=True)
            found = tuple(one for one in made if one not in clips)
        if not found:
            raise NothingMadeYet("clip" if value == NEWEST_CLIP else "picture")
        return found[0][0]
