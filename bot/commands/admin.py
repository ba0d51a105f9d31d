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
from storage import guild_settings, moderation
from storage.database import Connection, Database
from storage.guild_settings import QuotaChange
from storage.moderation import Act

SHOWN_ACTS = 15
JOB_ID_CHARACTERS = 13


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

    @app_commands.command(name="log", description="What moderators set and did here, newest first")
    async def show_log(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id = interaction.guild_id or 0

        def read(connection: Connection) -> list[tuple[datetime, str]]:
            acts = moderation.acts(connection, guild_id=guild_id, limit=SHOWN_ACTS)
            changes = guild_settings.changes(connection, guild_id=guild_id, limit=SHOWN_ACTS)
            lines = [(act.made_at, _act_line(act)) for act in acts]
            lines += [(change.changed_at, _quota_line(change)) for change in changes]
            return sorted(lines, key=lambda line: line[0], reverse=True)[:SHOWN_ACTS]

        lines = [
            f"{discord.utils.format_dt(at, 'R')} {line}"
            for at, line in await self._database.read(read)
        ]
        embed = discord.Embed(
            title="What moderators did", description="\n".join(lines) or "Nothing so far."
        )
        await interaction.followup.send(embed=embed, ephemeral=True)


def _act_line(act: Act) -> str:
    who = f"<@{act.made_by}>"
    match act.act:
        case "relaxed":
            return f"{who} {'opened' if act.value else 'closed'} the relaxed lane"
        case "role_grant" if act.value:
            credits_text = credit_count(act.value)
            return f"{who} gave <@&{act.subject}> {credits_text} a {act.detail}"
        case "role_grant":
            return f"{who} ended what <@&{act.subject}> brings"
        case "requeue":
            return f"{who} tried dead job `{act.subject}` again as `{act.detail}`"


def _quota_line(change: QuotaChange) -> str:
    whose = f"<@{change.user_id}>'s" if change.user_id else "everybody's default"
    if change.daily_allowance_credits is None:
        return f"<@{change.changed_by}> cleared {whose} daily allowance"
    allowance = credit_count(change.daily_allowance_credits)
    return f"<@{change.changed_by}> set {whose} daily allowance to {allowance}"
