"""The buttons of a job card, persistent: the job's id travels in the custom id."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class JobAction(StrEnum):
    REROLL = "reroll"
    REMIX = "remix"
    CANCEL = "cancel"
    DELETE = "delete"
    SHARE = "share"
    UNSHARE = "unshare"
    VARY = "vary"
    EDIT = "edit"
    LOOP = "loop"
    ANIMATE = "animate"
    MODEL = "model"
    LIKE = "like"
    REPORT = "report"
    SEND = "send"
    APPEAL = "appeal"
    EXTEND = "extend"
    RESTYLE = "restyle"


LABELS: dict[JobAction, tuple[str, str, discord.ButtonStyle]] = {
    JobAction.REROLL: ("Reroll", "🎲", discord.ButtonStyle.secondary),
    JobAction.REMIX: ("Remix", "✏️", discord.ButtonStyle.primary),
    JobAction.CANCEL: ("Cancel", "✖️", discord.ButtonStyle.danger),
    JobAction.DELETE: ("Delete", "🗑️", discord.ButtonStyle.secondary),
    JobAction.SHARE: ("Share to gallery", "🖼️", discord.ButtonStyle.success),
    JobAction.UNSHARE: ("Take out of gallery", "🖼️", discord.ButtonStyle.secondary),
    JobAction.VARY: ("Vary", "🌱", discord.ButtonStyle.secondary),
    JobAction.EDIT: ("Edit options", "🎛️", discord.ButtonStyle.secondary),
    JobAction.LOOP: ("Make it a loop", "🔁", discord.ButtonStyle.secondary),
    JobAction.ANIMATE: ("Animate a frame", "🎞️", discord.ButtonStyle.secondary),
    JobAction.MODEL: ("Other model", "🔀", discord.ButtonStyle.secondary),
    JobAction.LIKE: ("Like", "❤️", discord.ButtonStyle.secondary),
    JobAction.REPORT: ("Report", "🚩", discord.ButtonStyle.secondary),
    JobAction.EXTEND: ("Extend", "⏩", discord.ButtonStyle.secondary),
    JobAction.RESTYLE: ("Restyle", "🎨", discord.ButtonStyle.secondary),
    JobAction.SEND: ("Send to me", "✉️", discord.ButtonStyle.secondary),
    JobAction.APPEAL: ("Appeal", "⚖️", discord.ButtonStyle.primary),
}


class JobButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"job:(?P<action>{'|'.join(JobAction)}):(?P<job_id>{JOB_ID_PATTERN})",
):
    """One action on one job; `JobActions` decides who may and does it."""

    def __init__(self, action: JobAction, job_id: str, *, row: int | None = None) -> None:
        label, emoji, style = LABELS[action]
        super().__init__(
            discord.ui.Button(
                label=label, emoji=emoji, style=style, custom_id=f"job:{action.value}:{job_id}"
            ),
            row=row,
        )
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> JobButton:
        return cls(JobAction(match["action"]), match["job_id"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.job_actions.perform(interaction, self.action, self.job_id)


def job_view(job_id: str, *rows: tuple[JobAction, ...]) -> discord.ui.View:
    """Rows of up to five buttons that never time out; an empty one takes no room."""
    view = discord.ui.View(timeout=None)
    for row, actions in enumerate(filter(None, rows)):
        for action in actions:
            view.add_item(JobButton(action, job_id, row=row))
    return view
