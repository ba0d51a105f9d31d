"""/quota: what moderators do about members' credits. Checked at every call, whatever the client
showed, and recorded with who did it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.commands.credits import account_embed, member_account
from bot.moderators import require_moderator
from bot.text import credit_count
from config.settings import Settings
from storage import guild_settings, ledger, role_grants
from storage.database import Connection, Database
from storage.role_grants import Window

CREDITS_MAX = 1_000_000


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class QuotaCog(commands.GroupCog, group_name="quota", group_description="Members' credits"):
    def __init__(self, *, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Raises ModeratorsOnly."""
        require_moderator(interaction)
        return True

    @app_commands.command(name="show", description="A member's credits, allowance and history")
    @app_commands.describe(member="Whose credits")
    async def show(self, interaction: discord.Interaction[Any], member: discord.Member) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        balance, history = await self._database.write(
            lambda connection: member_account(
                connection,
                guild_id=interaction.guild_id or 0,
                user_id=member.id,
                role_ids=tuple(role.id for role in member.roles),
                default_allowance=self._settings.credits.daily_allowance,
            )
        )
        name = discord.utils.escape_markdown(member.display_name)
        await interaction.followup.send(
            embed=account_embed(f"Credits of {name}", balance, history), ephemeral=True
        )

    @app_commands.command(name="set", description="Set the daily allowance of a member or of all")
    @app_commands.describe(
        credits="Credits a day",
        member="Whose allowance; leave it out to set everybody's default here",
    )
    async def set_allowance(
        self,
        interaction: discord.Interaction[Any],
        credits: Range[int, 0, CREDITS_MAX],  # noqa: A002  the option's name in chat
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = datetime.now(UTC)

        def change(connection: Connection) -> None:
            guild_settings.set_allowance(
                connection,
                guild_id=interaction.guild_id or 0,
                user_id=member.id if member else None,
                daily_allowance_credits=credits,
                changed_by=interaction.user.id,
                now=now,
            )

        await self._database.write(change)
        whose = f"<@{member.id}>'s" if member else "everybody's default"
        await interaction.followup.send(
            f"From the next refill, {whose} daily allowance is {credit_count(credits)}.",
            ephemeral=True,
        )

    @app_commands.command(name="role", description="Give holders of a role credits regularly")
    @app_commands.describe(
        role="Whose holders receive them", credits="How many; 0 ends it", every="How often"
    )
    @app_commands.choices(every=[Choice(name=window, value=window) for window in Window])
    async def set_role_grant(
        self,
        interaction: discord.Interaction[Any],
        role: discord.Role,
        credits: Range[int, 0, CREDITS_MAX],  # noqa: A002  the option's name in chat
        every: str = Window.WEEK.value,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._database.write(
            lambda connection: role_grants.set_grant(
                connection,
                guild_id=interaction.guild_id or 0,
                role_id=role.id,
                amount_credits=credits,
                window=Window(every),
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"Whoever holds {role.mention} receives {credit_count(credits)} a {every}, at their "
            "first command in it, on top of the daily allowance."
            if credits
            else f"{role.mention} brings nothing any more.",
            ephemeral=True,
        )

    @app_commands.command(name="grant", description="Give a member credits now")
    @app_commands.describe(
        member="Who receives them", credits="How many", reason="Why; shown in the history"
    )
    async def grant(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        credits: Range[int, 1, CREDITS_MAX],  # noqa: A002  the option's name in chat
        reason: Range[str, 1, 100] = "granted by a moderator",
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: ledger.grant(
                connection,
                grant_id=str(interaction.id),
                guild_id=interaction.guild_id or 0,
                user_id=member.id,
                amount_credits=credits,
                reason=reason,
                granted_by=interaction.user.id,
                now=now,
            )
        )
        await interaction.followup.send(
            f"<@{member.id}> received {credit_count(credits)}.", ephemeral=True
        )
