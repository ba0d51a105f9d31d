"""The buttons of lists of kept options, persistent: list and page, or the set that is asked about,
travel in the custom id."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.moderators import require_moderator
from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot

SET_NAME = r"[\w-]{1,32}"
"""What an option set may be called; no capitals."""


class OptionList(StrEnum):
    SETS = "sets"
    DEFAULTS = "defaults"


class OptionPageButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"options:(?P<way>back|on):(?P<which>{'|'.join(OptionList)}):(?P<number>[0-9]{{1,4}})",
):
    """Turns to this page; of the sets, to the presser's own."""

    def __init__(self, way: str, which: OptionList, number: int) -> None:
        label, emoji = ("Back", "◀️") if way == "back" else ("Next", "▶️")
        custom_id = f"options:{way}:{which.value}:{number}"
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=custom_id))
        self.which = which
        self.number = number

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> OptionPageButton:
        return cls(match["way"], OptionList(match["which"]), int(match["number"]))

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        if self.which is OptionList.DEFAULTS:
            require_moderator(interaction)
        await interaction.response.defer()
        if self.which is OptionList.DEFAULTS:
            page = await bot.option_pages.defaults(interaction.guild_id or 0, self.number)
        else:
            page = await bot.option_pages.sets(interaction.user.id, self.number)
        await interaction.edit_original_response(embed=page.embed, view=page.view)


class DeleteSetButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"options:(?P<answer>delete|keep):(?P<name>{SET_NAME})",
):
    """Deletes the presser's set of this name, or leaves it."""

    def __init__(self, answer: str, name: str) -> None:
        label, style = (
            ("Delete", discord.ButtonStyle.danger)
            if answer == "delete"
            else ("Keep it", discord.ButtonStyle.secondary)
        )
        super().__init__(
            discord.ui.Button(label=label, style=style, custom_id=f"options:{answer}:{name}")
        )
        self.answer = answer
        self.name = name

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> DeleteSetButton:
        return cls(match["answer"], match["name"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        said = f"Kept **{self.name}**."
        if self.answer == "delete":
            said = await bot.option_pages.delete(interaction.user.id, self.name)
        await interaction.edit_original_response(content=said, view=None)


def pages_view(which: OptionList, number: int, last: int) -> discord.ui.View:
    """The buttons of page `number`; pages are counted from 0."""
    view = discord.ui.View(timeout=None)
    if number > 0:
        view.add_item(OptionPageButton("back", which, number - 1))
    if number < last:
        view.add_item(OptionPageButton("on", which, number + 1))
    return view


def deletion_view(name: str) -> discord.ui.View:
    """Delete it, or keep it."""
    view = discord.ui.View(timeout=None)
    view.add_item(DeleteSetButton("delete", name))
    view.add_item(DeleteSetButton("keep", name))
    return view
