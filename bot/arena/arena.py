"""What the buttons of comparisons do."""

from __future__ import annotations

from typing import Any

import discord

from bot.arena.comparing import Comparing
from bot.arena.objections import Objections
from bot.arena.voting import Voting
from bot.views.arena_buttons import APPEALS, REPORTS, ArenaAction
from storage.votes import Choice

CHOICES: dict[ArenaAction, Choice] = {
    ArenaAction.VOTE_A: "a",
    ArenaAction.VOTE_B: "b",
    ArenaAction.VOTE_TIE: "tie",
    ArenaAction.VOTE_BAD: "bad",
}


class Arena:
    def __init__(self, *, comparing: Comparing, voting: Voting, objections: Objections) -> None:
        self._comparing = comparing
        self._voting = voting
        self._objections = objections

    async def perform(
        self, interaction: discord.Interaction[Any], action: ArenaAction, comparison_id: str
    ) -> None:
        """Raises what the action raises; who may is checked there."""
        if action in REPORTS:
            await self._objections.report(interaction, comparison_id, REPORTS.index(action))
            return
        if action in APPEALS:
            await self._objections.appeal(interaction, comparison_id, APPEALS.index(action))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        match action:
            case ArenaAction.ORDER:
                await self._comparing.accept(interaction, comparison_id)
            case ArenaAction.CANCEL:
                await self._voting.cancel(interaction, comparison_id)
            case ArenaAction.TELL:
                await self._voting.tell(interaction, comparison_id)
            case ArenaAction.REVEAL:
                await self._voting.reveal(interaction, comparison_id)
            case _:
                await self._voting.vote(interaction, comparison_id, CHOICES[action])
