"""What stands under a page of /help, persistent: the menu of topics, and examples that run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bot.views.answering import Answering

if TYPE_CHECKING:
    from bot.client import ReelroomBot

MENU_MAX_OPTIONS = 25  # Discord's limits
OPTION_MAX_CHARACTERS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpPage:
    """One page and what can be pressed on it."""

    embed: discord.Embed
    view: discord.ui.View


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicEntry:
    """A topic as the menu shows it."""

    id: str
    emoji: str
    title: str
    summary: str


class ExampleButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"help:try:(?P<example>[a-z0-9-]{1,60})",
):
    """Runs one example for whoever presses."""

    def __init__(self, example_id: str, label: str = "▶") -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                emoji="▶️",
                style=discord.ButtonStyle.primary,
                custom_id=f"help:try:{example_id}",
                row=1,
            )
        )
        self.example_id = example_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> ExampleButton:
        return cls(match["example"])

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        await bot.example_runs.run(interaction, self.example_id)


class TopicMenu(
    Answering,
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=r"help:topics",
):
    """Turns to the topic that is chosen."""

    def __init__(
        self, topics: Iterable[TopicEntry] = (), *, placeholder: str | None = None
    ) -> None:
        options = [
            discord.SelectOption(
                label=topic.title[:OPTION_MAX_CHARACTERS],
                value=topic.id,
                description=topic.summary[:OPTION_MAX_CHARACTERS],
                emoji=topic.emoji,
            )
            for topic in topics
        ]
        super().__init__(
            discord.ui.Select(
                custom_id="help:topics",
                placeholder=placeholder,
                options=options[:MENU_MAX_OPTIONS] or [discord.SelectOption(label="none")],
                row=0,
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> TopicMenu:
        return cls()

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        locale = bot.languages.of(interaction)
        page = bot.help_pages.page(self.item.values[0], locale)
        await interaction.response.edit_message(embed=page.embed, view=page.view)


def help_view(
    topics: Iterable[TopicEntry], *, placeholder: str, examples: Iterable[tuple[str, str]]
) -> discord.ui.View:
    """The menu of topics, and a button for each example (its id and label)."""
    view = discord.ui.View(timeout=None)
    view.add_item(TopicMenu(topics, placeholder=placeholder))
    for example_id, label in examples:
        view.add_item(ExampleButton(example_id, label))
    return view
