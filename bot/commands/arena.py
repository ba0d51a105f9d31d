"""/compare and /arena: two models on the same words, judged blind, and what the votes come to."""

from __future__ import annotations

import asyncio
import io
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.arena import picture
from bot.arena.comparing import Comparing
from bot.arena.contenders import contenders
from bot.arena.leaderboard import Leaderboards, draw_leaderboard
from bot.choices import AUTOCOMPLETE_CHOICES, CHOICE_MAX_CHARACTERS
from bot.commands.options import ASPECT_CHOICES, Prompt, Seed, described
from bot.request_options import RequestOptions
from generation.models.catalogue import Catalogue
from generation.request import Command
from storage import conduct
from storage.database import Database


class ArenaCog(commands.Cog):
    arena = app_commands.Group(
        name="arena", description="What the votes on comparisons come to", guild_only=True
    )

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        comparing: Comparing,
        leaderboards: Leaderboards,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._comparing = comparing
        self._leaderboards = leaderboards

    @app_commands.command(
        name="compare", description="The same words and seed on two models, blind: vote for one"
    )
    @app_commands.guild_only()
    @described("prompt", "duration", "aspect", "seed")
    @app_commands.describe(
        model_a="One who is to meet, as pocket or pocket/quick; such votes are not rated",
        model_b="The other; which of them is shown as A is drawn all the same",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def compare(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt,
        duration: Range[float, 1, 60] | None = None,
        aspect: str | None = None,
        seed: Seed | None = None,
        model_a: str | None = None,
        model_b: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        options = RequestOptions(
            command=Command.IMAGINE_VIDEO,
            prompt=prompt,
            seconds=duration,
            aspect=aspect,
            seed=seed,
        )
        await self._comparing.compare(interaction, options, (model_a, model_b))

    @compare.autocomplete("model_a")
    @compare.autocomplete("model_b")
    async def _complete_contender(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        guild_id = interaction.guild_id or 0
        allowed = await self._database.read(
            lambda connection: conduct.allowed(connection, guild_id=guild_id)
        )
        choices = [
            Choice(
                name=f"{each.title(self._catalogue)} ({each.name})"[:CHOICE_MAX_CHARACTERS],
                value=each.name,
            )
            for each in contenders(self._catalogue, allowed)
        ]
        wanted = typed.casefold()
        return [each for each in choices if wanted in each.name.casefold()][:AUTOCOMPLETE_CHOICES]

    @arena.command(name="leaderboard", description="Which models are preferred, and how surely")
    @app_commands.describe(of="Whose votes count")
    async def leaderboard(
        self,
        interaction: discord.Interaction[Any],
        of: Literal["this server", "all servers"] = "this server",
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild = interaction.guild
        assert guild is not None  # the command tree admits guilds only
        if of == "all servers":
            board = await self._leaderboards.of_all()
        else:
            board = await self._leaderboards.of_guild(guild.id, guild.name)
        embed = draw_leaderboard(board)
        files: list[discord.File] = []
        if board.lines:
            drawn = await asyncio.to_thread(picture.draw, board)
            files.append(discord.File(io.BytesIO(drawn), "leaderboard.png"))
            embed.set_image(url="attachment://leaderboard.png")
        await interaction.followup.send(embed=embed, files=files, ephemeral=True)
