"""The moderators' log, page by page, as it was searched for."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.act_lines import act_line
from bot.views.log_pager import log_view
from storage import moderator_log
from storage.database import Database
from storage.moderator_log import LogSearch

PAGE_ACTS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPageView:
    """Ready to be sent or to replace another page."""

    embed: discord.Embed
    view: discord.ui.View


class LogPages:
    """Callers have checked that whoever asks is a moderator."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def page(self, search: LogSearch, before: int | None = None) -> LogPageView:
        """The newest acts that are older than the one with this number."""
        found = await self._database.read(
            lambda connection: moderator_log.page(
                connection, search, limit=PAGE_ACTS, before=before
            )
        )
        embed = discord.Embed(
            title="What moderators did",
            description="\n".join(map(act_line, found.acts))[:4000] or "Nothing so far.",
        )
        return LogPageView(
            embed=embed,
            view=log_view(search, older=found.next_before, newest=before is not None),
        )
