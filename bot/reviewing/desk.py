"""What moderators decide about clips, and how an author appeals: asked for, done, answered.

Callers have checked that whoever opens or presses is a moderator; a form that comes back later is
checked here again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import structlog

from bot.errors import NoFinishedClip, OnlyTheAuthor
from bot.moderators import require_moderator
from bot.replies import answer
from bot.reviewing.news import ReviewNews
from bot.reviewing.pages import ReviewPages
from bot.text import cleaned
from bot.views.form_modal import Field, FormModal, Typed
from bot.views.review_buttons import ReviewAct
from generation.errors import InvalidRequest
from generation.request import Command
from storage import conduct, jobs, reviews
from storage.conduct import Block
from storage.database import Connection, Database
from storage.jobs import JobRecord
from storage.media_files import MediaFiles
from storage.moderation_errors import AlreadyReviewed
from storage.reviews import Decision
from storage.themes import entries

log = structlog.get_logger(__name__)

REASON_MAX_CHARACTERS = 300
APPEAL_MAX_CHARACTERS = 1000
BLOCK_MAX_DAYS = 365.0

Afterwards = Callable[[discord.Interaction[Any], str], Awaitable[None]]
"""Shows the moderator what was done, where they asked for it."""


class ReviewDesk:
    def __init__(
        self, *, database: Database, media_files: MediaFiles, pages: ReviewPages, news: ReviewNews
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._pages = pages
        self._news = news

    async def open(self, interaction: discord.Interaction[Any]) -> None:
        """Answers a deferred interaction with the newest clip that waits."""
        page = await self._pages.page(interaction.guild_id or 0)
        await interaction.followup.send(
            embed=page.embed,
            view=page.view,
            files=[attachment.file() for attachment in page.attachments],
            ephemeral=True,
        )

    async def turn(self, interaction: discord.Interaction[Any], before: int | None) -> None:
        """Shows another clip in the message that was pressed; deferred before."""
        page = await self._pages.page(interaction.guild_id or 0, before)
        await interaction.edit_original_response(
            embed=page.embed,
            view=page.view,
            attachments=[attachment.file() for attachment in page.attachments],
        )

    async def decide(
        self, interaction: discord.Interaction[Any], act: ReviewAct, job_id: str, revision: int
    ) -> None:
        """What was pressed on a page. Raises AlreadyReviewed, and what restoring raises."""
        record, place = await self._seen(interaction, job_id, revision)

        async def afterwards(interaction: discord.Interaction[Any], said: str) -> None:
            await self.turn(interaction, place)
            await answer(interaction, said)

        match act:
            case ReviewAct.TAKE_DOWN:
                await self.ask_take_down(interaction, record, "", afterwards, revision=revision)
            case ReviewAct.UPHOLD:
                await self._ask_uphold(interaction, record, revision, afterwards)
            case ReviewAct.BLOCK:
                await self._ask_block(interaction, record)
            case ReviewAct.DISMISS:
                await interaction.response.defer()
                decision = _decision(interaction, job_id, revision)
                await self._database.write(lambda connection: reviews.dismiss(connection, decision))
                await self._tell(interaction, "Dismissed: the clip stays.", afterwards)
            case ReviewAct.RESTORE:
                await interaction.response.defer()
                await self.restore(interaction, record, afterwards, revision=revision)

    async def ask_take_down(
        self,
        interaction: discord.Interaction[Any],
        record: JobRecord,
        reason: str,
        afterwards: Afterwards,
        *,
        revision: int | None = None,
    ) -> None:
        """Opens the form that asks once, with the reason.

        Raises NoFinishedClip, AlreadyReviewed.
        """
        if record.state != "succeeded":
            raise NoFinishedClip(record.id)
        if record.takedown_reason is not None:
            review = await self._database.read(lambda c: reviews.get(c, record.id))
            raise AlreadyReviewed(
                job_id=record.id, state="down", changed_by=review.changed_by if review else 0
            )

        async def submit(interaction: discord.Interaction[Any], typed: Typed) -> None:
            require_moderator(interaction)
            await _defer(interaction)
            decision = _decision(interaction, record.id, revision)
            words = _words(typed["reason"])
            await self._database.write(lambda connection: _take_down(connection, decision, words))
            log.info("clip.taken_down", job_id=record.id, moderator_id=interaction.user.id)
            said = f"Taken down: `{record.id}`. Its author reads why, and may appeal."
            await self._tell(interaction, said, afterwards)

        field = Field(
            name="reason",
            label="Why? Its author reads it",
            default=reason,
            required=True,
            long=True,
            max_characters=REASON_MAX_CHARACTERS,
        )
        await interaction.response.send_modal(
            FormModal("Take this clip down?", f"take-down:{record.id}", (field,), submit)
        )

    async def restore(
        self,
        interaction: discord.Interaction[Any],
        record: JobRecord,
        afterwards: Afterwards,
        *,
        revision: int | None = None,
    ) -> None:
        """Brings the clip back; deferred before.

        Raises AlreadyReviewed, MediaFileMissing, MediaFileCorrupt.
        """
        decision = _decision(interaction, record.id, revision)
        if record.takedown_reason is not None and record.clip_sha256 is not None:
            # Before anything is promised that nobody can keep.
            await self._media_files.verify(record.clip_sha256, Command(record.command).suffix)
        await self._database.write(lambda connection: reviews.restore(connection, decision))
        log.info("clip.restored", job_id=record.id, moderator_id=interaction.user.id)
        await self._tell(interaction, f"Restored: `{record.id}` is on its card again.", afterwards)

    async def ask_appeal(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Opens the author's form. Raises OnlyTheAuthor, AlreadyReviewed."""
        if interaction.user.id != record.user_id:
            raise OnlyTheAuthor("appeal")
        if record.review_state != "down":
            raise AlreadyReviewed(
                job_id=record.id, state=record.review_state or "closed", changed_by=0
            )

        async def submit(interaction: discord.Interaction[Any], typed: Typed) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            decision = Decision(
                job_id=record.id,
                guild_id=record.guild_id,
                made_by=interaction.user.id,
                now=datetime.now(UTC),
            )
            words = _words(typed["appeal"])
            await self._database.write(
                lambda connection: reviews.appeal(connection, decision, words)
            )
            log.info("clip.appealed", job_id=record.id, user_id=interaction.user.id)
            await answer(interaction, "Moderators see your appeal; you will read what they decide.")
            self._news.soon()

        field = Field(
            name="appeal",
            label="Why should it come back?",
            placeholder="You can appeal once; moderators read this",
            required=True,
            long=True,
            max_characters=APPEAL_MAX_CHARACTERS,
        )
        await interaction.response.send_modal(
            FormModal("Appeal", f"appeal:{record.id}", (field,), submit)
        )

    async def _ask_uphold(
        self,
        interaction: discord.Interaction[Any],
        record: JobRecord,
        revision: int,
        afterwards: Afterwards,
    ) -> None:
        async def submit(interaction: discord.Interaction[Any], typed: Typed) -> None:
            require_moderator(interaction)
            await _defer(interaction)
            decision = _decision(interaction, record.id, revision)
            words = _words(typed["reason"])
            await self._database.write(
                lambda connection: reviews.uphold(connection, decision, words)
            )
            said = "The appeal is refused; its author reads why."
            await self._tell(interaction, said, afterwards)

        field = Field(
            name="reason",
            label="Why? Its author reads it",
            required=True,
            long=True,
            max_characters=REASON_MAX_CHARACTERS,
        )
        await interaction.response.send_modal(
            FormModal("Refuse the appeal?", f"uphold:{record.id}", (field,), submit)
        )

    async def _ask_block(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        async def submit(interaction: discord.Interaction[Any], typed: Typed) -> None:
            require_moderator(interaction)
            days = _days(typed["days"])
            await interaction.response.defer(ephemeral=True, thinking=True)
            now = datetime.now(UTC)
            wanted = Block(
                user_id=record.user_id,
                until=None if days is None else now + timedelta(days=days),
                reason=_words(typed["reason"]),
                set_by=interaction.user.id,
            )
            await self._database.write(
                lambda connection: conduct.block(
                    connection, wanted, guild_id=record.guild_id, now=now
                )
            )
            until = f"until {discord.utils.format_dt(wanted.until)}" if wanted.until else "for good"
            said = f"<@{record.user_id}> may order nothing, {until}; /admin unblock lifts it."
            await answer(interaction, f"{said} The clip still waits for your decision.")

        fields = (
            Field(
                name="reason",
                label="Why? The member reads it",
                required=True,
                max_characters=200,
            ),
            Field(
                name="days",
                label="For how many days (empty: until you lift it)",
                placeholder="7",
                max_characters=10,
            ),
        )
        await interaction.response.send_modal(
            FormModal("Block the author?", f"block:{record.id}", fields, submit)
        )

    async def _seen(
        self, interaction: discord.Interaction[Any], job_id: str, revision: int
    ) -> tuple[JobRecord, int]:
        """The clip and its place in the queue. Raises AlreadyReviewed where it has moved on, before
        anybody types a reason for nothing."""

        def read(connection: Connection) -> tuple[JobRecord, int]:
            review = reviews.get(connection, job_id)
            if review is None or review.guild_id != interaction.guild_id:
                raise AlreadyReviewed(job_id=job_id, state="closed", changed_by=0)
            if review.revision != revision:
                raise AlreadyReviewed(
                    job_id=job_id, state=review.state, changed_by=review.changed_by
                )
            return jobs.get(connection, job_id), review.asked_sequence

        return await self._database.read(read)

    async def _tell(
        self, interaction: discord.Interaction[Any], said: str, afterwards: Afterwards
    ) -> None:
        await afterwards(interaction, said)
        self._news.soon()


async def _defer(interaction: discord.Interaction[Any]) -> None:
    """A form that was opened by a button changes that message; one of a command answers anew."""
    if interaction.message is None:
        await interaction.response.defer(ephemeral=True, thinking=True)
    else:
        await interaction.response.defer()


def _decision(interaction: discord.Interaction[Any], job_id: str, revision: int | None) -> Decision:
    return Decision(
        job_id=job_id,
        guild_id=interaction.guild_id or 0,
        made_by=interaction.user.id,
        now=datetime.now(UTC),
        revision=revision,
    )


def _words(typed: str) -> str:
    """Raises InvalidRequest where nothing is left of it."""
    words, _ = cleaned(typed)
    if not words.strip():
        raise InvalidRequest("reason", "must say something")
    return words.strip()


def _days(typed: str) -> float | None:
    """Raises InvalidRequest for what is no number of days."""
    if not typed:
        return None
    try:
        days = float(typed.replace(",", "."))
    except ValueError:
        raise InvalidRequest("number of days", "must be a number") from None
    if not 0 < days <= BLOCK_MAX_DAYS:
        raise InvalidRequest("number of days", f"must be at most {BLOCK_MAX_DAYS:g}")
    return days


def _take_down(connection: Connection, decision: Decision, reason: str) -> None:
    """Its entries in themes go too: what is down takes part in no vote."""
    reviews.take_down(connection, decision, reason)
    entries.drop_clip(connection, job_id=decision.job_id)
