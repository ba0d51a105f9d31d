"""The buttons of the moderators' log, persistent: page and search travel in the custom id."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast, get_args

import discord

from bot.moderators import require_moderator
from bot.views.answering import Answering
from storage.moderation import ActKind
from storage.moderator_log import LogSearch

if TYPE_CHECKING:
    from bot.client import ReelroomBot

_KINDS = "|".join(get_args(ActKind))


class LogPageButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"log:(?P<before>[0-9]{{0,18}}):(?P<who>[0-9]{{0,19}}):(?P<what>{_KINDS}|)"
    r":(?P<about>[0-9]{0,19}):(?P<since>[0-9]{0,12})",
):
    """Turns to the acts before this number, of all that were searched for; to the newest, if there
    is none."""

    def __init__(self, search: LogSearch, before: int | None) -> None:
        label, emoji = ("Newest", "⏮️") if before is None else ("Older", "▶️")
        about = (search.subject or "").removeprefix("member:")
        since = int(search.since.timestamp()) if search.since else ""
        custom_id = f"log:{before or ''}:{search.made_by or ''}:{search.act or ''}:{about}:{since}"
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=custom_id))
        self.search = search
        self.before = before

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> LogPageButton:
        search = LogSearch(
            guild_id=interaction.guild_id or 0,
            made_by=int(match["who"]) if match["who"] else None,
            act=cast(ActKind, match["what"]) if match["what"] else None,
            subject=f"member:{match['about']}" if match["about"] else None,
            since=datetime.fromtimestamp(int(match["since"]), UTC) if match["since"] else None,
        )
        return cls(search, int(match["before"]) if match["before"] else None)

    async def act(self, bot: ReelroomBot, interaction: discord.Interaction[Any]) -> None:
        require_moderator(interaction)
        await interaction.response.defer()
        page = await bot.log_pages.page(self.search, self.before)
        await interaction.edit_original_response(embed=page.embed, view=page.view)


def log_view(search: LogSearch, *, older: int | None, newest: bool) -> discord.ui.View:
    """The buttons of one page; `older` is where the next one begins, None on the last."""
    view = discord.ui.View(timeout=None)
    if newest:
        view.add_item(LogPageButton(search, None))
    if older is not None:
        view.add_item(LogPageButton(search, older))
    return view
