"""The gallery's buttons, persistent: search and cursor travel in the custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.views.answering import Answering
from bot.views.job_buttons import JobAction, JobButton

if TYPE_CHECKING:
    from bot.client import ReelroomBot

FIRST = "first"


class GalleryButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"gallery:(?P<search>[a-z2-7]{16}):(?P<cursor>first|[A-Za-z0-9_-]{4,60})",
):
    """Turns the page of a search: to its first clip, or to the one after the cursor."""

    def __init__(self, search_id: str, cursor: str) -> None:
        label, emoji = ("First", "⏮️") if cursor == FIRST else ("Next", "▶️")
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, custom_id=f"gallery:{search_id}:{cursor}")
        )
        self.search_id = search_id
        self.cursor = cursor

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> GalleryButton:
        return cls(match["search"], match["cursor"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        after = None if self.cursor == FIRST else self.cursor
        page = await bot.gallery_pages.page(interaction.guild_id or 0, self.search_id, after)
        await interaction.edit_original_response(
            embed=page.embed,
            view=page.view,
            attachments=[attachment.file() for attachment in page.attachments],
        )


def gallery_view(job_id: str, *, search_id: str, after: str | None, first: bool) -> discord.ui.View:
    """Buttons of one page: `after` is the cursor of the next, None on the last; `first` where this
    is not the first."""
    view = discord.ui.View(timeout=None)
    if first:
        view.add_item(GalleryButton(search_id, FIRST))
    if after is not None:
        view.add_item(GalleryButton(search_id, after))
    for action in (JobAction.LIKE, JobAction.REMIX, JobAction.SEND, JobAction.REPORT):
        view.add_item(JobButton(action, job_id))
    return view
