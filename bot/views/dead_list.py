"""The buttons of the list of dead jobs, persistent: page or job travel in the custom id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.moderators import require_moderator
from bot.replies import answer
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class DeadPageButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"dead:(?P<direction>newer|older):(?P<page>[0-9]{1,6})",
):
    """Turns to this page."""

    def __init__(self, direction: str, page: int) -> None:
        label, emoji = ("Newer", "◀️") if direction == "newer" else ("Older", "▶️")
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, custom_id=f"dead:{direction}:{page}", row=1)
        )
        self.page = page

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> DeadPageButton:
        return cls(match["direction"], int(match["page"]))

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer()
        page = await bot.dead_jobs.page(interaction.guild_id or 0, self.page)
        await interaction.edit_original_response(embed=page.embed, view=page.view)


class RequeueButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"dead:requeue:(?P<job_id>{JOB_ID_PATTERN})",
):
    """Tries one dead job again."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                label=f"Try {job_id} again", custom_id=f"dead:requeue:{job_id}", row=0
            )
        )
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> RequeueButton:
        return cls(match["job_id"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await answer(interaction, await bot.dead_jobs.requeue(interaction, self.job_id))


def dead_list_view(
    job_ids: tuple[str, ...], *, newer: int | None, older: int | None
) -> discord.ui.View:
    """At most five jobs, and the numbers of the neighbouring pages where there are any."""
    view = discord.ui.View(timeout=None)
    for job_id in job_ids:
        view.add_item(RequeueButton(job_id))
    if newer is not None:
        view.add_item(DeadPageButton("newer", newer))
    if older is not None:
        view.add_item(DeadPageButton("older", older))
    return view
