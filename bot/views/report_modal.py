"""The form of a report: why moderators should look at a clip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.replies import answer_error

REASON_MAX_CHARACTERS = 500

Report = Callable[[discord.Interaction[Any], str, str], Awaitable[None]]
"""Takes the job's id and the reason."""


class ReportModal(discord.ui.Modal):
    def __init__(self, job_id: str, report: Report) -> None:
        super().__init__(title="Report to moderators", custom_id=f"report:{job_id}", timeout=1800)
        self._job_id = job_id
        self._report = report
        self._reason: discord.ui.TextInput[ReportModal] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            max_length=REASON_MAX_CHARACTERS,
            custom_id="reason",
        )
        self.add_item(discord.ui.Label(text="What is wrong with it", component=self._reason))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self._report(interaction, self._job_id, self._reason.value)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:
        await answer_error(interaction, error)
