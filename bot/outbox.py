"""Delivers outcomes from storage's outbox: in the channel, else directly, else kept with a reason.

That a message may be out is committed before it is sent, its id after. Whoever takes over after a
crash sends the same nonce while Discord remembers it, and looks for the message first later on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord
import structlog
from structlog.contextvars import bind_contextvars

from bot.card import Card, clip_filename, draw_card
from bot.channel_messages import (
    NO_ANSWER,
    Attachment,
    ChannelMessages,
    TooLarge,
    Undeliverable,
    is_refusal,
)
from bot.errors import TokenRefused
from bot.finish_notices import FinishNotices
from bot.fitting import CLIP_TOO_LARGE, fitting, sizes
from generation.models.catalogue import Catalogue
from generation.request import Command
from storage import deliveries, gallery, jobs
from storage.database import Connection, Database
from storage.deliveries import DeliveryRecord
from storage.errors import (
    DatabaseError,
    IllegalMove,
    MediaError,
    MediaFileCorrupt,
    MediaFileMissing,
    UnknownJob,
)
from storage.jobs import JobRecord
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

CLOSING_SECONDS = 5.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # the last one repeats
REFUSED_RETRY_SECONDS = (5.0, 60.0, 600.0)
"""Discord counts refused requests, and bans the address of who sends too many of them."""
UNREADABLE: dict[type[MediaError], str] = {
    MediaFileMissing: "the clip's file is lost",
    MediaFileCorrupt: "the clip's file is damaged on disk",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """What is to be delivered, and what is known of earlier tries."""

    record: JobRecord
    before: DeliveryRecord
    card: Card
    attachments: tuple[Attachment, ...]
    """The clip, where there is one."""


class Outbox:
    """Delivers in the background. `max_bytes` is what a channel takes that does not say."""

    def __init__(
        self,
        *,
        database: Database,
        media_files: MediaFiles,
        catalogue: Catalogue,
        messages: ChannelMessages,
        finish_notices: FinishNotices,
        max_bytes: int,
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._catalogue = catalogue
        self._messages = messages
        self._finish_notices = finish_notices
        self._max_bytes = max_bytes
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, asyncio.Lock | None] = {}

    def deliver_soon(self, job_id: str, editing: asyncio.Lock | None = None) -> None:
        """Delivers the outcome of a job that has ended, however often it takes."""
        if job_id in self._tasks:
            self._again[job_id] = editing  # that one may have found it not due yet
            return
        work = self._deliver(job_id, editing or asyncio.Lock())
        task = self._tasks[job_id] = asyncio.create_task(work, name=f"deliver {job_id}")
        task.add_done_callback(lambda task: self._ended(job_id, task))

    async def forget(self, job_ids: Iterable[str]) -> None:
        """Delivers nothing of these jobs any more, in the middle of a try if need be."""
        tasks = [self._tasks[job_id] for job_id in job_ids if job_id in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def post_again(self, record: JobRecord, card: Card) -> int:
        """Puts the clip of a delivered job onto its card again, or onto a new one where that is
        gone; returns the message's id.

        Raises UnknownJob, MediaFileMissing, MediaFileCorrupt, and what keeps a message from being
        posted (`NOT_SENT`).
        """
        before = await self._database.read(lambda connection: deliveries.get(connection, record.id))
        attachments = await self._attachments(record)
        return await self._post(
            _Outcome(record=record, before=before, card=card, attachments=attachments)
        )

    async def close(self) -> None:
        """Stops; what is not posted by then is found in storage at the next start."""
        self._again.clear()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=CLOSING_SECONDS)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _deliver(self, job_id: str, editing: asyncio.Lock) -> None:
        bind_contextvars(job_id=job_id)  # of this task's own context
        while True:
            try:
                async with editing:
                    pause = await self._try(job_id)
            except (UnknownJob, IllegalMove) as error:
                log.info("delivery.not_due", job_id=job_id, error=str(error))
                return
            except DatabaseError as error:
                log.error("delivery.database", job_id=job_id, error=str(error))
                pause = RETRY_SECONDS[-2]
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _try(self, job_id: str) -> float | None:
        """One try, from row to row: seconds until the next one, None if there is none to be."""
        try:
            outcome = await self._begin(job_id)
        except MediaError as error:
            log.error("delivery.clip_unreadable", job_id=job_id, error=str(error))
            await self._keep(job_id, UNREADABLE.get(type(error), "the clip's file cannot be read"))
            return None
        try:
            message_id = await self._post(outcome)
        except Undeliverable as error:
            return await self._send_directly(outcome, str(error))
        except (TokenRefused, discord.HTTPException, *NO_ANSWER) as error:
            return await self._put_off(outcome, error)
        now = datetime.now(UTC)

        def posted(connection: Connection) -> None:
            jobs.set_card_message(connection, job_id=job_id, card_message_id=message_id)
            deliveries.posted(connection, job_id=job_id, message_id=message_id, now=now)
            self._finish_notices.owe(connection, job_id, now)

        await self._database.write(posted)
        self._finish_notices.send_soon()
        log.info("job.delivered", job_id=job_id)
        return None

    async def _begin(self, job_id: str) -> _Outcome:
        """Raises UnknownJob, IllegalMove if it is delivered or kept, and MediaError."""
        now = datetime.now(UTC)

        def begin(connection: Connection) -> tuple[JobRecord, DeliveryRecord, bool]:
            before = deliveries.begin(connection, job_id=job_id, now=now)
            shared = gallery.entry(connection, job_id=job_id) is not None
            return jobs.get(connection, job_id), before, shared

        record, before, shared = await self._database.write(begin)
        return _Outcome(
            record=record,
            before=before,
            card=draw_card(record, self._catalogue, shared=shared),
            attachments=await self._attachments(record),
        )

    async def _attachments(self, record: JobRecord) -> tuple[Attachment, ...]:
        """None where there is no clip to be seen. Raises MediaFileMissing, MediaFileCorrupt."""
        if record.clip_sha256 is None or record.takedown_reason is not None:
            return ()
        media = await self._media_files.read(record.clip_sha256, Command(record.command).suffix)
        return (Attachment(filename=clip_filename(record), media=media),)

    async def _post(self, outcome: _Outcome) -> int:
        """Edits the card, or posts it anew; smaller and smaller where it is too large."""
        record, before = outcome.record, outcome.before
        card_message_id = record.card_message_id
        # A job without a card had one that nobody lived to remember, or that got no answer.
        if card_message_id is None or before.may_be_posted_unseen(datetime.now(UTC)):
            found = await self._messages.find(
                record.channel_id, f"job {record.id}", interaction_id=record.interaction_id
            )
            card_message_id = found or card_message_id
        limit = self._messages.attachment_bytes(record.guild_id) or self._max_bytes
        for max_bytes in sizes(outcome.attachments, limit):
            try:
                return await self._messages.edit_or_post(
                    record.channel_id,
                    card_message_id,
                    embed=outcome.card.embed,
                    view=outcome.card.view,
                    attachments=await fitting(outcome.attachments, max_bytes),
                    nonce=before.nonce,
                )
            except TooLarge:
                log.warning("delivery.too_large", job_id=record.id, tried_bytes=max_bytes)
        raise Undeliverable(CLIP_TOO_LARGE)

    async def _send_directly(self, outcome: _Outcome, why: str) -> float | None:
        """The channel takes it never: the member may have it, else it is kept for /jobs."""
        record = outcome.record
        try:
            message_id = await self._messages.post_directly(
                record.user_id,
                embed=outcome.card.embed,
                nonce=outcome.before.nonce,
                attachments=outcome.attachments,
            )
        except (Undeliverable, TooLarge, discord.ClientException) as error:
            await self._keep(record.id, f"{why}; {error}")
            return None
        except (TokenRefused, discord.HTTPException, *NO_ANSWER) as error:
            return await self._put_off(outcome, error)
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: deliveries.sent_directly(
                connection, job_id=record.id, message_id=message_id, problem=why, now=now
            )
        )
        log.info("job.delivered_directly", job_id=record.id, why=why)
        return None

    async def _put_off(self, outcome: _Outcome, error: Exception) -> float | None:
        """Waits longer each time; what Discord keeps refusing is kept after a few tries.

        Without a token that Discord accepts it waits for the next start, however often that takes.
        """
        job_id, tries = outcome.record.id, outcome.before.attempts
        refused, no_token = is_refusal(error), isinstance(error, TokenRefused)
        pauses = REFUSED_RETRY_SECONDS if refused else RETRY_SECONDS
        if refused and not no_token and tries >= len(pauses):
            await self._keep(job_id, f"Discord refuses it: {error}")
            return None
        pause = pauses[min(tries, len(pauses) - 1)]
        limited = isinstance(error, discord.HTTPException) and error.status == 429
        # Of an earlier try that got no answer this one says nothing.
        perhaps_posted = not (refused or limited) or outcome.before.sending_since is not None
        log.warning("delivery.retrying", job_id=job_id, error=str(error), pause=pause)
        until = datetime.now(UTC) + timedelta(seconds=pause)
        await self._database.write(
            lambda connection: deliveries.put_off(
                connection,
                job_id=job_id,
                until=until,
                problem=str(error) or type(error).__name__,
                perhaps_posted=perhaps_posted,
            )
        )
        return None if no_token else pause

    async def _keep(self, job_id: str, problem: str) -> None:
        log.warning("delivery.impossible", job_id=job_id, error=problem)
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: deliveries.keep(connection, job_id=job_id, problem=problem, now=now)
        )

    def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(job_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery.failed", job_id=job_id, exc_info=error)
        if job_id in self._again:
            editing = self._again.pop(job_id)
            if not task.cancelled():
                self.deliver_soon(job_id, editing)
