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
from bot.commands.quota_boosts import BoostCommands
from bot.commands.quota_rules import QuotaRuleCommands
from bot.moderators import asker_of, require_moderator
from bot.text import credit_count
from bot.views.asked_once import Undoable, question_view
from config.settings import Settings
from storage import ledger, pots, quotas, role_grants
from storage.database import Connection, Database
from storage.pots import Deed, PotShare
from storage.role_grants import Window

CREDITS_MAX = 1_000_000


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class QuotaCog(
    QuotaRuleCommands,
    BoostCommands,
    commands.GroupCog,
    group_name="quota",
    group_description="Members' credits",
):
    """Who has which credits here; rules and boosts have files of their own."""

    def __init__(self, *, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Raises ModeratorsOnly."""
        require_moderator(interaction)
        return True

    @app_commands.command(name="show", description="A member's credits, allowance and history")
    @app_commands.describe(member="Whose credits")
    async def show(self, interaction: discord.Interaction[Any], member: discord.Member) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        account = await self.database.write(
            lambda connection: member_account(
                connection,
                asker_of(interaction, member),
                default_allowance=self.settings.credits.daily_allowance,
            )
        )
        name = discord.utils.escape_markdown(member.display_name)
        await interaction.followup.send(
            embed=account_embed(f"Credits of {name}", account), ephemeral=True
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
        await self.database.write(
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
        deed = _deed(interaction, reason)
        await self.database.write(
            lambda connection: pots.grant(
                connection, deed, user_id=member.id, amount_credits=credits
            )
        )
        await interaction.followup.send(
            f"<@{member.id}> received {credit_count(credits)}.", ephemeral=True
        )

    @app_commands.command(name="reset", description="Set a member's credits to their allowance")
    @app_commands.describe(member="Whose credits; what is held for jobs stays held")
    async def reset(self, interaction: discord.Interaction[Any], member: discord.Member) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        asker = asker_of(interaction, member)

        def read(connection: Connection) -> tuple[int, int]:
            allowance = quotas.quota(
                connection,
                asker,
                default_credits=self.settings.credits.daily_allowance,
                now=datetime.now(UTC),
            ).allowance_credits
            available = ledger.available_credits(
                connection, guild_id=asker.guild_id, user_id=asker.user_id
            )
            return available, allowance

        available, allowance = await self.database.read(read)
        await interaction.followup.send(
            f"<@{member.id}> can spend {credit_count(available)} now. Make that {allowance}, their "
            "daily allowance?",
            view=question_view(Undoable.RESET_CREDITS, f"{member.id}-{allowance}"),
            ephemeral=True,
        )

    @app_commands.command(
        name="pot", description="Put credits into the server's pot, or limit what it pays a member"
    )
    @app_commands.describe(
        credits="How many; the pot pays for members who run out",
        member="Whose credits they are; leave it out to add new ones",
        reason="Why; shown in the history",
        limit="The most that it pays one member a day (UTC); 0 for no limit",
    )
    async def fill_pot(
        self,
        interaction: discord.Interaction[Any],
        credits: Range[int, 1, CREDITS_MAX] | None = None,  # noqa: A002  the option's name in chat
        member: discord.Member | None = None,
        reason: Range[str, 1, 100] = "into the server's pot",
        limit: Range[int, 0, CREDITS_MAX] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        deed = _deed(interaction, reason)

        def change(connection: Connection) -> PotShare:
            if limit is not None:
                pots.set_limit(
                    connection,
                    guild_id=deed.guild_id,
                    limit_credits=limit or None,
                    set_by=deed.made_by,
                    now=deed.now,
                )
            if credits is not None:
                from_user_id = member.id if member else None
                pots.fill_pot(connection, deed, amount_credits=credits, from_user_id=from_user_id)
            return pots.share_of(
                connection, guild_id=deed.guild_id, user_id=deed.made_by, now=deed.now
            )

        pot = await self.database.write(change)
        source = f" of <@{member.id}>'s" if member else ""
        has = f"The pot has {pot.pot_credits} now"
        if credits is not None:
            has = (
                f"Put {credit_count(credits)}{source} into the pot, which has {pot.pot_credits} now"
            )
        most = "as much as they need"
        if pot.limit_credits is not None:
            most = f"at most {credit_count(pot.limit_credits)} a day"
        await interaction.followup.send(
            f"{has}. It pays for whoever runs out, {most} for each member.", ephemeral=True
        )


def _deed(interaction: discord.Interaction[Any], reason: str) -> Deed:
    return Deed(
        id=str(interaction.id),
        guild_id=interaction.guild_id or 0,
        made_by=interaction.user.id,
        reason=reason,
        now=datetime.now(UTC),
    )
