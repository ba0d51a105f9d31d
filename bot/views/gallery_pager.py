"""The gallery's buttons, persistent: the cursor travels in the custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.replies import answer_error
from bot.views.job_buttons import JobAction, JobButton

if TYPE_CHECKING:
    from bot.client import ReelroomBot

NEWEST = "newest"


class GalleryButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"gallery:(?P<cursor>newest|[0-9]{1,19})",
):
    """Turns the page: to the newest clip, or to the next one older than the cursor."""

    def __init__(self, cursor: str) -> None:
        label, emoji = ("Newest", "⏮️") if cursor == NEWEST else ("Older", "▶️")
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=f"gallery:{cursor}"))
        self.cursor = cursor

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> GalleryButton:
        return cls(match["cursor"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        bot: ReelroomBot = interaction.client
        try:
            await interaction.response.defer()
            before = None if self.cursor == NEWEST else self.cursor
            page = await bot.gallery_pages.page(interaction.guild_id or 0, before)
            await interaction.edit_original_response(
                embed=page.embed,
                view=page.view,
                attachments=[attachment.file() for attachment in page.attachments],
            )
        except Exception as error:
            await answer_error(interaction, error)


def gallery_view(job_id: str, *, older: str | None, newest: bool) -> discord.ui.View:
    """Buttons of one page: `older` is the cursor of the next, None on the last."""
    view = discord.ui.View(timeout=None)
    if newest:
        view.add_item(GalleryButton(NEWEST))
    if older is not None:
        view.add_item(GalleryButton(older))
    view.add_item(JobButton(JobAction.REMIX, job_id))
    return view
