"""The buttons about showing a clip: share, take out, like, report, send to me."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
import structlog

from bot.card import clip_filename, draw_card
from bot.channel_messages import Attachment, ChannelMessages, TooLarge, Undeliverable
from bot.errors import DirectMessagesClosed, NoFinishedClip, NotAllowed
from bot.finished_cards import FinishedCards
from bot.replies import answer
from bot.reviewing.news import ReviewNews
from bot.showcase import Showcase
from bot.text import cleaned
from bot.views.form_modal import Field, FormModal, Typed
from generation.clip import ClipFacts
from generation.models.catalogue import Catalogue
from generation.request import Command, GenerationRequest
from storage import gallery, likes, reviews
from storage.database import Connection, Database
from storage.jobs import JobRecord
from storage.likes import Liked
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

REASON_MAX_CHARACTERS = 500


class GalleryActions:
    """Each method answers the interaction; whoever calls has checked who may."""

    def __init__(
        self,
        *,
        database: Database,
        cards: FinishedCards,
        messages: ChannelMessages,
        media_files: MediaFiles,
        catalogue: Catalogue,
        showcase: Showcase,
        review_news: ReviewNews,
    ) -> None:
        self._database = database
        self._cards = cards
        self._messages = messages
        self._media_files = media_files
        self._catalogue = catalogue
        self._showcase = showcase
        self._review_news = review_news

    async def share(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """The author alone consents. Raises NotAllowed, NotShareable."""
        if interaction.user.id != record.user_id:
            raise NotAllowed("share")
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._database.write(
            lambda connection: _put_into_gallery(connection, record, interaction.user.id)
        )
        await self._cards.redraw(record.id)
        await answer(interaction, "It is in the gallery now: /gallery.")

    async def unshare(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Its likes go, and so does its message in the showcase."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._database.write(lambda connection: gallery.unshare(connection, job_id=record.id))
        await self._cards.redraw(record.id)
        await answer(interaction, "It is out of the gallery.")
        await self._showcase.sweep()

    async def like(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Likes it, or no longer. Raises NotInGallery, OwnClip."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user_id, now = interaction.user.id, datetime.now(UTC)

        def turn(connection: Connection) -> tuple[bool, Liked]:
            liked = not likes.likes_it(connection, job_id=record.id, user_id=user_id)
            return liked, likes.set_like(
                connection,
                job_id=record.id,
                guild_id=record.guild_id,
                user_id=user_id,
                liked=liked,
                now=now,
            )

        liked, result = await self._database.write(turn)
        people = f"{result.likes} {'like' if result.likes == 1 else 'likes'}"
        said = f"You like it: {people}." if liked else f"You no longer like it: {people}."
        await answer(interaction, said + (" It is in the showcase now." if result.lifted else ""))
        self._cards.redraw_soon(record.id)
        if result.lifted:
            await self._showcase.sweep()

    async def ask_why(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Opens the form of a report."""
        why = Field(
            name="reason",
            label="What is wrong with it",
            required=True,
            long=True,
            max_characters=REASON_MAX_CHARACTERS,
        )

        async def submit(interaction: discord.Interaction[Any], typed: Typed) -> None:
            await self._report(interaction, record.id, typed["reason"])

        await interaction.response.send_modal(
            FormModal("Report to moderators", f"report:{record.id}", (why,), submit)
        )

    async def _report(
        self, interaction: discord.Interaction[Any], job_id: str, reason: str
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        reason, _ = cleaned(reason)
        is_new = await self._database.write(
            lambda connection: reviews.report(
                connection,
                job_id=job_id,
                guild_id=interaction.guild_id or 0,
                user_id=interaction.user.id,
                reason=reason.strip(),
                now=datetime.now(UTC),
            )
        )
        log.info("job.reported", job_id=job_id, user_id=interaction.user.id, first=is_new)
        await answer(
            interaction,
            "Thank you. Moderators see it with /admin review."
            if is_new
            else "You have reported this before; moderators know.",
        )
        if is_new:
            self._review_news.soon()

    async def send(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """A direct message with clip, seed and settings.

        Raises NoFinishedClip, DirectMessagesClosed, MediaFileMissing, MediaFileCorrupt.
        """
        if record.clip_sha256 is None:
            raise NoFinishedClip(record.id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        media = await self._media_files.read(record.clip_sha256, Command(record.command).suffix)
        embed = draw_card(record, self._catalogue).embed
        attachment = Attachment(filename=clip_filename(record), media=media)
        nonce = f"dm-{record.id}"
        try:
            try:
                await self._messages.post_directly(
                    interaction.user.id, embed=embed, nonce=nonce, attachments=(attachment,)
                )
            except TooLarge:
                await self._messages.post_directly(interaction.user.id, embed=embed, nonce=nonce)
        except Undeliverable as error:
            raise DirectMessagesClosed from error
        await answer(interaction, "It is in your direct messages, with seed and settings.")


def _put_into_gallery(connection: Connection, record: JobRecord, shared_by: int) -> None:
    request = GenerationRequest.from_json(record.request_json)
    revision = ClipFacts.from_json(record.clip_json).model_revision if record.clip_json else ""
    gallery.share(
        connection,
        job_id=record.id,
        shared_by=shared_by,
        prompt=request.prompt,
        settings_json=record.request_json,
        model_revision=revision,
        seed=request.seed,
        now=datetime.now(UTC),
    )
