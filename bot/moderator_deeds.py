"""What moderators do to a guild's queue and to members' credits, apart from how they ask for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord

from bot.text import credit_count
from bot.views.asked_once import Undoable
from generation.dispatcher import Dispatcher
from storage import attempts, guild_settings, jobs, moderation, pots
from storage.database import Connection, Database
from storage.guild_settings import QueueState
from storage.jobs import JobRecord
from storage.moderation import Act
from storage.pots import Deed


class ModeratorDeeds:
    """Callers have checked that whoever asks is a moderator."""

    def __init__(self, *, database: Database, dispatcher: Dispatcher) -> None:
        self._database = database
        self._dispatcher = dispatcher

    async def perform(
        self, interaction: discord.Interaction[Any], what: Undoable, subject: str
    ) -> str:
        """Does what was asked about; returns what to tell the moderator."""
        match what:
            case Undoable.NOTHING:
                return "Nothing was changed."
            case Undoable.CLEAR_QUEUE:
                return await self._clear_queue(interaction)
            case Undoable.RESET_CREDITS:
                user_id, _, to_credits = subject.partition("-")
                return await self._reset(interaction, int(user_id), int(to_credits))

    async def set_queue_state(
        self, interaction: discord.Interaction[Any], state: QueueState
    ) -> bool:
        """False if it was so already. Remembered before it is done, so that a restart keeps it."""
        guild_id = interaction.guild_id or 0
        changed = await self._database.write(
            lambda connection: guild_settings.set_queue_state(
                connection,
                state,
                guild_id=guild_id,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        if state is QueueState.PAUSED:
            self._dispatcher.pause(guild_id)
        else:
            self._dispatcher.resume(guild_id)
        return changed

    async def waiting(self, guild_id: int) -> tuple[JobRecord, ...]:
        """The guild's jobs that have not begun."""
        return await self._database.read(
            lambda connection: jobs.waiting_of_guild(connection, guild_id=guild_id)
        )

    async def _clear_queue(self, interaction: discord.Interaction[Any]) -> str:
        guild_id = interaction.guild_id or 0

        def ask_for_cancelling(connection: Connection) -> tuple[JobRecord, ...]:
            waiting = jobs.waiting_of_guild(connection, guild_id=guild_id)
            for job in waiting:
                attempts.request_cancel(connection, job_id=job.id)
            if waiting:
                moderation.record(connection, _cleared(interaction, waiting))
            return waiting

        # Remembered first: a restart in between must not make what was cleared.
        waiting = await self._database.write(ask_for_cancelling)
        for job in waiting:
            await self._dispatcher.cancel(job.id)
        if not waiting:
            return "The queue is empty."
        return (
            f"Cleared: {len(waiting)} waiting job{'' if len(waiting) == 1 else 's'}; "
            f"{credit_count(_held(waiting))} went back."
        )

    async def _reset(
        self, interaction: discord.Interaction[Any], user_id: int, to_credits: int
    ) -> str:
        deed = Deed(
            id=str(interaction.id),
            guild_id=interaction.guild_id or 0,
            made_by=interaction.user.id,
            reason="reset by a moderator",
            now=datetime.now(UTC),
        )
        before = await self._database.write(
            lambda connection: pots.reset(connection, deed, user_id=user_id, to_credits=to_credits)
        )
        return f"<@{user_id}> now has {credit_count(to_credits)}; before it was {before}."


def _cleared(interaction: discord.Interaction[Any], waiting: tuple[JobRecord, ...]) -> Act:
    return Act(
        guild_id=interaction.guild_id or 0,
        act="clear_queue",
        subject="",
        before={"waiting": len(waiting), "credits": _held(waiting)},
        after={"waiting": 0},
        detail="",
        made_by=interaction.user.id,
        made_at=datetime.now(UTC),
    )


def _held(waiting: tuple[JobRecord, ...]) -> int:
    return sum(job.price_credits for job in waiting if not job.relaxed)
