"""/admin review, takedown, restore: what members report, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.choices import job_choices
from bot.errors import ChannelForbidden
from bot.replies import answer
from bot.reviewing.desk import REASON_MAX_CHARACTERS, ReviewDesk
from bot.source_clips import any_job_named
from generation.request import GenerationRequest
from storage import jobs, review_announcements, reviews
from storage.database import Connection, Database

CLIP_MAX_CHARACTERS = 200
NEEDED_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
}


class ReviewCommands(commands.Cog):
    """Part of `AdminCog`, which checks who asks."""

    database: Database
    review_desk: ReviewDesk

    @app_commands.command(
        name="review", description="What members reported and authors appealed, newest first"
    )
    @app_commands.describe(
        channel="Announce new reports there from now on",
        announce="False announces them no more",
    )
    async def review(
        self,
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel | None = None,
        announce: bool = True,
    ) -> None:
        if channel is not None and announce:
            _check_postable(channel)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if channel is not None or not announce:
            channel_id = channel.id if channel is not None and announce else None
            await self.database.write(
                lambda connection: review_announcements.set_channel(
                    connection,
                    guild_id=interaction.guild_id or 0,
                    channel_id=channel_id,
                    set_by=interaction.user.id,
                    now=datetime.now(UTC),
                )
            )
            said = (
                f"New reports and appeals are announced in <#{channel_id}>."
                if channel_id
                else "New reports are announced nowhere any more."
            )
            await answer(interaction, said)
        await self.review_desk.open(interaction)

    @app_commands.command(
        name="takedown", description="Take a clip out of channel, gallery and search; asks once"
    )
    @app_commands.describe(
        clip="The job id at the foot of its card, or the card's message link",
        reason="Why; its author reads it",
    )
    async def take_down(
        self,
        interaction: discord.Interaction[Any],
        clip: Range[str, 1, CLIP_MAX_CHARACTERS],
        reason: Range[str, 1, REASON_MAX_CHARACTERS],
    ) -> None:
        record = await any_job_named(self.database, clip, guild_id=interaction.guild_id)
        await self.review_desk.ask_take_down(interaction, record, reason, answer)

    @app_commands.command(
        name="restore", description="Bring back a clip that was taken down, with all it had"
    )
    @app_commands.describe(clip="The job id at the foot of its card, or the card's message link")
    async def restore(
        self, interaction: discord.Interaction[Any], clip: Range[str, 1, CLIP_MAX_CHARACTERS]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        record = await any_job_named(self.database, clip, guild_id=interaction.guild_id)
        await self.review_desk.restore(interaction, record, answer)

    @restore.autocomplete("clip")
    async def _complete_taken_down(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        def read(connection: Connection) -> list[tuple[str, str]]:
            found = reviews.taken_down(connection, guild_id=interaction.guild_id or 0, limit=100)
            records = [jobs.get(connection, review.job_id) for review in found]
            return [
                (record.id, GenerationRequest.from_json(record.request_json).prompt[:60])
                for record in records
            ]

        return job_choices(await self.database.read(read), typed)


def _check_postable(channel: discord.TextChannel) -> None:
    """Raises ChannelForbidden where the bot could not announce anything."""
    mine = channel.permissions_for(channel.guild.me)
    missing = tuple(words for name, words in NEEDED_PERMISSIONS.items() if not getattr(mine, name))
    if missing:
        raise ChannelForbidden(missing)
