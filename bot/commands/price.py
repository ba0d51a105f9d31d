"""/price: what a clip would cost and become, before anything is spent."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.commands.options import Prompt, model_choices
from bot.flag_effects import complete_flagged
from bot.ordering import Ordering
from bot.request_options import RequestOptions
from config.settings import Settings
from generation.models.catalogue import Catalogue
from generation.request import Command

COMMANDS = [
    Choice(name=command.value, value=command.value)
    for command in (Command.IMAGINE_VIDEO, Command.LOOP, Command.NARRATE)
]


class PriceCog(commands.Cog):
    def __init__(self, *, settings: Settings, catalogue: Catalogue, ordering: Ordering) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._ordering = ordering

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
        model: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        options = RequestOptions(command=Command(command), prompt=prompt, model=model)
        default_model = self._settings.generation.default_model
        request, notes = complete_flagged(options, self._catalogue, default_model=default_model)
        await self._ordering.preview(interaction, request, notes=notes)

    @price.autocomplete("model")
    async def _complete_model(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        command = interaction.namespace.command or Command.IMAGINE_VIDEO.value
        return model_choices(self._catalogue, command, typed)
