"""/admin report: what this server's members made, as a picture and a table."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.report import numbers, picture
from bot.report.gathering import gather
from bot.text import mention
from storage.database import Database


class ReportCommands(commands.Cog):
    """Part of `AdminCog`, which checks who asks."""

    database: Database

    @app_commands.command(
        name="report", description="GPU minutes by member and role, waits, refunds, most remixed"
    )
    @app_commands.describe(days="Of the last so many days")
    async def report(
        self, interaction: discord.Interaction[Any], days: Range[int, 1, 366] = 7
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild = interaction.guild
        assert guild is not None  # the command tree admits guilds only
        found = await gather(self.database, guild, days=days)
        drawn = await asyncio.to_thread(picture.draw, found)
        # A spreadsheet takes a file for UTF-8 by its byte order mark.
        table = numbers.as_csv(found).encode("utf-8-sig")
        lines = [f"The last {days} day{'' if days == 1 else 's'}."]
        if found.remixed:
            lines.append("Most remixed:")
            lines += [
                f"`{each.job_id}` by {mention(each.user_id)}: {each.remixes} ×"
                for each in found.remixed
            ]
        await interaction.followup.send(
            "\n".join(lines),
            files=[
                discord.File(io.BytesIO(drawn), "report.png"),
                discord.File(io.BytesIO(table), "report.csv"),
            ],
            ephemeral=True,
        )
