"""Keeps each job card true until its job ends, then hands it to the outbox: a dispatcher listener.

Cards of unfinished jobs are edited together, at most once per interval and only when they would
look different.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import discord
import structlog

from bot.card import Card, Standing, draw_card
from bot.channel_messages import NO_ANSWER, NOT_SENT, ChannelMessages, is_refusal
from bot.estimates import Estimates
from bot.outbox import Outbox
from generation.dispatcher import Dispatcher
from generation.errors import UnknownJob
from generation.job import (
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobProgressed,
    JobRetrying,
    JobStarted,
    JobState,
    JobSucceeded,
    Progress,
)
from generation.models.catalogue import Catalogue
from storage import jobs
from storage.database import Database
from storage.jobs import JobRecord

log = structlog.get_logger(__name__)

EDITS_AT_ONCE = 5  # more would only wait for Discord's rate limit of a channel


@dataclass(kw_only=True, slots=True)
class _LiveCard:
    """A card of an unfinished job and what it showed last.

    `editing` is held during an edit, so that the outcome is never followed by a late progress.
    `refused`: it could not be posted, and is not tried again before the outcome.
    """

    record: JobRecord
    progress: Progress | None = None
    shown: discord.Embed | None = None
    refused: bool = False
    editing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Delivery:
    """`start` needs the dispatcher, which in turn needs this listener."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        estimates: Estimates,
        messages: ChannelMessages,
        outbox: Outbox,
        interval_seconds: float,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._catalogue = catalogue
        self._estimates = estimates
        self._messages = messages
        self._interval_seconds = interval_seconds
        self._cards: dict[str, _LiveCard] = {}
        self._editing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._changed = asyncio.Event()
        self._refreshing: asyncio.Task[None] | None = None
        self._dispatcher: Dispatcher | None = None

    def start(self, dispatcher: Dispatcher) -> None:
        """Begins to edit cards; the dispatcher tells places in the queue."""
        self._dispatcher = dispatcher
        self._refreshing = asyncio.create_task(self._refresh_cards(), name="cards")
        self._refreshing.add_done_callback(_log_failure)

    async def close(self) -> None:
        """Stops; what is not posted by then is found in storage at the next start."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        await self._outbox.close()

    async def __call__(self, event: JobEvent) -> None:
        job_id = event.job.id
        match event:
            case JobProgressed(progress=progress):
                if card := self._cards.get(job_id):
                    card.progress = progress
                    self._changed.set()
            case JobStarted() | JobRetrying():
                await self._reload(job_id)
                self._changed.set()
            case JobSucceeded() | JobFailed() | JobCancelled():
                self.deliver_soon(job_id)

    async def post_card(self, record: JobRecord) -> None:
        """Posts the card of a new job and remembers its message.

        Raises Undeliverable, TokenRefused or HTTPException where Discord refuses it. Where no
        answer comes the card may be out: it is looked for, or posted, as soon as that is possible.
        """
        try:
            await self._post(record)
        except (discord.HTTPException, *NO_ANSWER) as error:
            if is_refusal(error):
                raise
            log.warning("card.no_answer", job_id=record.id, error=str(error))
        await self.watch(record.id)

    async def watch(self, job_id: str) -> None:
        """Keeps the card of this unfinished job up to date from now on; posts it if it has none.

        A job of a comparison has no card: the comparison's message shows it.
        """
        record = await self._database.read(lambda connection: jobs.get(connection, job_id))
        if not JobState(record.state).terminal and record.comparison_id is None:
            live = self._cards[job_id] = _LiveCard(record=record)
            self._editing[job_id] = live.editing
            self._changed.set()

    def deliver_soon(self, job_id: str) -> None:
        """Posts the outcome of a job that has ended in the background, however often it takes."""
        live = self._cards.pop(job_id, None)
        self._changed.set()  # everybody behind it moved up
        self._outbox.deliver_soon(job_id, live.editing if live else None)

    async def forget(self, job_ids: Iterable[str]) -> None:
        """Neither edits the cards of these jobs nor delivers their outcomes from now on."""
        forgotten = tuple(job_ids)
        for job_id in forgotten:
            self._cards.pop(job_id, None)
        await self._outbox.forget(forgotten)
        for job_id in forgotten:
            if (editing := self._editing.get(job_id)) is not None:
                async with editing:
                    pass  # An edit that had begun has ended.

    def standing(self, record: JobRecord) -> Standing | None:
        """Place and time left of a waiting job; None once it is not in the queue."""
        if self._dispatcher is None:
            return None
        try:
            ahead = self._dispatcher.place(record.id)
        except UnknownJob:
            return None
        if self._dispatcher.paused(record.guild_id):
            return Standing(place=ahead + 1, seconds_left=None, paused=True)
        own_seconds = self._estimates.run_seconds(record.model, record.price_credits)
        seconds_left = None if own_seconds is None else own_seconds * (ahead + 1)
        return Standing(place=ahead + 1, seconds_left=seconds_left)

    def foretold(self, job: Job, price_credits: int) -> Standing | None:
        """Where a job would stand that is not submitted; None before the dispatcher is known."""
        if self._dispatcher is None:
            return None
        ahead = self._dispatcher.place_of(job)
        if self._dispatcher.paused(job.guild_id):
            return Standing(place=ahead + 1, seconds_left=None, paused=True)
        own_seconds = self._estimates.run_seconds(job.request.model, price_credits)
        seconds_left = None if own_seconds is None else own_seconds * (ahead + 1)
        return Standing(place=ahead + 1, seconds_left=seconds_left)

    async def _refresh_cards(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            running_first = sorted(
                self._cards.items(), key=lambda item: item[1].record.state != "running"
            )
            edits = 0
            for job_id, live in running_first:
                if edits == EDITS_AT_ONCE:
                    self._changed.set()
                    break
                edits += await self._refresh(job_id, live)
            await asyncio.sleep(self._interval_seconds)

    async def _refresh(self, job_id: str, live: _LiveCard) -> bool:
        """Whether the card looked different and was edited."""
        async with live.editing:
            if self._cards.get(job_id) is not live or live.refused:
                return False
            if live.record.card_message_id is None:
                await self._post_late(live)
                return True
            standing = self.standing(live.record)
            card = draw_card(
                live.record, self._catalogue, standing=standing, progress=live.progress
            )
            if live.shown == card.embed:
                return False
            try:
                await self._edit(live.record, card)
                live.shown = card.embed
            except NOT_SENT as error:
                log.warning("card.not_edited", job_id=job_id, error=str(error))
            return True

    async def _edit(self, record: JobRecord, card: Card) -> None:
        if record.card_message_id is not None:
            await self._messages.edit(
                record.channel_id, record.card_message_id, embed=card.embed, view=card.view
            )

    async def _post_late(self, live: _LiveCard) -> None:
        """The card of a job that has none, or none that is known: it is looked for first."""
        job_id = live.record.id
        try:
            found = await self._messages.find(
                live.record.channel_id, f"job {job_id}", interaction_id=live.record.interaction_id
            )
            if found is None:
                await self._post(live.record)
            else:
                await self._remember(job_id, found)
        except NOT_SENT as error:
            live.refused = is_refusal(error)
            log.warning("card.not_posted", job_id=job_id, error=str(error), refused=live.refused)
        else:
            live.record = await self._database.read(lambda connection: jobs.get(connection, job_id))
        self._changed.set()

    async def _post(self, record: JobRecord) -> None:
        card = draw_card(record, self._catalogue)
        message_id = await self._messages.post(
            record.channel_id, embed=card.embed, view=card.view, nonce=f"card-{record.id}"
        )
        await self._remember(record.id, message_id)

    async def _remember(self, job_id: str, message_id: int) -> None:
        await self._database.write(
            lambda connection: jobs.set_card_message(
                connection, job_id=job_id, card_message_id=message_id
            )
        )

    async def _reload(self, job_id: str) -> None:
        if live := self._cards.get(job_id):
            live.record = await self._database.read(lambda connection: jobs.get(connection, job_id))
            live.progress = None


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("cards.stopped", exc_info=error)
