"""What the buttons of a job card do, and who may press them. Checked at every press."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import discord

from bot.channel_messages import ChannelMessages
from bot.delivery import Delivery
from bot.errors import NotAllowed, NotCancellable
from bot.guild_jobs import job_of_guild
from bot.moderators import may_manage_messages
from bot.ordering import Ordering
from bot.replies import answer
from bot.request_options import draw_seed
from bot.views.job_buttons import JobAction
from bot.views.remix_modal import RemixModal
from generation.clip import ClipFacts
from generation.dispatcher import Dispatcher
from generation.job import JobState
from generation.request import Command, GenerationRequest
from storage import attempts, gallery, references
from storage.database import Connection, Database
from storage.jobs import JobRecord
from storage.media_files import MediaFiles


class JobActions:
    """One method an action; `perform` loads the job and checks the member."""

    def __init__(
        self,
        *,
        database: Database,
        dispatcher: Dispatcher,
        delivery: Delivery,
        messages: ChannelMessages,
        media_files: MediaFiles,
        ordering: Ordering,
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._dispatcher = dispatcher
        self._delivery = delivery
        self._messages = messages
        self._ordering = ordering

    async def perform(
        self, interaction: discord.Interaction[Any], action: JobAction, job_id: str
    ) -> None:
        """Raises JobUnavailable, NotAllowed, and what the action raises."""
        record = await job_of_guild(self._database, job_id, guild_id=interaction.guild_id)
        match action:
            case JobAction.REROLL:
                await self._reroll(interaction, record)
            case JobAction.REMIX:
                await self._remix(interaction, record)
            case JobAction.CANCEL:
                _only_author_or_moderator(interaction, record, "cancel")
                await self._cancel(interaction, record)
            case JobAction.DELETE:
                _only_author_or_moderator(interaction, record, "delete")
                await self._delete(interaction, record)
            case JobAction.SHARE | JobAction.UNSHARE:
                await self._share(interaction, record, shared=action is JobAction.SHARE)

    async def _reroll(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        _only_author_if_private(interaction, record, "reroll")
        await interaction.response.defer(ephemeral=True, thinking=True)
        request = dataclasses.replace(
            GenerationRequest.from_json(record.request_json),
            seed=draw_seed(),
            parent_job_id=record.id,
        )
        await self._ordering.order(interaction, request)

    async def _remix(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        _only_author_if_private(interaction, record, "remix")
        request = GenerationRequest.from_json(record.request_json)
        await interaction.response.send_modal(RemixModal(request, record.id, self._ordering))

    async def _cancel(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        # Remembered first: a restart before the job has stopped must not make the clip.
        await self._database.write(
            lambda connection: attempts.request_cancel(connection, job_id=record.id)
        )
        if not await self._dispatcher.cancel(record.id):
            record = await job_of_guild(self._database, record.id, guild_id=record.guild_id)
            if JobState(record.state).terminal:
                raise NotCancellable(record.state)
            raise NotCancellable(JobState.SUCCEEDED.value)  # its clip is being kept right now
        await answer(interaction, "Cancelling. The credits come back.")

    async def _delete(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        if not JobState(record.state).terminal:
            raise NotAllowed("delete a running job; cancel it first to")
        await self._database.write(lambda connection: gallery.unshare(connection, job_id=record.id))
        if record.card_message_id is not None:
            await self._messages.delete(record.channel_id, record.card_message_id)
        if record.clip_sha256 is not None:
            suffix = Command(record.command).suffix
            await self._delete_clip(record.id, record.clip_sha256, suffix)
        await answer(interaction, "Deleted.")

    async def _delete_clip(self, job_id: str, sha256: str, suffix: str) -> None:
        """Its bytes too, unless another job made the same ones."""
        await self._media_files.disclaim(sha256, suffix)  # for the next start, if this is the end
        unneeded = await self._database.write(
            lambda connection: references.forget_clip(connection, job_id=job_id)
        )
        if unneeded is None:
            await self._media_files.claimed(sha256, suffix)
        else:
            await self._media_files.discard(sha256, suffix)

    async def _share(
        self, interaction: discord.Interaction[Any], record: JobRecord, *, shared: bool
    ) -> None:
        if not shared:
            _only_author_or_moderator(interaction, record, "take out")
        elif interaction.user.id != record.user_id:
            raise NotAllowed("share")
        await interaction.response.defer(ephemeral=True, thinking=True)
        if shared:
            await self._database.write(
                lambda connection: _put_into_gallery(connection, record, interaction.user.id)
            )
        else:
            await self._database.write(
                lambda connection: gallery.unshare(connection, job_id=record.id)
            )
        await self._delivery.redraw(record.id)
        await answer(
            interaction,
            "It is in the gallery now: /gallery." if shared else "It is out of the gallery.",
        )


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


def _only_author_or_moderator(
    interaction: discord.Interaction[Any], record: JobRecord, action: str
) -> None:
    if interaction.user.id != record.user_id and not may_manage_messages(interaction):
        raise NotAllowed(action)


def _only_author_if_private(
    interaction: discord.Interaction[Any], record: JobRecord, action: str
) -> None:
    if record.private and interaction.user.id != record.user_id:
        raise NotAllowed(action)
