"""Reports and appeals from a comparison's message, where clips are known by their letters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.arena.guild_comparisons import comparison_of_guild
from bot.guild_jobs import job_of_guild, require_up
from storage.database import Database
from storage.jobs import JobRecord

OpenForm = Callable[[discord.Interaction[Any], JobRecord], Awaitable[None]]


class Objections:
    """`report` and `appeal` open the forms that clips of ordinary cards have too; `side` is 0 for A
    and 1 for B. Both raise UnknownComparison, and what the form raises."""

    def __init__(self, *, database: Database, report: OpenForm, appeal: OpenForm) -> None:
        self._database = database
        self._report = report
        self._appeal = appeal

    async def report(
        self, interaction: discord.Interaction[Any], comparison_id: str, side: int
    ) -> None:
        """Raises ClipTakenDown."""
        record = await self._job(interaction, comparison_id, side)
        require_up(record)
        await self._report(interaction, record)

    async def appeal(
        self, interaction: discord.Interaction[Any], comparison_id: str, side: int
    ) -> None:
        """Raises OnlyTheAuthor, AlreadyReviewed."""
        await self._appeal(interaction, await self._job(interaction, comparison_id, side))

    async def _job(
        self, interaction: discord.Interaction[Any], comparison_id: str, side: int
    ) -> JobRecord:
        guild_id = interaction.guild_id
        both = await comparison_of_guild(self._database, comparison_id, guild_id=guild_id)
        return await job_of_guild(self._database, both.job_ids[side], guild_id=guild_id)
