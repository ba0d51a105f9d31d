"""Lists of kept options, page by page: a member's option sets, and what moderators set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.text import as_code
from bot.views.option_lists import OptionList, pages_view
from storage import option_defaults, option_sets
from storage.database import Database
from storage.option_defaults import OptionDefaults
from storage.option_sets import MOST_SETS

PAGE_LINES = 10
LINE_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionPage:
    """Ready to be sent or to replace another page."""

    embed: discord.Embed
    view: discord.ui.View


class OptionPages:
    """Callers have checked who asks."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def sets(self, user_id: int, number: int) -> OptionPage:
        """A member's option sets by name; page 0 is the first."""
        found = await self._database.read(
            lambda connection: option_sets.of_user(connection, user_id=user_id)
        )
        lines = [f"**{one.name}** {as_code(one.options, LINE_SHOWN_CHARACTERS)}" for one in found]
        empty = "None yet. `/options save name:noir options:film noir -ar 16:9` keeps one."
        title = f"Your option sets: {len(found)} of {MOST_SETS}"
        return _page(title, lines, empty, OptionList.SETS, number)

    async def defaults(self, guild_id: int, number: int) -> OptionPage:
        """What moderators set, for all channels first."""
        found = await self._database.read(
            lambda connection: option_defaults.in_force(connection, guild_id=guild_id)
        )
        lines = [f"{place(one)}: {defaults_shown(one)}" for one in found]
        empty = "None: the models' own defaults count."
        return _page("Default options here", lines, empty, OptionList.DEFAULTS, number)

    async def delete(self, user_id: int, name: str) -> str:
        """Deletes a member's set; returns what to tell them. Raises UnknownOptionSet."""
        gone = await self._database.write(
            lambda connection: option_sets.delete(connection, name, user_id=user_id)
        )
        return f"Deleted **{gone.name}**; it was {as_code(gone.options, LINE_SHOWN_CHARACTERS)}."


def defaults_shown(one: OptionDefaults) -> str:
    """The line of flags and whether clips are private; or that there are none."""
    private = {True: "private", False: "not private", None: ""}[one.private]
    return (
        ", ".join(part for part in (as_code(one.options, LINE_SHOWN_CHARACTERS), private) if part)
        or "none"
    )


def place(one: OptionDefaults) -> str:
    """The channel as a mention."""
    return "Every channel" if one.channel_id is None else f"<#{one.channel_id}>"


def _page(
    title: str, lines: Sequence[str], empty: str, which: OptionList, number: int
) -> OptionPage:
    last = max(0, (len(lines) - 1) // PAGE_LINES)
    number = min(number, last)
    shown = lines[number * PAGE_LINES : (number + 1) * PAGE_LINES]
    embed = discord.Embed(title=title, description="\n".join(shown) or empty)
    if last:
        embed.set_footer(text=f"Page {number + 1} of {last + 1}")
    return OptionPage(embed=embed, view=pages_view(which, number, last))
