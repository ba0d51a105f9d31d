"""The word rules of a server, page by page, by their letters."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.views.rules_pager import rules_view
from storage import word_rules
from storage.database import Database

PAGE_RULES = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class RulePage:
    """Ready to be sent or to replace another page."""

    embed: discord.Embed
    view: discord.ui.View


class RulePages:
    """Callers have checked that whoever asks is a moderator."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def page(self, guild_id: int, number: int) -> RulePage:
        """Counted from 0; the last one where there are fewer by now."""
        known = await self._database.read(
            lambda connection: word_rules.rules(connection, guild_id=guild_id)
        )
        pages = max(1, -(-len(known) // PAGE_RULES))
        number = min(number, pages - 1)
        in_order = sorted(known, key=lambda rule: rule.words.casefold())
        shown = in_order[number * PAGE_RULES : (number + 1) * PAGE_RULES]
        lines = [
            f"{discord.utils.escape_markdown(rule.words)} · <@{rule.set_by}> "
            f"{discord.utils.format_dt(rule.set_at, 'R')}"
            for rule in shown
        ]
        embed = discord.Embed(
            title=f"Word rules: {len(known)}", description="\n".join(lines) or "None."
        )
        if pages > 1:
            embed.set_footer(text=f"page {number + 1} of {pages}")
        view = rules_view(
            earlier=number - 1 if number > 0 else None,
            later=number + 1 if number + 1 < pages else None,
        )
        return RulePage(embed=embed, view=view)
