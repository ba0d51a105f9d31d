"""What moderators do to themes. Who asks is checked at every call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from bot.errors import NoThreadHere, ThemeNotOpened, ThreadsForbidden
from bot.job_id import job_id_for
from bot.moderators import require_moderator
from bot.ordering import missing_permissions
from bot.replies import answer
from bot.themes.guild_themes import theme_meant, theme_of_guild
from bot.themes.posting import ThemePosts
from bot.views.theme_buttons import ThemeAction, theme_view
from storage.database import Database
from storage.themes import entries, phases
from storage.themes.phases import Theme

NEEDED_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}


class ThemeModeration:
    """Each method answers the interaction, privately."""

    def __init__(self, *, database: Database, posts: ThemePosts) -> None:
        self._database = database
        self._posts = posts

    async def open_theme(
        self,
        interaction: discord.Interaction[Any],
        *,
        title: str,
        rules: str,
        entering_ends: datetime,
        voting: timedelta,
        pot_credits: int,
    ) -> None:
        """Records it, announces it and starts its thread. Raises ModeratorsOnly, NoThreadHere,
        ThreadsForbidden, ThemeNotOpened."""
        require_moderator(interaction)
        if not isinstance(interaction.channel, discord.TextChannel):
            raise NoThreadHere
        if missing := missing_permissions(interaction, NEEDED_PERMISSIONS):
            raise ThreadsForbidden(missing)
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = Theme(
            id=job_id_for(interaction.id),
            interaction_id=interaction.id,
            guild_id=interaction.guild_id or 0,
            channel_id=interaction.channel.id,
            title=title,
            rules=rules,
            opened_by=interaction.user.id,
            opened_at=datetime.now(UTC),
            entering_ends=entering_ends,
            voting_seconds=int(voting.total_seconds()),
            pot_credits=pot_credits,
        )
        await self._database.write(lambda connection: phases.open_theme(connection, theme))
        await self._posts.sweep()
        theme = await theme_of_guild(self._database, interaction, theme.id)
        if theme.phase == "cancelled":
            raise ThemeNotOpened
        ends = discord.utils.format_dt(theme.entering_ends, "f")
        where = (
            f"in <#{theme.thread_id}>"
            if theme.thread_id
            else "as soon as Discord answers; I go on trying"
        )
        await answer(interaction, f"The theme is open {where}. Entries are taken until {ends}.")

    async def close(self, interaction: discord.Interaction[Any], what: str) -> None:
        """Begins the vote now, or ends it now. Raises ModeratorsOnly, NoThemeHere, WrongPhase."""
        require_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await theme_meant(self._database, interaction)
        move = phases.begin_voting if what == "vote" else phases.decide
        moved = await self._database.write(
            lambda connection: move(
                connection,
                theme.id,
                guild_id=theme.guild_id,
                now=datetime.now(UTC),
                made_by=interaction.user.id,
            )
        )
        said = {
            "voting": "The vote has begun; the entries are being posted.",
            "decided": "It is over; the result is being posted.",
        }
        await answer(interaction, said[moved.phase])
        await self._posts.sweep()

    async def ask_to_cancel(self, interaction: discord.Interaction[Any]) -> None:
        """Asks once. Raises ModeratorsOnly, NoThemeHere."""
        require_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await theme_meant(self._database, interaction)
        taking_part = await self._database.read(
            lambda connection: entries.count(connection, theme_id=theme.id)
        )
        title = discord.utils.escape_markdown(theme.title)
        await interaction.followup.send(
            f"Cancel the theme “{title}”? It has {taking_part} "
            f"entr{'y' if taking_part == 1 else 'ies'}; nobody wins, and what its pot holds goes "
            "back. This cannot be undone.",
            view=theme_view((ThemeAction.CANCEL, theme.id, ""), (ThemeAction.LEAVE, theme.id, "")),
            ephemeral=True,
        )

    async def cancel(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
        """After the question. Raises ModeratorsOnly, WrongPhase."""
        require_moderator(interaction)
        await interaction.response.defer()
        await self._database.write(
            lambda connection: phases.cancel(
                connection,
                theme.id,
                guild_id=theme.guild_id,
                now=datetime.now(UTC),
                made_by=interaction.user.id,
            )
        )
        await interaction.edit_original_response(
            content="The theme is cancelled, and what its pot held went back.", view=None
        )
        await self._posts.sweep()
