"""/quota set, clear, explain: whose daily allowance is how much, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.errors import OneSubjectOnly
from bot.moderators import asker_of
from bot.text import credit_count, mention
from config.settings import Settings
from storage import pots, quotas
from storage.database import Connection, Database
from storage.pots import PotShare
from storage.quotas import Quota, QuotaRule, Scope

CREDITS_MAX = 1_000_000
PRECEDENCE = (
    "A member's own rule counts first, then the most generous one of their roles, then the "
    "channel's, then the server's default."
)
_FOR_WHOM = {
    "member": "For this member",
    "role": "For whoever holds this role",
    "channel": "For commands in this channel",
}


class QuotaRuleCommands(commands.Cog):
    """Part of `QuotaCog`, which checks who asks."""

    settings: Settings
    database: Database

    @app_commands.command(
        name="set", description="Set a daily allowance: of all, a member, a role or a channel"
    )
    @app_commands.describe(credits="Credits a day", **_FOR_WHOM)
    async def set_allowance(
        self,
        interaction: discord.Interaction[Any],
        credits: Range[int, 0, CREDITS_MAX],  # noqa: A002  the option's name in chat
        member: discord.Member | None = None,
        role: discord.Role | None = None,
        channel: discord.TextChannel | None = None,
    ) -> None:
        scope, subject_id, whose = _subject(member, role, channel)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.database.write(
            lambda connection: quotas.set_rule(
                connection,
                guild_id=interaction.guild_id or 0,
                scope=scope,
                subject_id=subject_id,
                daily_allowance_credits=credits,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"From now on, {whose} daily allowance is {credit_count(credits)}. {PRECEDENCE}",
            ephemeral=True,
        )

    @app_commands.command(
        name="clear", description="Clear a daily allowance, so that the next wider rule counts"
    )
    @app_commands.describe(**_FOR_WHOM)
    async def clear_allowance(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member | None = None,
        role: discord.Role | None = None,
        channel: discord.TextChannel | None = None,
    ) -> None:
        scope, subject_id, whose = _subject(member, role, channel)
        await interaction.response.defer(ephemeral=True, thinking=True)
        cleared = await self.database.write(
            lambda connection: quotas.clear_rule(
                connection,
                guild_id=interaction.guild_id or 0,
                scope=scope,
                subject_id=subject_id,
                cleared_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"{whose.capitalize()} daily allowance is cleared. {PRECEDENCE}"
            if cleared
            else "Nothing was set there.",
            ephemeral=True,
        )

    @app_commands.command(
        name="explain", description="Which rule makes a member's daily allowance, and why"
    )
    @app_commands.describe(
        member="Whose allowance", channel="As seen from there; leave it out for this channel"
    )
    async def explain(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        channel: discord.TextChannel | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        asker = asker_of(interaction, member, channel_id=channel.id if channel else None)
        default_credits = self.settings.credits.daily_allowance
        now = datetime.now(UTC)

        def read(connection: Connection) -> tuple[Quota, PotShare]:
            return (
                quotas.quota(connection, asker, default_credits=default_credits, now=now),
                pots.share_of(connection, guild_id=asker.guild_id, user_id=member.id, now=now),
            )

        quota, pot = await self.database.read(read)
        where = f"<#{asker.channel_id}>"
        embed = discord.Embed(
            title="Daily allowance",
            description=f"<@{member.id}> has **{credit_count(quota.allowance_credits)}** a day "
            f"in {where}.\n{_why(quota)}",
        )
        overruled = [_rule_words(rule) for rule in quota.overruled]
        if quota.rule is not None:
            overruled.append(f"The bot's default: {credit_count(default_credits)}")
        if overruled:
            embed.add_field(name="Overruled", value="\n".join(overruled)[:1024], inline=False)
        embed.add_field(name="The server's pot", value=_pot_words(pot), inline=False)
        embed.set_footer(text=PRECEDENCE)
        await interaction.followup.send(embed=embed, ephemeral=True)


def _subject(
    member: discord.Member | None, role: discord.Role | None, channel: discord.TextChannel | None
) -> tuple[Scope, int, str]:
    """For whom a rule is made, with whose it is in words. Raises OneSubjectOnly."""
    if sum(each is not None for each in (member, role, channel)) > 1:
        raise OneSubjectOnly
    if member is not None:
        return Scope.MEMBER, member.id, f"<@{member.id}>'s"
    if role is not None:
        return Scope.ROLE, role.id, f"{role.mention}'s"
    if channel is not None:
        return Scope.CHANNEL, channel.id, f"{channel.mention}'s"
    return Scope.GUILD, 0, "everybody's default"


def _pot_words(pot: PotShare) -> str:
    """What the pot pays beside the allowance."""
    limit = "without a limit a member"
    if pot.limit_credits is not None:
        limit = f"at most {credit_count(pot.limit_credits)} a day (UTC) for a member"
    return (
        f"It has {credit_count(pot.pot_credits)} and pays for whoever runs out, {limit}; for this "
        f"one {pot.used_credits} today."
    )


def _why(quota: Quota) -> str:
    """The rule that counts, and the boost."""
    lines = [
        f"Because of: {_rule_words(quota.rule)}"
        if quota.rule
        else f"Because of the bot's default: {credit_count(quota.base_credits)}"
    ]
    if quota.boost is not None:
        name = discord.utils.escape_markdown(quota.boost.name)
        lines.append(
            f"Boosted: × {quota.boost.factor:g} for “{name}”, until the end of "
            f"{quota.boost.last_day} (UTC)"
        )
    return "\n".join(lines)


def _rule_words(rule: QuotaRule) -> str:
    whose = {
        Scope.MEMBER: "the member's own rule",
        Scope.ROLE: f"the role <@&{rule.subject_id}>",
        Scope.CHANNEL: f"the channel <#{rule.subject_id}>",
        Scope.GUILD: "the server's default",
    }[rule.scope]
    when = discord.utils.format_dt(rule.set_at, "R")
    allowance = credit_count(rule.daily_allowance_credits)
    return f"{whose}: {allowance} (set by {mention(rule.set_by)} {when})"
