"""/price: what a clip would cost and become, before anything is spent."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.commands.options import ModelName, OptionSetName, Prompt, described
from bot.layered_options import LayeredOptions
from bot.ordering import Ordering
from bot.request_options import RequestOptions
from generation.request import Command

COMMANDS = [
    Choice(name=command.value, value=command.value)
    for command in (Command.IMAGINE_VIDEO, Command.LOOP, Command.NARRATE)
]


class PriceCog(commands.Cog):
    def __init__(self, *, layered_options: LayeredOptions, ordering: Ordering) -> None:
        self._layered_options = layered_options
        self._ordering = ordering

    @app_commands.command(
        name="price", description="What a clip would cost and become, before you spend anything"
    )
    @app_commands.guild_only()
    @described("options")
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
        options: OptionSetName | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        typed = RequestOptions(command=Command(command), prompt=prompt, model=model)
        completed = await self._layered_options.complete(interaction, typed, saved=options)
        await self._ordering.preview(
            interaction, completed.request, notes=completed.notes, origins=completed.origins
        )
