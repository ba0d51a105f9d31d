"""What the buttons and the menu of themes do. Who may is checked at every press."""

from __future__ import annotations

from typing import Any

import discord

from bot.themes.guild_themes import theme_of_guild
from bot.themes.moderating import ThemeModeration
from bot.themes.taking_part import TakingPart
from bot.views.theme_buttons import ThemeAction
from storage.database import Database


class ThemeActions:
    """`press` finds the theme; the rest is said where it is done."""

    def __init__(
        self, *, database: Database, moderation: ThemeModeration, taking_part: TakingPart
    ) -> None:
        self._database = database
        self._moderation = moderation
        self._taking_part = taking_part

    async def press(
        self,
        interaction: discord.Interaction[Any],
        action: ThemeAction,
        theme_id: str,
        subject: str,
    ) -> None:
        """What a button of a theme does. Raises UnknownTheme and what the action raises."""
        theme = await theme_of_guild(self._database, interaction, theme_id)
        match action:
            case ThemeAction.ENTER:
                await self._taking_part.offer_clips(interaction, theme)
            case ThemeAction.MINE:
                await self._taking_part.show_mine(interaction, theme)
            case ThemeAction.VOTE:
                await self._taking_part.vote(interaction, theme, int(subject))
            case ThemeAction.WITHDRAW:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await self._taking_part.withdraw(interaction, theme)
            case ThemeAction.CONSENT:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await self._taking_part.enter(interaction, theme, subject, private_too=True)
            case ThemeAction.CANCEL:
                await self._moderation.cancel(interaction, theme)
            case ThemeAction.LEAVE:
                await interaction.response.edit_message(content="Nothing was changed.", view=None)

    async def choose(
        self, interaction: discord.Interaction[Any], theme_id: str, job_id: str
    ) -> None:
        """Enters the clip that was chosen in the menu."""
        await self._taking_part.choose(interaction, theme_id, job_id)
