"""Voting on a comparison, being told of its models, revealing them to all, and cancelling it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord

from bot.arena.guild_comparisons import comparison_of_guild
from bot.arena.message import contender_title
from bot.arena.referee import Referee
from bot.errors import NotAllowed
from bot.moderators import may_manage_messages
from bot.replies import answer
from bot.views.arena_buttons import ArenaAction, arena_view
from generation.models.catalogue import Catalogue
from storage import comparisons, moderation, votes
from storage.comparisons import Comparison
from storage.database import Connection, Database
from storage.moderation import Act
from storage.votes import Choice

VOTED: dict[Choice, str] = {
    "a": "that A is better",
    "b": "that B is better",
    "tie": "that neither is better",
    "bad": "that both are bad",
}


class Voting:
    """Each method answers a deferred interaction. All raise UnknownComparison, also for one of
    another server."""

    def __init__(self, *, database: Database, catalogue: Catalogue, referee: Referee) -> None:
        self._database = database
        self._catalogue = catalogue
        self._referee = referee

    async def vote(
        self, interaction: discord.Interaction[Any], comparison_id: str, choice: Choice
    ) -> None:
        """Instead of an earlier vote of the same member. Raises ComparisonClosed, VoteIsFinal."""
        guild_id, now = interaction.guild_id or 0, datetime.now(UTC)
        count = await self._database.write(
            lambda connection: votes.cast(
                connection,
                comparison_id=comparison_id,
                guild_id=guild_id,
                user_id=interaction.user.id,
                choice=choice,
                now=now,
            )
        )
        people = "You are the first." if count == 1 else f"{count} have voted."
        await interaction.followup.send(
            f"You say {VOTED[choice]}. {people} You may change that until you are told the models.",
            view=arena_view(comparison_id, (ArenaAction.TELL,)),
            ephemeral=True,
        )

    async def tell(self, interaction: discord.Interaction[Any], comparison_id: str) -> None:
        """The models, to this voter alone, whose vote is final then.

        Raises ComparisonClosed, NotVoted.
        """
        guild_id = interaction.guild_id or 0
        comparison, choice = await self._database.write(
            lambda connection: votes.tell(
                connection,
                comparison_id=comparison_id,
                guild_id=guild_id,
                user_id=interaction.user.id,
            )
        )
        made = " · ".join(
            f"{side.upper()} is by **{contender_title(comparison, side, self._catalogue)}**"
            for side in ("a", "b")
        )
        await answer(interaction, f"{made}. Your vote stays: {VOTED[choice]}.")

    async def reveal(self, interaction: discord.Interaction[Any], comparison_id: str) -> None:
        """By whoever asked, or a moderator, whose act is logged.

        Raises NotAllowed, ComparisonClosed.
        """
        comparison = await comparison_of_guild(
            self._database, comparison_id, guild_id=interaction.guild_id
        )
        _only_asker_or_moderator(interaction, comparison, "reveal")
        now = datetime.now(UTC)

        def reveal(connection: Connection) -> None:
            comparisons.reveal(
                connection,
                comparison_id=comparison_id,
                revealed_by=interaction.user.id,
                now=now,
            )
            if interaction.user.id != comparison.user_id:
                moderation.record(connection, _revealed(interaction, comparison, now))

        await self._database.write(reveal)
        self._referee.look_soon()
        await answer(interaction, "Revealed: the message shows the models and the votes.")

    async def cancel(self, interaction: discord.Interaction[Any], comparison_id: str) -> None:
        """By whoever asked, or a moderator, while it is made. Raises NotAllowed."""
        comparison = await comparison_of_guild(
            self._database, comparison_id, guild_id=interaction.guild_id
        )
        _only_asker_or_moderator(interaction, comparison, "cancel")
        if comparison.state != "making" or not await self._referee.call_off(
            comparison_id, f"<@{interaction.user.id}> cancelled it."
        ):
            await answer(interaction, "Both clips are made already, or it was cancelled before.")
            return
        await answer(interaction, "Cancelling. What is not made yet costs nothing.")


def _only_asker_or_moderator(
    interaction: discord.Interaction[Any], comparison: Comparison, action: str
) -> None:
    if interaction.user.id != comparison.user_id and not may_manage_messages(interaction):
        raise NotAllowed(action)


def _revealed(interaction: discord.Interaction[Any], comparison: Comparison, now: datetime) -> Act:
    return Act(
        guild_id=comparison.guild_id,
        act="reveal",
        subject=comparison.id,
        before={"state": "voting", "asker": comparison.user_id},
        after={"state": "revealed"},
        detail="",
        made_by=interaction.user.id,
        made_at=now,
    )
