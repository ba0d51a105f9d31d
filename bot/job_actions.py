"""What the buttons of a job card do, and who may press them. Checked at every press."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from bot.channel_messages import ChannelMessages
from bot.clip_actions import ClipActions
from bot.clip_works import ClipWorks
from bot.errors import JobUnavailable, NotAllowed, NotCancellable
from bot.gallery_actions import GalleryActions
from bot.guild_jobs import job_of_guild, require_up
from bot.moderators import may_manage_messages
from bot.replies import answer
from bot.reviewing.desk import ReviewDesk
from bot.views.job_buttons import JobAction
from generation.dispatcher import Dispatcher
from generation.job import JobState
from generation.request import Command
from storage import attempts, gallery, jobs, references
from storage.database import Connection, Database
from storage.errors import UnknownJob
from storage.jobs import JobRecord
from storage.media_files import MediaFiles
from storage.themes import entries

Press = Callable[[discord.Interaction[Any], JobRecord], Awaitable[None]]

VERBS: Mapping[JobAction, str] = {
    JobAction.REROLL: "reroll",
    JobAction.VARY: "vary",
    JobAction.REMIX: "remix",
    JobAction.EDIT: "edit",
    JobAction.LOOP: "make a loop of",
    JobAction.ANIMATE: "animate",
    JobAction.MODEL: "remake",
    JobAction.EXTEND: "extend",
    JobAction.RESTYLE: "restyle",
    JobAction.SEND: "be sent",
}
"""Of what only its author does with a private clip."""


class JobActions:
    """One method an action; `perform` loads the job and checks the member."""

    def __init__(
        self,
        *,
        database: Database,
        dispatcher: Dispatcher,
        messages: ChannelMessages,
        media_files: MediaFiles,
        clip_actions: ClipActions,
        clip_works: ClipWorks,
        gallery_actions: GalleryActions,
        review_desk: ReviewDesk,
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._dispatcher = dispatcher
        self._messages = messages
        self._clip_actions = clip_actions
        self._clip_works = clip_works
        self._gallery_actions = gallery_actions
        self._review_desk = review_desk

    async def perform(
        self, interaction: discord.Interaction[Any], action: JobAction, job_id: str
    ) -> None:
        """Raises JobUnavailable, NotAllowed, ClipTakenDown, and what the action raises."""
        if action is JobAction.APPEAL:
            await self._appeal(interaction, job_id)
            return
        record = await job_of_guild(self._database, job_id, guild_id=interaction.guild_id)
        if not (action is JobAction.DELETE and may_manage_messages(interaction)):
            require_up(record)
        clips, shown = self._clip_actions, self._gallery_actions
        match action:
            case JobAction.CANCEL:
                _only_author_or_moderator(interaction, record, "cancel")
                await self._cancel(interaction, record)
            case JobAction.DELETE:
                _only_author_or_moderator(interaction, record, "delete")
                await self._delete(interaction, record)
            case JobAction.SHARE:
                await shown.share(interaction, record)
            case JobAction.UNSHARE:
                _only_author_or_moderator(interaction, record, "take out")
                await shown.unshare(interaction, record)
            case JobAction.LIKE:
                await shown.like(interaction, record)
            case JobAction.REPORT:
                await shown.ask_why(interaction, record)
            case _:
                _only_author_if_private(interaction, record, VERBS[action])
                making: dict[JobAction, Press] = {
                    JobAction.REROLL: clips.reroll,
                    JobAction.VARY: clips.vary,
                    JobAction.REMIX: clips.remix,
                    JobAction.EDIT: clips.edit,
                    JobAction.LOOP: clips.loop,
                    JobAction.ANIMATE: clips.animate,
                    JobAction.MODEL: clips.choose_model,
                    JobAction.EXTEND: self._clip_works.extend,
                    JobAction.RESTYLE: self._clip_works.restyle,
                    JobAction.SEND: shown.send,
                }
                await making[action](interaction, record)

    async def on_model(
        self, interaction: discord.Interaction[Any], job_id: str, model: str
    ) -> None:
        """The same seed on the model that was chosen. Raises as `perform` does."""
        record = await job_of_guild(self._database, job_id, guild_id=interaction.guild_id)
        require_up(record)
        _only_author_if_private(interaction, record, VERBS[JobAction.MODEL])
        await self._clip_actions.on_model(interaction, record, model)

    async def _appeal(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Also from a direct message, where there is no server. Raises OnlyTheAuthor."""
        try:
            record = await self._database.read(lambda connection: jobs.get(connection, job_id))
        except UnknownJob:
            raise JobUnavailable(job_id) from None
        if interaction.guild_id not in (None, record.guild_id):
            raise JobUnavailable(job_id)
        await self._review_desk.ask_appeal(interaction, record)

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

        def take_out(connection: Connection) -> None:
            gallery.unshare(connection, job_id=record.id)
            entries.drop_clip(connection, job_id=record.id)

        await self._database.write(take_out)
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
