"""What all persistent buttons and menus do when pressed: act, and answer what goes wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import discord

from bot.replies import answer_error

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class Answering(ABC):
    """Mixed into a `discord.ui.DynamicItem`, before it.

    The command tree answers errors of commands; nobody else would answer those of a button.
    """

    @abstractmethod
    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        """Do what was pressed for, acknowledging first. May raise anything."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        bot: ReelroomBot = interaction.client
        try:
            await self.act(bot, interaction)
        except Exception as error:
            await answer_error(interaction, error)
