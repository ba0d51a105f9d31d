"""Erases a member: ends their jobs, empties tables and files, then deletes the bot's messages.

The wish is in storage before anything is done, so a restart goes on with it; each step may be done
again. Without a connection to Discord (`erase_stored`, for the command line) the messages are left
to the next run of the bot.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.channel_messages import NOT_SENT, ChannelMessages, is_refusal
from bot.delivery import Delivery
from bot.errors import TokenRefused
from bot.finished_cards import FinishedCards
from generation.dispatcher import Dispatcher
from storage import attempts, deliveries, erasing, erasures, jobs
from storage.database import Connection, Database
from storage.erasures import Erasure, ShownMessage
from storage.errors import DatabaseBusy, IllegalMove
from storage.jobs import JobRecord
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

JOBS_END_SECONDS = 60.0
"""How long to wait for cancelled jobs; after that the next round goes on."""
SWEEP_SECONDS = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How far an erasure came. `erased`: nothing is stored any more; `messages_left` are still to
    be deleted by Discord."""

    erased: bool
    messages_left: int = 0


class Erasing:
    """`forget_export` stops what is being packed for a member; `take_down` are the rounds of those
    who delete their messages themselves: showcase and themes."""

    def __init__(
        self,
        *,
        database: Database,
        media_files: MediaFiles,
        dispatcher: Dispatcher,
        delivery: Delivery,
        cards: FinishedCards,
        messages: ChannelMessages,
        forget_export: Callable[[int], Awaitable[None]],
        take_down: Sequence[Callable[[], Awaitable[object]]],
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._dispatcher = dispatcher
        self._delivery = delivery
        self._cards = cards
        self._messages = messages
        self._forget_export = forget_export
        self._take_down = take_down
        self._one_at_a_time = asyncio.Lock()

    async def erase(self, user_id: int) -> Outcome:
        """Stores the wish and fulfils it as far as that is possible now."""
        erasure = await store_wish(self._database, user_id)
        return await self._go_on(erasure)

    async def sweep(self) -> None:
        """Goes on with what was begun: by an earlier process, or from the command line."""
        for erasure in await self._database.read(erasures.under_way):
            await self._go_on(erasure)

    async def _go_on(self, erasure: Erasure) -> Outcome:
        async with self._one_at_a_time:
            # Read again: another round may have done it meanwhile.
            known = await self._database.read(erasures.under_way)
            still = [each for each in known if each.id == erasure.id]
            if not still:
                return Outcome(erased=True)
            erasure = still[0]
            if erasure.erased_at is None and not await self._erase(erasure):
                log.warning("erasure.waits", erasure_id=erasure.id)
                return Outcome(erased=False)
            await scrub(self._database)
            for take_down in self._take_down:
                await take_down()
            await self._redraw_remixes(erasure)
            left = await self._delete_messages(erasure)
            if not left:
                await self._database.write(
                    lambda connection: erasures.finish(
                        connection, erasure_id=erasure.id, now=datetime.now(UTC)
                    )
                )
                log.info("erasure.finished", erasure_id=erasure.id)
            return Outcome(erased=True, messages_left=left)

    async def _erase(self, erasure: Erasure) -> bool:
        """False while a job of theirs does not end."""
        await self._forget_export(erasure.user_id)
        if not await self._end_jobs(erasure.user_id):
            return False
        ended = await self._database.read(
            lambda connection: jobs.ended_of_user(connection, user_id=erasure.user_id)
        )
        await self._delivery.forget(record.id for record in ended)
        await self._find_unseen(erasure, ended)
        try:
            await erase_stored(self._database, self._media_files, erasure)
        except IllegalMove as error:  # They were quick; the next round ends that job too.
            log.info("erasure.new_job", erasure_id=erasure.id, error=str(error))
            return False
        return True

    async def _end_jobs(self, user_id: int) -> bool:
        def request_cancel(connection: Connection) -> tuple[str, ...]:
            unfinished = erasing.unfinished_jobs(connection, user_id=user_id)
            for job_id in unfinished:
                attempts.request_cancel(connection, job_id=job_id)
            return unfinished

        for job_id in await self._database.write(request_cancel):
            await self._dispatcher.cancel(job_id)
        for _ in range(round(JOBS_END_SECONDS / POLL_SECONDS)):
            unfinished = await self._database.read(
                lambda connection: erasing.unfinished_jobs(connection, user_id=user_id)
            )
            if not unfinished:
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _find_unseen(self, erasure: Erasure, ended: tuple[JobRecord, ...]) -> None:
        """Messages that may be out without our knowing, since their sending got no answer."""
        sending = await self._database.read(deliveries.unfinished)
        unseen = {each.job_id for each in sending if each.sending_since is not None}
        for record in ended:
            if record.id not in unseen:
                continue
            try:
                found = await self._messages.find(
                    record.channel_id, record.id, interaction_id=record.interaction_id
                )
            except NOT_SENT as error:
                log.warning("erasure.message_not_found", job_id=record.id, error=str(error))
                continue
            if found is not None:
                shown = ShownMessage(message_id=found, channel_id=record.channel_id)
                await self._database.write(
                    lambda connection, shown=shown: erasures.remember_messages(
                        connection, erasure_id=erasure.id, messages=(shown,)
                    )
                )

    async def _redraw_remixes(self, erasure: Erasure) -> None:
        """Others' cards said whose clip they were made of."""
        remixes = await self._database.read(
            lambda connection: erasing.remixes_of_erased(connection, pseudonym=erasure.pseudonym)
        )
        for job_id in remixes:
            try:
                await self._cards.redraw(job_id)
            except NOT_SENT as error:
                log.warning("erasure.remix_not_redrawn", job_id=job_id, error=str(error))

    async def _delete_messages(self, erasure: Erasure) -> int:
        """How many are left, since Discord does not answer now."""
        left = await self._database.read(
            lambda connection: erasures.messages_left(connection, erasure_id=erasure.id)
        )
        for number, shown in enumerate(left):
            try:
                if shown.channel_id is None:
                    await self._messages.delete_directly(erasure.user_id, shown.message_id)
                else:
                    await self._messages.delete(shown.channel_id, shown.message_id)
            except NOT_SENT as error:
                if isinstance(error, TokenRefused) or not is_refusal(error):
                    log.warning("erasure.message_left", error=str(error))
                    return len(left) - number
                log.warning("erasure.message_out_of_reach", error=str(error))
            await self._database.write(
                lambda connection, shown=shown: erasures.message_gone(
                    connection, message_id=shown.message_id
                )
            )
        return 0


async def store_wish(database: Database, user_id: int) -> Erasure:
    """From now on it will be done, whatever happens."""
    erasure_id = secrets.token_hex(8)
    erasure = await database.write(
        lambda connection: erasures.begin(
            connection, erasure_id=erasure_id, user_id=user_id, now=datetime.now(UTC)
        )
    )
    log.info("erasure.begun", erasure_id=erasure.id)
    return erasure


async def erase_stored(database: Database, media_files: MediaFiles, erasure: Erasure) -> None:
    """Tables and files. Raises IllegalMove while a job of the member has not ended."""
    found = await database.read(
        lambda connection: erasing.traces(connection, user_id=erasure.user_id)
    )
    stored = [
        (sha256, suffix) for sha256 in found.files for suffix in await media_files.suffixes(sha256)
    ]
    for sha256, suffix in stored:
        # For the next start, if this process ends before they are gone.
        await media_files.disclaim(sha256, suffix)
    gone = await database.write(
        lambda connection: erasing.erase(connection, erasure, now=datetime.now(UTC))
    )
    for sha256, suffix in stored:
        if sha256 in gone:
            await media_files.discard(sha256, suffix)
        else:
            await media_files.claimed(sha256, suffix)
    log.info("erasure.erased", erasure_id=erasure.id, files=len(stored))


async def scrub(database: Database) -> None:
    """Out of the database's files, what is out of its tables."""
    while await database.write(erasing.merge_search_index):
        pass
    try:
        await database.scrub()
    except DatabaseBusy as error:  # Somebody reads for long; the next erasure or start does it.
        log.warning("erasure.scrub_busy", error=str(error))
