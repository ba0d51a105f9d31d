"""/admin block, unblock, blocked, channels, models, limits, allowed: who may order what, where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.act_lines import limit_words
from bot.commands.options import EnabledModelName
from bot.text import mention
from generation.models.catalogue import Catalogue
from storage import conduct
from storage.conduct import Allowed, Block
from storage.database import Connection, Database

SHOWN_BLOCKS = 25

Item = TypeVar("Item")


class ConductCommands(commands.Cog):
    """Part of `AdminCog`, which checks who asks."""

    database: Database
    catalogue: Catalogue

    @app_commands.command(name="block", description="Let a member order no clips for a while")
    @app_commands.describe(
        member="Whom",
        reason="Why; the member reads it",
        hours="For so many hours; leave it out to block until you lift it",
    )
    async def block(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        reason: Range[str, 1, 200],
        hours: Range[float, 0.1, 8760.0] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = datetime.now(UTC)
        wanted = Block(
            user_id=member.id,
            until=now + timedelta(hours=hours) if hours else None,
            reason=reason,
            set_by=interaction.user.id,
        )
        await self.database.write(
            lambda connection: conduct.block(
                connection, wanted, guild_id=interaction.guild_id or 0, now=now
            )
        )
        await interaction.followup.send(f"Blocked: {_block_line(wanted)}", ephemeral=True)

    @app_commands.command(name="unblock", description="Let a blocked member order clips again")
    @app_commands.describe(member="Whom")
    async def unblock(self, interaction: discord.Interaction[Any], member: discord.Member) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        lifted = await self.database.write(
            lambda connection: conduct.unblock(
                connection,
                guild_id=interaction.guild_id or 0,
                user_id=member.id,
                lifted_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"<@{member.id}> may order clips again."
            if lifted
            else f"<@{member.id}> is not blocked.",
            ephemeral=True,
        )

    @app_commands.command(
        name="allowed", description="Who is blocked, and which channels, models and lengths are not"
    )
    async def show_allowed(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id = interaction.guild_id or 0

        def read(connection: Connection) -> tuple[tuple[Block, ...], Allowed]:
            now = datetime.now(UTC)
            return (
                conduct.blocks(connection, guild_id=guild_id, now=now),
                conduct.allowed(connection, guild_id=guild_id),
            )

        blocks, what = await self.database.read(read)
        embed = discord.Embed(title="What members may order", description=_allowed_words(what))
        if blocks:
            lines = [_block_line(each) for each in blocks[:SHOWN_BLOCKS]]
            if len(blocks) > SHOWN_BLOCKS:
                lines.append(f"and {len(blocks) - SHOWN_BLOCKS} more")
            embed.add_field(name="Blocked", value="\n".join(lines)[:1024], inline=False)
        await interaction.followup.send(embed=embed, ephemeral=True)

    @app_commands.command(
        name="channels", description="Allow a channel, and no others that you have not allowed"
    )
    @app_commands.describe(
        channel="Leave it out to allow every channel",
        allowed="False takes the channel off the list",
    )
    async def allow_channel(
        self,
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel | None = None,
        allowed: bool = True,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

        def change(connection: Connection) -> Allowed:
            guild_id = interaction.guild_id or 0
            known = conduct.allowed(connection, guild_id=guild_id).channel_ids or ()
            conduct.allow_channels(
                connection,
                _changed(known, channel.id if channel else None, allowed),
                guild_id=guild_id,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
            return conduct.allowed(connection, guild_id=guild_id)

        what = await self.database.write(change)
        await interaction.followup.send(_allowed_words(what), ephemeral=True)

    @app_commands.command(
        name="models", description="Allow a model, and no others that you have not allowed"
    )
    @app_commands.describe(
        model="Leave it out to allow every model", allowed="False takes the model off the list"
    )
    async def allow_model(
        self,
        interaction: discord.Interaction[Any],
        model: EnabledModelName | None = None,
        allowed: bool = True,
    ) -> None:
        if model is not None and allowed:
            self.catalogue.get(model)
        await interaction.response.defer(ephemeral=True, thinking=True)

        def change(connection: Connection) -> Allowed:
            guild_id = interaction.guild_id or 0
            known = conduct.allowed(connection, guild_id=guild_id).models or ()
            conduct.allow_models(
                connection,
                _changed(known, model, allowed),
                guild_id=guild_id,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
            return conduct.allowed(connection, guild_id=guild_id)

        what = await self.database.write(change)
        await interaction.followup.send(_allowed_words(what), ephemeral=True)

    @app_commands.command(name="limits", description="The longest and the dearest clip allowed")
    @app_commands.describe(
        seconds="Longest clip; leave it out for no limit",
        credits="Dearest clip; leave it out for no limit",
    )
    async def limit_clips(
        self,
        interaction: discord.Interaction[Any],
        seconds: Range[float, 0.5, 60.0] | None = None,
        credits: Range[int, 1, 1_000_000] | None = None,  # noqa: A002  the option's name in chat
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

        def change(connection: Connection) -> Allowed:
            guild_id = interaction.guild_id or 0
            conduct.limit_clips(
                connection,
                guild_id=guild_id,
                most_seconds=seconds,
                most_credits=credits,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
            return conduct.allowed(connection, guild_id=guild_id)

        what = await self.database.write(change)
        await interaction.followup.send(_allowed_words(what), ephemeral=True)


def _changed(known: tuple[Item, ...], item: Item | None, allowed: bool) -> tuple[Item, ...]:
    """The list with the item, or without; None empties it."""
    if item is None:
        return ()
    others = tuple(each for each in known if each != item)
    return (*others, item) if allowed else others


def _allowed_words(what: Allowed) -> str:
    channels = ", ".join(f"<#{each}>" for each in what.channel_ids or ()) or "all"
    models = ", ".join(what.models or ()) or "all"
    limits = limit_words({"seconds": what.most_seconds, "credits": what.most_credits})
    return f"Channels: {channels}\nModels: {models}\nA clip at most: {limits}"


def _block_line(block: Block) -> str:
    until = f"until {discord.utils.format_dt(block.until)}" if block.until else "until it is lifted"
    reason = discord.utils.escape_markdown(block.reason)
    return f"{mention(block.user_id)} {until}: {reason}"
