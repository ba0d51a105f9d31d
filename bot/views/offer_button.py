"""The button under a preview, persistent: the offer's id travels in the custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class GenerateButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"offer:(?P<offer_id>{JOB_ID_PATTERN})",
):
    """Orders what was previewed, once."""

    def __init__(self, offer_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                label="Generate",
                emoji="🎬",
                style=discord.ButtonStyle.success,
                custom_id=f"offer:{offer_id}",
            )
        )
        self.offer_id = offer_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> GenerateButton:
        return cls(match["offer_id"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.ordering.accept(interaction, self.offer_id)


def offer_view(offer_id: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(GenerateButton(offer_id))
    return view
