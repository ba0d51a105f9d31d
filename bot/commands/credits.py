"""/credits: balance, refill and history of the member who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.moderators import asker_of
from bot.text import credit_count
from config.settings import Settings
from storage import income, ledger
from storage.database import Connection, Database
from storage.ledger import Balance, Transfer
from storage.quotas import Asker

SHOWN_TRANSFERS = 10
TRANSFER_WORDS = {
    "grant": "received",
    "move": "moved by a moderator",
    "reserve": "held for a job",
    "settle": "spent on a clip",
    "release": "given back",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What a member has, where it came from, and what the pot would add."""

    balance: Balance
    history: tuple[Transfer, ...]
    pot_credits: int


class CreditsCog(commands.Cog):
    def __init__(self, *, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    @app_commands.command(name="credits", description="Your credits here, and when more come")
    @app_commands.guild_only()
    async def show_credits(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        account = await self._database.write(
            lambda connection: member_account(
                connection,
                asker_of(interaction),
                default_allowance=self._settings.credits.daily_allowance,
            )
        )
        await interaction.followup.send(
            embed=account_embed("Your credits", account), ephemeral=True
        )


def member_account(
    connection: Connection,
    asker: Asker,
    *,
    default_allowance: int,
) -> Account:
    """What the member has after what is due today, and the latest transfers."""
    balance = income.collect(
        connection,
        asker,
        default_allowance_credits=default_allowance,
        now=datetime.now(UTC),
    )
    return Account(
        balance=balance,
        history=ledger.history(
            connection, guild_id=asker.guild_id, user_id=asker.user_id, limit=SHOWN_TRANSFERS
        ),
        pot_credits=ledger.pot_credits(connection, guild_id=asker.guild_id),
    )


def account_embed(title: str, account: Account) -> discord.Embed:
    """Balance and history, for the member or a moderator."""
    balance, history = account.balance, account.history
    refill = discord.utils.format_dt(balance.refills_at, "R")
    pot = (
        f"\nThe server's pot has {credit_count(account.pot_credits)} for whoever runs out."
        if account.pot_credits
        else ""
    )
    embed = discord.Embed(
        title=title,
        description=f"**{credit_count(balance.available_credits)}** to spend, "
        f"{balance.held_credits} held for jobs.\n"
        f"Filled up to {balance.allowance_credits} every day; next {refill}.{pot}",
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
