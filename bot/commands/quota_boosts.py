"""/quota boost, boosts, end-boost: times of larger allowances, that end by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.errors import NotADay
from storage import boosts
from storage.boosts import MOST_FACTOR, Boost
from storage.database import Database

SHOWN_BOOSTS = 20


class BoostCommands(commands.Cog):
    """Part of `QuotaCog`, which checks who asks."""

    database: Database

    @app_commands.command(
        name="boost", description="Multiply every daily allowance for some days, as exam week"
    )
    @app_commands.describe(
        factor="By how much, as 2 or 1.5",
        first="The first day, as 2026-12-01 (UTC)",
        last="The last day, that one included",
        name="What it is for",
    )
    async def set_boost(
        self,
        interaction: discord.Interaction[Any],
        factor: Range[float, 1.1, MOST_FACTOR],
        first: Range[str, 10, 10],
        last: Range[str, 10, 10],
        name: Range[str, 1, 60] = "boost",
    ) -> None:
        boost = Boost(
            id=str(interaction.id),
            name=name,
            factor=factor,
            first_day=_day(first),
            last_day=_day(last),
            set_by=interaction.user.id,
        )
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.database.write(
            lambda connection: boosts.set_boost(
                connection, boost, guild_id=interaction.guild_id or 0, now=datetime.now(UTC)
            )
        )
        await interaction.followup.send(
            f"{_line(boost)}. Where boosts overlap, the largest counts.", ephemeral=True
        )

    @app_commands.command(name="boosts", description="Boosts that count now, or will")
    async def list_boosts(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        coming = await self._coming(interaction.guild_id or 0)
        embed = discord.Embed(
            title="Boosts",
            description="\n".join(map(_line, coming[:SHOWN_BOOSTS]))
            or "There are none. `/quota boost` makes one.",
        )
        if len(coming) > SHOWN_BOOSTS:
            embed.set_footer(text=f"and {len(coming) - SHOWN_BOOSTS} later ones")
        await interaction.followup.send(embed=embed, ephemeral=True)

    @app_commands.command(name="end-boost", description="End a boost before its last day")
    @app_commands.describe(boost="Which one")
    async def end_boost(
        self, interaction: discord.Interaction[Any], boost: Range[str, 1, 20]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        ended = await self.database.write(
            lambda connection: boosts.end(
                connection,
                guild_id=interaction.guild_id or 0,
                boost_id=boost,
                ended_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(f"Ended: {_line(ended)}.", ephemeral=True)

    @end_boost.autocomplete("boost")
    async def _complete_boost(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        return [
            Choice(name=f"{boost.name}, from {boost.first_day}"[:100], value=boost.id)
            for boost in await self._coming(interaction.guild_id or 0)
            if typed.lower() in boost.name.lower()
        ][:25]

    async def _coming(self, guild_id: int) -> list[Boost]:
        today = datetime.now(UTC).date()
        known = await self.database.read(
            lambda connection: boosts.boosts(connection, guild_id=guild_id)
        )
        return [boost for boost in known if boost.last_day >= today]


def _day(text: str) -> date:
    """Raises NotADay."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotADay(text) from None


def _line(boost: Boost) -> str:
    name = discord.utils.escape_markdown(boost.name)
    return f"× {boost.factor:g} for “{name}”, from {boost.first_day} to {boost.last_day} (UTC)"
