"""/admin: dead jobs, the relaxed lane, and what moderators did. Checked at every call, whatever
the client showed, and recorded with who did it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.dead_jobs import DeadJobs
from bot.moderators import require_moderator
from bot.text import credit_count
from storage import guild_settings, moderator_log
from storage.database import Database
from storage.moderator_log import LogEntry

SHOWN_ENTRIES = 15
JOB_ID_CHARACTERS = 13
MAX_PREVIEW = 1_000_000_000
MAX_LIKES = 1000
LIKES_DEFAULT = 3


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class AdminCog(commands.GroupCog, group_name="admin", group_description="For moderators"):
    def __init__(self, *, database: Database, dead_jobs: DeadJobs) -> None:
        self._database = database
        self._dead_jobs = dead_jobs

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Raises ModeratorsOnly."""
        require_moderator(interaction)
        return True

    @app_commands.command(
        name="dead", description="Jobs that took their worker down twice, and why"
    )
    async def list_dead(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self._dead_jobs.page(interaction.guild_id or 0, 0)
        await interaction.followup.send(embed=page.embed, view=page.view, ephemeral=True)

    @app_commands.command(
        name="requeue", description="Try a dead job again, for its author's credits"
    )
    @app_commands.describe(job="The job's id, as /admin dead shows it")
    async def requeue(
        self,
        interaction: discord.Interaction[Any],
        job: Range[str, JOB_ID_CHARACTERS, JOB_ID_CHARACTERS],
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        answer = await self._dead_jobs.requeue(interaction, job)
        await interaction.followup.send(answer, ephemeral=True)

    @app_commands.command(
        name="relaxed", description="Whether members without credits may queue behind all others"
    )
    @app_commands.describe(allowed="Their clips are then made when nobody who pays waits")
    async def allow_relaxed(self, interaction: discord.Interaction[Any], allowed: bool) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._database.write(
            lambda connection: guild_settings.allow_relaxed(
                connection,
                guild_id=interaction.guild_id or 0,
                allowed=allowed,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            "From now on, whoever lacks the credits may still queue: free, and after everybody "
            "who pays."
            if allowed
            else "From now on, whoever lacks the credits is refused. What waits already is made.",
            ephemeral=True,
        )

    @app_commands.command(
        name="preview", description="Above what price a clip is shown with its price first"
    )
    @app_commands.describe(above="Credits; what costs more waits for a press on Generate")
    async def set_preview(
        self, interaction: discord.Interaction[Any], above: Range[int, 0, MAX_PREVIEW]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._database.write(
            lambda connection: guild_settings.set_preview(
                connection,
                guild_id=interaction.guild_id or 0,
                above_credits=above,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"From now on, what costs more than {credit_count(above)} is previewed.", ephemeral=True
        )

    @app_commands.command(
        name="showcase", description="A channel for the clips that members like most"
    )
    @app_commands.describe(
        channel="Where liked clips are posted, once each",
        likes="How many likes lift a clip; 0 for no showcase",
    )
    async def set_showcase(
        self,
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel,
        likes: Range[int, 0, MAX_LIKES] = LIKES_DEFAULT,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._database.write(
            lambda connection: guild_settings.set_showcase(
                connection,
                guild_id=interaction.guild_id or 0,
                likes=likes,
                channel_id=channel.id,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        said = (
            f"From {likes} likes on, a clip of the gallery is posted in <#{channel.id}>."
            if likes
            else "No more clips are lifted into a showcase."
        )
        await interaction.followup.send(said, ephemeral=True)

    @app_commands.command(name="log", description="What moderators set and did here, newest first")
    async def show_log(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id = interaction.guild_id or 0

        entries = await self._database.read(
            lambda connection: moderator_log.newest(
                connection, guild_id=guild_id, limit=SHOWN_ENTRIES
            )
        )
        lines = [
            f"{discord.utils.format_dt(entry.made_at, 'R')} <@{entry.made_by}> {_line(entry)}"
            for entry in entries
        ]
        embed = discord.Embed(
            title="What moderators did", description="\n".join(lines) or "Nothing so far."
        )
        await interaction.followup.send(embed=embed, ephemeral=True)


def _line(entry: LogEntry) -> str:
    match entry.what:
        case "relaxed":
            was = "open" if entry.before else "closed"
            return f"{'opened' if entry.after else 'closed'} the relaxed lane (it was {was})"
        case "role_grant":
            was = _brings(entry.before, entry.detail_before)
            if not entry.after:
                return f"ended what <@&{entry.subject}> brings (before: {was})"
            return f"gave <@&{entry.subject}> {_brings(entry.after, entry.detail)} (before: {was})"
        case "preview":
            before = "the default" if entry.before is None else credit_count(entry.before)
            after = credit_count(entry.after or 0)
            return f"previews what costs more than {after} (before: {before})"
        case "showcase":
            where = f" in <#{entry.detail}> from {entry.after} likes on" if entry.after else " off"
            return f"set the showcase{where}"
        case "report":
            reason = discord.utils.escape_markdown(entry.detail)
            return f"reported job `{entry.subject}`: {reason}"
        case "requeue":
            return f"tried dead job `{entry.subject}` again as `{entry.detail}`"
        case "allowance":
            whose = f"<@{entry.subject}>'s" if entry.subject else "everybody's default"
            was = "not set" if entry.before is None else credit_count(entry.before)
            if entry.after is None:
                return f"cleared {whose} daily allowance (before: {was})"
            after = credit_count(entry.after)
            return f"set {whose} daily allowance to {after} (before: {was})"
        case "grant":
            before, after = entry.before or 0, entry.after or 0
            reason = discord.utils.escape_markdown(entry.detail)
            return (
                f"granted <@{entry.subject}> {credit_count(after - before)}, from {before} to "
                f"{after} ({reason})"
            )


def _brings(amount_credits: int | None, window: str | None) -> str:
    return f"{credit_count(amount_credits)} a {window}" if amount_credits else "nothing"
