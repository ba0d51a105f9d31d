"""The question before a moderator does what cannot be undone: asked once, answered by a button.

The buttons are persistent; what is to be done travels in the custom id.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.moderators import require_moderator
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class Undoable(StrEnum):
    """What a moderator is asked about first."""

    NOTHING = "nothing"
    CLEAR_QUEUE = "clear-queue"
    RESET_CREDITS = "reset-credits"


LABELS: dict[Undoable, tuple[str, discord.ButtonStyle]] = {
    Undoable.NOTHING: ("Leave it", discord.ButtonStyle.secondary),
    Undoable.CLEAR_QUEUE: ("Clear the queue", discord.ButtonStyle.danger),
    Undoable.RESET_CREDITS: ("Reset", discord.ButtonStyle.danger),
}


class AnswerButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"sure:(?P<what>{'|'.join(Undoable)}):(?P<subject>[0-9-]{{0,60}})",
):
    """Does it, or leaves it; `ModeratorDeeds` knows how."""

    def __init__(self, what: Undoable, subject: str = "") -> None:
        label, style = LABELS[what]
        super().__init__(
            discord.ui.Button(label=label, style=style, custom_id=f"sure:{what.value}:{subject}")
        )
        self.what = what
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> AnswerButton:
        return cls(Undoable(match["what"]), match["subject"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer()
        said = await bot.moderator_deeds.perform(interaction, self.what, self.subject)
        await interaction.edit_original_response(content=said, view=None)


def question_view(what: Undoable, subject: str = "") -> discord.ui.View:
    """Do it, or leave it."""
    view = discord.ui.View(timeout=None)
    view.add_item(AnswerButton(what, subject))
    view.add_item(AnswerButton(Undoable.NOTHING))
    return view
