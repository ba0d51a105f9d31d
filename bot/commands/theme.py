"""/theme: open, enter, withdraw, show, close, cancel: contests of clips in a thread.

Members and moderators share the group, so Discord hides no part of it; who may open, close and
cancel is checked at every call.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.choices import job_choices
from bot.moderators import require_moderator
from bot.text import cleaned
from bot.themes.deadlines import deadline
from bot.themes.guild_themes import theme_meant
from bot.themes.moderating import ThemeModeration
from bot.themes.taking_part import TakingPart
from generation.errors import InvalidRequest
from storage.database import Database

TITLE_MAX_CHARACTERS = 80
RULES_MAX_CHARACTERS = 1500
POT_MAX_CREDITS = 1_000_000
DEFAULT_VOTING = "2d"
MOMENTS = [
    Choice(name="begin the vote now", value="vote"),
    Choice(name="end the vote now", value="end"),
]


@app_commands.guild_only()
class ThemeCog(commands.GroupCog, group_name="theme", group_description="Contests of clips"):
    """Each command answers only whoever typed it; what all see is in the theme's thread."""

    def __init__(
        self, *, database: Database, moderation: ThemeModeration, taking_part: TakingPart
    ) -> None:
        self._database = database
        self._moderation = moderation
        self._taking_part = taking_part

    @app_commands.command(
        name="open", description="For moderators: open a theme here, as a thread of this channel"
    )
    @app_commands.describe(
        title="What it is called, and the thread with it",
        rules="What to make; everybody reads it",
        ends="Until when clips can be entered: 3d, 36h, 2026-12-31 or 2026-12-31 18:00 (UTC)",
        voting="How long the vote lasts, from when it begins: 2d, 12h",
        pot="Credits that pay for clips ordered in the thread; what is left goes back",
    )
    async def open_theme(
        self,
        interaction: discord.Interaction[Any],
        title: Range[str, 1, TITLE_MAX_CHARACTERS],
        rules: Range[str, 1, RULES_MAX_CHARACTERS],
        ends: Range[str, 1, 40],
        voting: Range[str, 1, 40] = DEFAULT_VOTING,
        pot: Range[int, 1, POT_MAX_CREDITS] | None = None,
    ) -> None:
        require_moderator(interaction)
        now = datetime.now(UTC)
        entering_ends = deadline(ends, now=now)
        # A day of the calendar says when the vote ends if nobody begins it earlier.
        is_day = voting.strip()[:4].isdigit() and "-" in voting
        start = entering_ends if is_day else now
        await self._moderation.open_theme(
            interaction,
            title=_words("title", " ".join(title.split())),
            rules=_words("rules", rules.strip()),
            entering_ends=entering_ends,
            voting=deadline(voting, now=start) - start,
            pot_credits=pot or 0,
        )

    @app_commands.command(
        name="enter", description="Enter one of your clips; another one replaces it"
    )
    @app_commands.describe(clip="The job id at the foot of its card, or the card's message link")
    async def enter(self, interaction: discord.Interaction[Any], clip: Range[str, 1, 200]) -> None:
        await self._taking_part.enter_named(interaction, clip)

    @enter.autocomplete("clip")
    async def _complete_clip(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        clips = await self._taking_part.candidates(interaction.guild_id or 0, interaction.user.id)
        return job_choices(clips, typed)

    @app_commands.command(
        name="withdraw", description="Take your entry back, while entries are open"
    )
    async def withdraw(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await theme_meant(self._database, interaction)
        await self._taking_part.withdraw(interaction, theme)

    @app_commands.command(
        name="show", description="This thread's theme and your part in it, or all of the server"
    )
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        await self._taking_part.show(interaction)

    @app_commands.command(
        name="close", description="For moderators: begin the vote now, or end it now"
    )
    @app_commands.describe(what="Which of the two")
    @app_commands.choices(what=MOMENTS)
    async def close(self, interaction: discord.Interaction[Any], what: str) -> None:
        await self._moderation.close(interaction, what)

    @app_commands.command(
        name="cancel", description="For moderators: end a theme without a winner; it asks once"
    )
    async def cancel(self, interaction: discord.Interaction[Any]) -> None:
        await self._moderation.ask_to_cancel(interaction)


def _words(field: str, typed: str) -> str:
    """Raises InvalidRequest where nothing can be read."""
    text, _ = cleaned(typed)
    if not text.strip():
        raise InvalidRequest(field, "has no words")
    return text.strip()
