"""What members and moderators do in themes, by commands and buttons. Checked at every call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import structlog

from bot.errors import NoThemeHere, NothingToEnter, NoThreadHere, ThemeNotOpened, ThreadsForbidden
from bot.job_id import job_id_for
from bot.moderators import require_moderator
from bot.ordering import missing_permissions
from bot.replies import answer
from bot.source_clips import job_named
from bot.themes.pages import ThemePages
from bot.themes.posting import ThemePosts
from bot.views.theme_buttons import ThemeAction, clip_menu_view, theme_view
from generation.request import GenerationRequest
from storage.database import Connection, Database
from storage.jobs import JobRecord
from storage.theme_errors import PrivateClip
from storage.themes import entries, phases, votes
from storage.themes.phases import Theme

log = structlog.get_logger(__name__)

OFFERED_CLIPS = 25  # as many as a menu holds
PROMPT_SHOWN_CHARACTERS = 80
NEEDED_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}


class ThemeDeeds:
    """Each method answers the interaction, privately."""

    def __init__(self, *, database: Database, posts: ThemePosts, pages: ThemePages) -> None:
        self._database = database
        self._posts = posts
        self._pages = pages

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
        theme = await self._get(interaction, theme.id)
        if theme.phase == "cancelled":
            raise ThemeNotOpened
        ends = discord.utils.format_dt(theme.entering_ends, "f")
        where = (
            f"in <#{theme.thread_id}>"
            if theme.thread_id
            else "as soon as Discord answers; I go on trying"
        )
        await answer(interaction, f"The theme is open {where}. Entries are taken until {ends}.")

    async def enter_named(self, interaction: discord.Interaction[Any], named: str) -> None:
        """Enters the clip of the job of this id, or of this card's link.

        Raises NoThemeHere, what `job_named` raises, and what `entries.enter` raises.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await self.meant(interaction)
        job = await job_named(
            self._database,
            named,
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
            action="enter",
        )
        await self._enter(interaction, theme, job.id)

    async def choose(
        self, interaction: discord.Interaction[Any], theme_id: str, job_id: str
    ) -> None:
        """Enters the clip that was chosen in the menu."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._enter(interaction, await self._get(interaction, theme_id), job_id)

    async def withdraw(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
        """Takes the member's entry back. Raises WrongPhase, NotEntered."""
        job_id = await self._database.write(
            lambda connection: entries.withdraw(
                connection,
                theme_id=theme.id,
                guild_id=theme.guild_id,
                user_id=interaction.user.id,
            )
        )
        await answer(
            interaction,
            f"Job `{job_id}` takes part no more. Until entries close you can enter a clip again.",
        )

    async def close(self, interaction: discord.Interaction[Any], what: str) -> None:
        """Begins the vote now, or ends it now. Raises ModeratorsOnly, NoThemeHere, WrongPhase."""
        require_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await self.meant(interaction)
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
        theme = await self.meant(interaction)
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

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """The thread's theme as it stands for this member, or all themes of the server."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await self._of_thread(interaction)
        embed = (
            await self._pages.overview(interaction.guild_id or 0)
            if theme is None
            else await self._pages.details(theme, interaction.user.id)
        )
        await interaction.followup.send(embed=embed, ephemeral=True)

    async def press(
        self,
        interaction: discord.Interaction[Any],
        action: ThemeAction,
        theme_id: str,
        subject: str,
    ) -> None:
        """What a button of a theme does. Raises UnknownTheme and what the action raises."""
        if action is ThemeAction.CANCEL:
            require_moderator(interaction)
        theme = await self._get(interaction, theme_id)
        match action:
            case ThemeAction.ENTER:
                await self._offer_clips(interaction, theme)
            case ThemeAction.MINE:
                await self._show_mine(interaction, theme)
            case ThemeAction.VOTE:
                await self._vote(interaction, theme, int(subject))
            case ThemeAction.WITHDRAW:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await self.withdraw(interaction, theme)
            case ThemeAction.CONSENT:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await self._enter(interaction, theme, subject, private_too=True)
            case ThemeAction.CANCEL:
                await self._cancel(interaction, theme)
            case ThemeAction.LEAVE:
                await interaction.response.edit_message(content="Nothing was changed.", view=None)

    async def meant(self, interaction: discord.Interaction[Any]) -> Theme:
        """The theme of the thread, or else the only one that runs: here, or on the whole server.

        Raises NoThemeHere.
        """
        theme = await self._of_thread(interaction)
        if theme is not None:
            return theme
        running = await self._database.read(
            lambda connection: phases.running(connection, guild_id=interaction.guild_id or 0)
        )
        here = [one for one in running if one.channel_id == interaction.channel_id]
        for found in (running, here):
            if len(found) == 1:
                return found[0]
        raise NoThemeHere(tuple(one.thread_id for one in running if one.thread_id))

    async def candidates(self, guild_id: int, user_id: int) -> tuple[tuple[str, str], ...]:
        """The member's newest clips that can be entered: jobs' ids, each with a line about it."""
        found = await self._database.read(
            lambda connection: entries.candidates(
                connection, guild_id=guild_id, user_id=user_id, limit=OFFERED_CLIPS
            )
        )
        return tuple((job.id, _about(job)) for job in found)

    async def _enter(
        self,
        interaction: discord.Interaction[Any],
        theme: Theme,
        job_id: str,
        *,
        private_too: bool = False,
    ) -> None:
        def unit(connection: Connection) -> str | None:
            return entries.enter(
                connection,
                theme_id=theme.id,
                guild_id=theme.guild_id,
                user_id=interaction.user.id,
                job_id=job_id,
                private_too=private_too,
                now=datetime.now(UTC),
            )

        try:
            replaced = await self._database.write(unit)
        except PrivateClip:
            await self._ask_for_consent(interaction, theme, job_id)
            return
        log.info("theme.entered", theme_id=theme.id, replaces=replaced is not None)
        said = f"Job `{job_id}` takes part in “{discord.utils.escape_markdown(theme.title)}”."
        if replaced not in (None, job_id):
            said += f" It replaces `{replaced}`: everybody has one entry."
        ends = discord.utils.format_dt(theme.entering_ends, "R")
        await answer(
            interaction,
            f"{said} It is shown without your name until the vote is over. Entries close {ends}; "
            "until then you can enter another clip, or withdraw it.",
        )

    async def _ask_for_consent(
        self, interaction: discord.Interaction[Any], theme: Theme, job_id: str
    ) -> None:
        await interaction.followup.send(
            f"Job `{job_id}` is private. In the theme everybody sees its clip, and when the vote "
            "is over also that it is yours; it stays out of the gallery. Enter it?",
            view=theme_view(
                (ThemeAction.CONSENT, theme.id, job_id), (ThemeAction.LEAVE, theme.id, "")
            ),
            ephemeral=True,
        )

    async def _offer_clips(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        phases.require(theme, "entering")
        clips = await self.candidates(theme.guild_id, interaction.user.id)
        if not clips:
            raise NothingToEnter
        await interaction.followup.send(
            "Which clip takes part? Whoever enters one agrees that it is shown here.",
            view=clip_menu_view(theme.id, clips),
            ephemeral=True,
        )

    async def _show_mine(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
        """Raises NotEntered, MediaFileMissing, MediaFileCorrupt."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        embed, attachment = await self._pages.mine(theme, interaction.user.id)
        buttons = [(ThemeAction.WITHDRAW, theme.id, "")] if theme.phase == "entering" else []
        await interaction.followup.send(
            embed=embed, file=attachment.file(), view=theme_view(*buttons), ephemeral=True
        )

    async def _vote(self, interaction: discord.Interaction[Any], theme: Theme, number: int) -> None:
        """Gives a vote, or takes it back. Raises WrongPhase, UnknownEntry, OwnEntry."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        voter_id = interaction.user.id

        def turn(connection: Connection) -> tuple[bool, tuple[int, ...]]:
            phases.locked(connection, theme.id, guild_id=theme.guild_id, needed=("voting",))
            wanted = number not in votes.of_member(connection, theme_id=theme.id, voter_id=voter_id)
            votes.set_vote(
                connection,
                theme_id=theme.id,
                number=number,
                voter_id=voter_id,
                wanted=wanted,
                now=datetime.now(UTC),
            )
            return wanted, votes.of_member(connection, theme_id=theme.id, voter_id=voter_id)

        wanted, all_votes = await self._database.write(turn)
        said = f"You vote for entry {number}." if wanted else f"You no longer vote for {number}."
        listed = ", ".join(str(one) for one in all_votes) or "none yet"
        await answer(interaction, f"{said} Your votes: {listed}.")

    async def _cancel(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
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

    async def _of_thread(self, interaction: discord.Interaction[Any]) -> Theme | None:
        return await self._database.read(
            lambda connection: phases.of_thread(connection, thread_id=interaction.channel_id or 0)
        )

    async def _get(self, interaction: discord.Interaction[Any], theme_id: str) -> Theme:
        return await self._database.read(
            lambda connection: phases.get(connection, theme_id, guild_id=interaction.guild_id or 0)
        )


def _about(job: JobRecord) -> str:
    """`a red circle · private`."""
    prompt = GenerationRequest.from_json(job.request_json).prompt or job.command
    words = " ".join(prompt.split())[:PROMPT_SHOWN_CHARACTERS]
    return f"{words} · private" if job.private else words
