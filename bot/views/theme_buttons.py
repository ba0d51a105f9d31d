"""The buttons and the menu of themes, persistent: theme and entry travel in the custom id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.job_id import JOB_ID_PATTERN
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot

MENU_MAX_OPTIONS = 25  # Discord's limits
OPTION_MAX_CHARACTERS = 100


class ThemeAction(StrEnum):
    ENTER = "enter"
    MINE = "mine"
    VOTE = "vote"
    WITHDRAW = "withdraw"
    CONSENT = "consent"
    CANCEL = "cancel"
    LEAVE = "leave"


LABELS: dict[ThemeAction, tuple[str, str | None, discord.ButtonStyle]] = {
    ThemeAction.ENTER: ("Enter my clip", "🎬", discord.ButtonStyle.success),
    ThemeAction.MINE: ("My entry", "🙋", discord.ButtonStyle.secondary),
    ThemeAction.VOTE: ("Vote", "👍", discord.ButtonStyle.primary),
    ThemeAction.WITHDRAW: ("Withdraw it", None, discord.ButtonStyle.danger),
    ThemeAction.CONSENT: ("Show it and enter", None, discord.ButtonStyle.success),
    ThemeAction.CANCEL: ("Cancel the theme", None, discord.ButtonStyle.danger),
    ThemeAction.LEAVE: ("Leave it", None, discord.ButtonStyle.secondary),
}


class ThemeButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=(
        rf"theme:(?P<action>{'|'.join(ThemeAction)}):(?P<theme_id>{JOB_ID_PATTERN})"
        r":(?P<subject>[a-z0-9]{0,13})"
    ),
):
    """One action in one theme; `subject` is an entry's number, or a job's id."""

    def __init__(self, action: ThemeAction, theme_id: str, subject: str = "") -> None:
        label, emoji, style = LABELS[action]
        super().__init__(
            discord.ui.Button(
                label=label,
                emoji=emoji,
                style=style,
                custom_id=f"theme:{action.value}:{theme_id}:{subject}",
            )
        )
        self.action = action
        self.theme_id = theme_id
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ThemeButton:
        return cls(ThemeAction(match["action"]), match["theme_id"], match["subject"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.theme_actions.press(interaction, self.action, self.theme_id, self.subject)


class ThemeClipMenu(
    Answering,
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=rf"theme-clip:(?P<theme_id>{JOB_ID_PATTERN})",
):
    """The member's own clips; the one that is chosen is entered."""

    def __init__(self, theme_id: str, clips: Sequence[tuple[str, str]] = ()) -> None:
        """`clips` are jobs' ids, each with a line about it."""
        options = [
            discord.SelectOption(label=words[:OPTION_MAX_CHARACTERS], value=job_id)
            for job_id, words in clips[:MENU_MAX_OPTIONS]
        ]
        super().__init__(
            discord.ui.Select(
                custom_id=f"theme-clip:{theme_id}",
                placeholder="Which of your clips",
                options=options or [discord.SelectOption(label="none")],
            )
        )
        self.theme_id = theme_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ThemeClipMenu:
        return cls(match["theme_id"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.theme_actions.choose(interaction, self.theme_id, self.item.values[0])


def theme_view(*buttons: tuple[ThemeAction, str, str]) -> discord.ui.View:
    """A row of buttons that never times out: what each does, in which theme, to what."""
    view = discord.ui.View(timeout=None)
    for action, theme_id, subject in buttons:
        view.add_item(ThemeButton(action, theme_id, subject))
    return view


def clip_menu_view(theme_id: str, clips: Sequence[tuple[str, str]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(ThemeClipMenu(theme_id, clips))
    return view
