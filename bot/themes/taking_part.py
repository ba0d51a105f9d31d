"""How members take part in themes: enter, withdraw, look at their entry, vote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
import structlog

from bot.errors import NothingToEnter
from bot.replies import answer
from bot.source_clips import job_named
from bot.themes.guild_themes import theme_meant, theme_of_guild, theme_of_thread
from bot.themes.pages import ThemePages
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


class TakingPart:
    """Each method answers the interaction, privately."""

    def __init__(self, *, database: Database, pages: ThemePages) -> None:
        self._database = database
        self._pages = pages

    async def enter_named(self, interaction: discord.Interaction[Any], named: str) -> None:
        """Enters the clip of the job of this id, or of this card's link.

        Raises NoThemeHere, what `job_named` raises, and what `entries.enter` raises.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await theme_meant(self._database, interaction)
        job = await job_named(
            self._database,
            named,
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
            action="enter",
        )
        await self.enter(interaction, theme, job.id)

    async def choose(
        self, interaction: discord.Interaction[Any], theme_id: str, job_id: str
    ) -> None:
        """Enters the clip that was chosen in the menu."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.enter(
            interaction, await theme_of_guild(self._database, interaction, theme_id), job_id
        )

    async def enter(
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

    async def offer_clips(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
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

    async def show_mine(self, interaction: discord.Interaction[Any], theme: Theme) -> None:
        """Raises NotEntered, MediaFileMissing, MediaFileCorrupt."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        embed, attachment = await self._pages.mine(theme, interaction.user.id)
        buttons = [(ThemeAction.WITHDRAW, theme.id, "")] if theme.phase == "entering" else []
        await interaction.followup.send(
            embed=embed, file=attachment.file(), view=theme_view(*buttons), ephemeral=True
        )

    async def vote(self, interaction: discord.Interaction[Any], theme: Theme, number: int) -> None:
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

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """The thread's theme as it stands for this member, or all themes of the server."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        theme = await theme_of_thread(self._database, interaction)
        embed = (
            await self._pages.overview(interaction.guild_id or 0)
            if theme is None
            else await self._pages.details(theme, interaction.user.id)
        )
        await interaction.followup.send(embed=embed, ephemeral=True)

    async def candidates(self, guild_id: int, user_id: int) -> tuple[tuple[str, str], ...]:
        """The member's newest clips that can be entered: jobs' ids, each with a line about it."""
        found = await self._database.read(
            lambda connection: entries.candidates(
                connection, guild_id=guild_id, user_id=user_id, limit=OFFERED_CLIPS
            )
        )
        return tuple((job.id, _about(job)) for job in found)

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


def _about(job: JobRecord) -> str:
    """`a red circle · private`."""
    prompt = GenerationRequest.from_json(job.request_json).prompt or job.command
    words = " ".join(prompt.split())[:PROMPT_SHOWN_CHARACTERS]
    return f"{words} · private" if job.private else words
