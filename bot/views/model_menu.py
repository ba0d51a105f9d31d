"""The menu of "same seed on another model", persistent: the job's id is in the custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot

MENU_MAX_OPTIONS = 25  # Discord's limit


class ModelMenu(
    Answering,
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=rf"models:(?P<job_id>{JOB_ID_PATTERN})",
):
    """Orders the job's request on the model that is chosen."""

    def __init__(self, job_id: str, models: tuple[tuple[str, str], ...] = ()) -> None:
        """`models` are ids and titles."""
        options = [discord.SelectOption(label=title, value=model) for model, title in models]
        super().__init__(
            discord.ui.Select(
                custom_id=f"models:{job_id}",
                placeholder="On which model",
                options=options[:MENU_MAX_OPTIONS] or [discord.SelectOption(label="none")],
            )
        )
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ModelMenu:
        return cls(match["job_id"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.job_actions.on_model(interaction, self.job_id, self.item.values[0])
