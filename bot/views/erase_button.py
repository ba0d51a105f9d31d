"""The question before everything about a member is deleted: asked once, answered by a button.

The buttons are persistent, and answer to the member alone whose data it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.errors import NotAllowed
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot

DELETING = "Deleting … That goes on until it is done, also over a restart of mine."
LABELS = {
    "yes": ("Delete everything", discord.ButtonStyle.danger),
    "no": ("Keep it", discord.ButtonStyle.secondary),
}


class EraseButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"erase:(?P<choice>yes|no):(?P<user_id>[0-9]{1,20})",
):
    """Deletes, or does not."""

    def __init__(self, choice: str, user_id: int) -> None:
        label, style = LABELS[choice]
        super().__init__(
            discord.ui.Button(label=label, style=style, custom_id=f"erase:{choice}:{user_id}")
        )
        self.choice = choice
        self.user_id = user_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> EraseButton:
        return cls(match["choice"], int(match["user_id"]))

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        """Raises NotAllowed for anybody else."""
        if interaction.user.id != self.user_id:
            raise NotAllowed("delete another member's data, or")
        if self.choice == "no":
            await interaction.response.edit_message(content="Nothing was deleted.", view=None)
            return
        # The question stays until the wish is stored: whoever presses before may press again.
        await interaction.response.defer()
        wish = await bot.erasing.ask(self.user_id)
        await interaction.edit_original_response(content=DELETING, embed=None, view=None)
        outcome = await bot.erasing.fulfil(wish)
        said = _said(outcome.erased, outcome.messages_left)
        await interaction.edit_original_response(content=said)


def erase_view(user_id: int) -> discord.ui.View:
    """Delete, or keep."""
    view = discord.ui.View(timeout=None)
    view.add_item(EraseButton("yes", user_id))
    view.add_item(EraseButton("no", user_id))
    return view


def _said(erased: bool, messages_left: int) -> str:
    if not erased:
        return (
            "One of your jobs has not ended yet; everything is deleted as soon as it has, without "
            "anybody's doing."
        )
    if messages_left:
        return (
            "Nothing about you is stored any more. Discord does not answer; my messages with your "
            f"clips are deleted as soon as it does ({messages_left} are left)."
        )
    return "Everything about you is deleted, and my messages with your clips are gone."
