"""The buttons of comparisons, persistent: act and comparison travel in the custom id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.views.answering import Answering
from bot.views.job_buttons import JobAction, JobButton

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class ArenaAction(StrEnum):
    ORDER = "order"
    CANCEL = "cancel"
    VOTE_A = "a"
    VOTE_B = "b"
    VOTE_TIE = "tie"
    VOTE_BAD = "bad"
    TELL = "tell"
    REVEAL = "reveal"
    REPORT_A = "report-a"
    REPORT_B = "report-b"
    APPEAL_A = "appeal-a"
    APPEAL_B = "appeal-b"


_GREY = discord.ButtonStyle.secondary
LABELS: dict[ArenaAction, tuple[str, str | None, discord.ButtonStyle]] = {
    ArenaAction.ORDER: ("Generate both", "🎬", discord.ButtonStyle.success),
    ArenaAction.CANCEL: ("Cancel", "✖️", discord.ButtonStyle.danger),
    ArenaAction.VOTE_A: ("A is better", "🅰️", discord.ButtonStyle.primary),
    ArenaAction.VOTE_B: ("B is better", "🅱️", discord.ButtonStyle.primary),
    ArenaAction.VOTE_TIE: ("Tie", "🤝", _GREY),
    ArenaAction.VOTE_BAD: ("Both are bad", "👎", _GREY),
    ArenaAction.TELL: ("Tell me the models", "👀", _GREY),
    ArenaAction.REVEAL: ("Reveal", "🎭", _GREY),
    ArenaAction.REPORT_A: ("Report A", "🚩", _GREY),
    ArenaAction.REPORT_B: ("Report B", "🚩", _GREY),
    ArenaAction.APPEAL_A: ("Appeal A", "⚖️", discord.ButtonStyle.primary),
    ArenaAction.APPEAL_B: ("Appeal B", "⚖️", discord.ButtonStyle.primary),
}
VOTES = (
    ArenaAction.VOTE_A,
    ArenaAction.VOTE_B,
    ArenaAction.VOTE_TIE,
    ArenaAction.VOTE_BAD,
)
REPORTS = (ArenaAction.REPORT_A, ArenaAction.REPORT_B)
APPEALS = (ArenaAction.APPEAL_A, ArenaAction.APPEAL_B)
"""Of A, then of B: by its letter, since a job's id stays untold while the vote is blind."""
AFTERWARDS = (
    JobAction.REMIX,
    JobAction.VARY,
    JobAction.LOOP,
    JobAction.SHARE,
    JobAction.SEND,
)
"""What can be done with each clip once its model is known: one row of buttons."""


class ArenaButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"arena:(?P<action>{'|'.join(ArenaAction)}):(?P<id>{JOB_ID_PATTERN})",
):
    """One act on one comparison, or on an offer of one; `Arena` decides who may and does it."""

    def __init__(self, action: ArenaAction, comparison_id: str, *, row: int | None = None) -> None:
        label, emoji, style = LABELS[action]
        super().__init__(
            discord.ui.Button(
                label=label,
                emoji=emoji,
                style=style,
                custom_id=f"arena:{action.value}:{comparison_id}",
                row=row,
            )
        )
        self.action = action
        self.comparison_id = comparison_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ArenaButton:
        return cls(ArenaAction(match["action"]), match["id"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.arena.perform(interaction, self.action, self.comparison_id)


def arena_view(comparison_id: str, *rows: Sequence[ArenaAction]) -> discord.ui.View:
    """Rows of buttons that never time out; an empty one takes no room."""
    view = discord.ui.View(timeout=None)
    for row, actions in enumerate(filter(None, rows)):
        for action in actions:
            view.add_item(ArenaButton(action, comparison_id, row=row))
    return view


def revealed_view(
    comparison_id: str, clips: Mapping[str, str], below: Sequence[ArenaAction]
) -> discord.ui.View:
    """What can be done with each clip, a row for each; `clips` are jobs by letter."""
    view = discord.ui.View(timeout=None)
    for row, (side, job_id) in enumerate(clips.items()):
        for action in AFTERWARDS:
            button = JobButton(action, job_id)
            button.item.label = f"{side}: {button.item.label}"
            button.item.row = row
            view.add_item(button)
    for action in below:
        view.add_item(ArenaButton(action, comparison_id, row=len(clips)))
    return view
