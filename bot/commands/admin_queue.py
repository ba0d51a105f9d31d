"""/admin pause, drain, resume, clear: whether this server's jobs start, and whether new ones come
in. Other servers do not notice."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.moderator_deeds import ModeratorDeeds
from bot.text import credit_count
from bot.views.asked_once import Undoable, question_view
from storage.guild_settings import QueueState


class QueueCommands(commands.Cog):
    """Part of `AdminCog`, which checks who asks."""

    deeds: ModeratorDeeds

    @app_commands.command(
        name="pause", description="Start no more jobs of this server; new ones wait"
    )
    async def pause(self, interaction: discord.Interaction[Any]) -> None:
        await self._set(
            interaction,
            QueueState.PAUSED,
            "Paused. What runs is still made; everything else waits for /admin resume.",
        )

    @app_commands.command(
        name="drain", description="Take no new jobs of this server; what waits is made"
    )
    async def drain(self, interaction: discord.Interaction[Any]) -> None:
        await self._set(
            interaction,
            QueueState.DRAINING,
            "Draining. What waits is made; new jobs are refused until /admin resume.",
        )

    @app_commands.command(name="resume", description="Let this server's jobs come in and start")
    async def resume(self, interaction: discord.Interaction[Any]) -> None:
        await self._set(interaction, QueueState.OPEN, "The queue goes on.")

    @app_commands.command(
        name="clear", description="Cancel every waiting job of this server; credits come back"
    )
    async def clear(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        waiting = await self.deeds.waiting(interaction.guild_id or 0)
        if not waiting:
            await interaction.followup.send("The queue is empty.", ephemeral=True)
            return
        held = credit_count(sum(job.price_credits for job in waiting if not job.relaxed))
        members = len({job.user_id for job in waiting})
        await interaction.followup.send(
            f"Cancel {len(waiting)} waiting job{'' if len(waiting) == 1 else 's'} of {members} "
            f"member{'' if members == 1 else 's'}? Their {held} go back. What runs goes on.",
            view=question_view(Undoable.CLEAR_QUEUE),
            ephemeral=True,
        )

    async def _set(
        self, interaction: discord.Interaction[Any], state: QueueState, done: str
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        changed = await self.deeds.set_queue_state(interaction, state)
        await interaction.followup.send(
            done if changed else f"It is {state.value} already.", ephemeral=True
        )
