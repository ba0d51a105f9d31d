"""/credits: balance, refill and history of the member who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.moderators import role_ids_of
from bot.text import credit_count
from config.settings import Settings
from storage import income, ledger
from storage.database import Connection, Database
from storage.ledger import Balance, Transfer

SHOWN_TRANSFERS = 10
TRANSFER_WORDS = {
    "grant": "received",
    "reserve": "held for a job",
    "settle": "spent on a clip",
    "release": "given back",
}


class CreditsCog(commands.Cog):
    def __init__(self, *, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    @app_commands.command(name="credits", description="Your credits here, and when more come")
    @app_commands.guild_only()
    async def show_credits(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        balance, history = await self._database.write(
            lambda connection: member_account(
                connection,
                guild_id=interaction.guild_id or 0,
                user_id=interaction.user.id,
                role_ids=role_ids_of(interaction),
                default_allowance=self._settings.credits.daily_allowance,
            )
        )
        await interaction.followup.send(
            embed=account_embed("Your credits", balance, history), ephemeral=True
        )


def member_account(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    role_ids: tuple[int, ...],
    default_allowance: int,
) -> tuple[Balance, tuple[Transfer, ...]]:
    """Balance after what is due today, and the latest transfers."""
    balance = income.collect(
        connection,
        guild_id=guild_id,
        user_id=user_id,
        role_ids=role_ids,
        default_allowance_credits=default_allowance,
        now=datetime.now(UTC),
    )
    history = ledger.history(connection, guild_id=guild_id, user_id=user_id, limit=SHOWN_TRANSFERS)
    return balance, history


def account_embed(title: str, balance: Balance, history: tuple[Transfer, ...]) -> discord.Embed:
    """Balance and history, for the member or a moderator."""
    refill = discord.utils.format_dt(balance.refills_at, "R")
    embed = discord.Embed(
        title=title,
        description=f"**{credit_count(balance.available_credits)}** to spend, "
        f"{balance.held_credits} held for jobs.\n"
        f"Filled up to {balance.allowance_credits} every day; next {refill}.",
    )
    if history:
        embed.add_field(name="Latest", value="\n".join(_line(line) for line in history))
    return embed


def _line(transfer: Transfer) -> str:
    at = discord.utils.format_dt(transfer.at, "R")
    job = f" `{transfer.job_id}`" if transfer.job_id else ""
    reason = f" ({discord.utils.escape_markdown(transfer.reason)})" if transfer.reason else ""
    words = TRANSFER_WORDS[transfer.kind]
    return f"{transfer.amount_credits} {words}{job}{reason} · {at}"
