"""The cards of jobs that have ended: edited when what they show changes, and never two edits of one
card at once, so that the last one shows what storage says."""

from __future__ import annotations

import asyncio
import contextlib
from weakref import WeakValueDictionary

import structlog

from bot.card import Card, draw_card
from bot.channel_messages import NOT_SENT, ChannelMessages, Undeliverable
from bot.outbox import Outbox
from generation.models.catalogue import Catalogue
from storage import comparisons, deliveries, gallery, jobs
from storage.database import Connection, Database
from storage.deliveries import DeliveryRecord
from storage.errors import UnknownJob
from storage.jobs import JobRecord

log = structlog.get_logger(__name__)

CLOSING_SECONDS = 5.0


class FinishedCards:
    """`interval_seconds` is the least time between two edits that nobody waits for."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        messages: ChannelMessages,
        outbox: Outbox,
        interval_seconds: float = 3.0,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._messages = messages
        self._outbox = outbox
        self._interval_seconds = interval_seconds
        self._editing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def redraw(self, job_id: str) -> None:
        """Edits a card but for its clip, for example after it was shared.

        What a comparison shows has no card: its message stays as it is.
        """
        async with self._editing.setdefault(job_id, asyncio.Lock()):
            record, card, _, compared = await self._load(job_id)
            if record.card_message_id is not None and not compared:
                await self._messages.edit(
                    record.channel_id, record.card_message_id, embed=card.embed, view=card.view
                )

    def redraw_soon(self, job_id: str) -> None:
        """The same in the background: at once, then no more often than the interval."""
        if job_id in self._tasks:
            self._again.add(job_id)
            return
        self._again.add(job_id)
        work = self._redraw_until_still(job_id)
        self._tasks[job_id] = asyncio.create_task(work, name=f"redraw {job_id}")

    async def show_or_hide_clip(self, job_id: str) -> bool:
        """Takes the clip off the card while moderators have taken it down, or puts it back.

        False where its delivery is still to come; what a comparison shows is the referee's to
        show. Raises MediaFileMissing, MediaFileCorrupt, and
        what keeps a message from being edited (`NOT_SENT`).
        """
        async with self._editing.setdefault(job_id, asyncio.Lock()):
            record, card, delivery, _ = await self._load(job_id)
            if delivery is None or delivery.ended_at is None:
                return False
            if record.card_message_id is None:
                return True
            if record.takedown_reason is not None:
                await self._hide_clip(record.channel_id, record.card_message_id, card)
                return True
            message_id = await self._outbox.post_again(record, card)
            await self._database.write(
                lambda connection: jobs.set_card_message(
                    connection, job_id=job_id, card_message_id=message_id
                )
            )
            return True

    async def _hide_clip(self, channel_id: int, message_id: int, card: Card) -> None:
        try:
            await self._messages.edit_if_there(
                channel_id, message_id, embed=card.embed, view=card.view, attachments=()
            )
        except Undeliverable as error:
            # In an archived thread messages may be deleted and nothing else; it must not stay.
            log.warning("card.deleted_instead", message_id=message_id, error=str(error))
            await self._messages.delete(channel_id, message_id)

    async def close(self) -> None:
        """Makes the edits that are due now, if that takes no longer than a moment."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                for job_id in tuple(self._again):
                    await self._try_redraw(job_id)

    async def _redraw_until_still(self, job_id: str) -> None:
        try:
            while job_id in self._again:
                # Before it is drawn: what changes during the edit leads to another.
                self._again.discard(job_id)
                await self._try_redraw(job_id)
                await asyncio.sleep(self._interval_seconds)
        finally:
            del self._tasks[job_id]

    async def _try_redraw(self, job_id: str) -> None:
        try:
            await self.redraw(job_id)
        except NOT_SENT as error:
            log.warning("card.not_edited", job_id=job_id, error=str(error))

    async def _load(self, job_id: str) -> tuple[JobRecord, Card, DeliveryRecord | None, bool]:
        """The last: whether a comparison shows it."""

        def load(connection: Connection) -> tuple[JobRecord, Card, DeliveryRecord | None, bool]:
            record = jobs.get(connection, job_id)
            entry = gallery.entry(connection, job_id=job_id)
            delivery = None
            with contextlib.suppress(UnknownJob):
                delivery = deliveries.get(connection, job_id)
            card = draw_card(
                record,
                self._catalogue,
                shared=entry is not None,
                likes=entry.likes if entry else 0,
            )
            both = comparisons.of_job(connection, job_id)
            return record, card, delivery, both is not None and both.state != "called_off"

        return await self._database.read(load)
