"""The buttons of the review queue, persistent: clip, revision and page travel in the custom id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.moderators import require_moderator
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot


class ReviewAct(StrEnum):
    """What a moderator decides about a clip."""

    TAKE_DOWN = "take-down"
    DISMISS = "dismiss"
    BLOCK = "block"
    RESTORE = "restore"
    UPHOLD = "uphold"


LABELS: dict[ReviewAct, tuple[str, discord.ButtonStyle]] = {
    ReviewAct.TAKE_DOWN: ("Take down", discord.ButtonStyle.danger),
    ReviewAct.DISMISS: ("Dismiss", discord.ButtonStyle.secondary),
    ReviewAct.BLOCK: ("Block the author", discord.ButtonStyle.danger),
    ReviewAct.RESTORE: ("Restore", discord.ButtonStyle.success),
    ReviewAct.UPHOLD: ("Refuse the appeal", discord.ButtonStyle.danger),
}


class ReviewButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"review:(?P<act>{'|'.join(ReviewAct)}):(?P<job_id>{JOB_ID_PATTERN})"
    r":(?P<revision>[0-9]{1,18})",
):
    """Decides, or asks for the reason first; `ReviewDesk` knows how. The revision is what the page
    showed, so that nobody decides on what they did not see."""

    def __init__(self, act: ReviewAct, job_id: str, revision: int) -> None:
        label, style = LABELS[act]
        custom_id = f"review:{act.value}:{job_id}:{revision}"
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id, row=0))
        # `act` is what pressing does.
        self.chosen = act
        self.job_id = job_id
        self.revision = revision

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ReviewButton:
        return cls(ReviewAct(match["act"]), match["job_id"], int(match["revision"]))

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await bot.review_desk.decide(interaction, self.chosen, self.job_id, self.revision)


class ReviewPageButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"reviews:(?P<before>newest|[0-9]{1,18})",
):
    """Turns to the clip behind this place of the queue, or to the newest."""

    def __init__(self, before: int | None) -> None:
        label, emoji = ("Newest", "⏮️") if before is None else ("Older", "▶️")
        custom_id = f"reviews:{'newest' if before is None else before}"
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=custom_id, row=1))
        self.before = before

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ReviewPageButton:
        return cls(None if match["before"] == "newest" else int(match["before"]))

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer()
        await bot.review_desk.turn(interaction, self.before)


class OpenReviewButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"reviews:open",
):
    """Under an announcement: shows the queue to the moderator who presses, and to nobody else."""

    def __init__(self) -> None:
        super().__init__(
            discord.ui.Button(
                label="Open the queue",
                style=discord.ButtonStyle.primary,
                custom_id="reviews:open",
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> OpenReviewButton:
        return cls()

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await bot.review_desk.open(interaction)


def review_view(
    acts: Iterable[ReviewAct], job_id: str, revision: int, *, older: int | None, newest: bool
) -> discord.ui.View:
    """The buttons of one page; `older` is the place of this one, None on the last."""
    view = discord.ui.View(timeout=None)
    for act in acts:
        view.add_item(ReviewButton(act, job_id, revision))
    if newest:
        view.add_item(ReviewPageButton(None))
    if older is not None:
        view.add_item(ReviewPageButton(older))
    return view
