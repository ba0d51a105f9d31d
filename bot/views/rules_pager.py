"""The buttons of the list of word rules, persistent: the page travels in the custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.moderators import require_moderator
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class RulesPageButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"rules:(?P<direction>earlier|later):(?P<page>[0-9]{1,6})",
):
    """Turns to this page."""

    def __init__(self, direction: str, page: int) -> None:
        label, emoji = ("Earlier", "◀️") if direction == "earlier" else ("Later", "▶️")
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, custom_id=f"rules:{direction}:{page}")
        )
        self.page = page

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> RulesPageButton:
        return cls(match["direction"], int(match["page"]))

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer()
        page = await bot.rule_pages.page(interaction.guild_id or 0, self.page)
        await interaction.edit_original_response(embed=page.embed, view=page.view)


def rules_view(*, earlier: int | None, later: int | None) -> discord.ui.View:
    """The numbers of the neighbouring pages, where there are any."""
    view = discord.ui.View(timeout=None)
    if earlier is not None:
        view.add_item(RulesPageButton("earlier", earlier))
    if later is not None:
        view.add_item(RulesPageButton("later", later))
    return view
