"""/price: what a clip would cost and become, before anything is spent."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.commands.options import ModelName, Prompt
from bot.flag_effects import complete_flagged
from bot.guild_models import GuildModels
from bot.ordering import Ordering
from bot.request_options import RequestOptions
from generation.models.catalogue import Catalogue
from generation.request import Command

COMMANDS = [
    Choice(name=command.value, value=command.value)
    for command in (Command.IMAGINE_VIDEO, Command.LOOP, Command.NARRATE)
]


class PriceCog(commands.Cog):
    def __init__(
        self, *, catalogue: Catalogue, ordering: Ordering, guild_models: GuildModels
    ) -> None:
        self._catalogue = catalogue
        self._ordering = ordering
        self._guild_models = guild_models

    @app_commands.command(
        name="price", description="What a clip would cost and become, before you spend anything"
    )
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="Words, and flags for everything else: a red fox -ar 16:9 -dur 4",
        command="Which command would make it",
        model="Which model would make it; see /models",
    )
    @app_commands.choices(command=COMMANDS)
    async def price(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt,
        command: str = Command.IMAGINE_VIDEO.value,
        model: ModelName | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        options = RequestOptions(command=Command(command), prompt=prompt, model=model)
        default_model = await self._guild_models.choose(
            options.command, guild_id=interaction.guild_id
        )
        request, notes = complete_flagged(options, self._catalogue, default_model=default_model)
        await self._ordering.preview(interaction, request, notes=notes)
