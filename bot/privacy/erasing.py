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
from storage import attempts, erasing, erasures, jobs
from storage.database import Connection, Database
from storage.erasures import Erasure, UnseenMessage
from storage.errors import DatabaseBusy, IllegalMove
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

JOBS_END_SECONDS = 60.0
"""How long to wait for cancelled jobs; after that the next round goes on."""
SWEEP_SECONDS = 60.0
POLL_SECONDS = 0.1
MOST_FOUND = 10
"""Messages of one job that are looked for, one after the other, and deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How far an erasure came. `erased`: nothing is stored any more; `messages_left` are still to
    be deleted by Discord."""

    erased: bool
    messages_left: int = 0


class Erasing:
    """`forget_export` stops what is being packed for a member; `take_down` are the rounds of those
    who delete their messages themselves: showcase and themes. `at_rest` wait for those who may be
    writing a message of what was still there."""

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
        at_rest: Sequence[Callable[[], Awaitable[object]]],
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._dispatcher = dispatcher
        self._delivery = delivery
        self._cards = cards
        self._messages = messages
        self._forget_export = forget_export
        self._take_down = take_down
        self._at_rest = at_rest
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, user_id: int) -> Erasure:
        """Stores the wish: from now on it will be done, whatever happens."""
        return await store_wish(self._database, user_id)

    async def fulfil(self, erasure: Erasure) -> Outcome:
        """As far as that is possible now; `sweep` does the rest."""
        async with self._one_at_a_time:
            # Read again: another round may have done it meanwhile.
            known = await self._database.read(erasures.under_way)
            still = [each for each in known if each.id == erasure.id]
            return await self._go_on(still[0]) if still else Outcome(erased=True)

    async def sweep(self) -> None:
        """Goes on with what was begun: by an earlier process, or from the command line."""
        for erasure in await self._database.read(erasures.under_way):
            await self.fulfil(erasure)

    async def _go_on(self, erasure: Erasure) -> Outcome:
        if erasure.erased_at is None and not await self._erase(erasure):
            log.warning("erasure.waits", erasure_id=erasure.id)
            return Outcome(erased=False)
        await discard_files(self._database, self._media_files, erasure)
        scrubbed = await scrub(self._database)
        for take_down in self._take_down:
            await take_down()
        for at_rest in self._at_rest:
            await at_rest()
        await self._redraw_remixes(erasure)
        left = await self._delete_messages(erasure) or await self._delete_unseen(erasure)
        if scrubbed and not left:
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
        try:
            await erase_stored(self._database, erasure)
        except IllegalMove as error:  # They were quick; the next round ends that job too.
            log.info("erasure.new_job", erasure_id=erasure.id, error=str(error))
            return False
        # Nothing of theirs is sent from now on; what is being sent comes to its end before
        # anybody looks for it.
        await self._delivery.forget(record.id for record in ended)
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
                if not _out_of_reach(error):
                    return len(left) - number
            await self._database.write(
                lambda connection, shown=shown: erasures.message_gone(
                    connection, message_id=shown.message_id
                )
            )
        return 0

    async def _delete_unseen(self, erasure: Erasure) -> int:
        """Looks for messages that may be out without anybody's having remembered them; returns how
        many are still to be looked for, since Discord does not answer now."""
        left = await self._database.read(
            lambda connection: erasures.searches_left(connection, erasure_id=erasure.id)
        )
        for number, unseen in enumerate(left):
            for look in (self._delete_found, self._delete_found_directly):
                try:
                    await look(erasure, unseen)
                except NOT_SENT as error:
                    if not _out_of_reach(error):
                        return len(left) - number
            await self._database.write(
                lambda connection, unseen=unseen: erasures.search_ended(
                    connection, erasure_id=erasure.id, shows=unseen.shows
                )
            )
        return 0

    async def _delete_found(self, erasure: Erasure, unseen: UnseenMessage) -> None:
        for _ in range(MOST_FOUND):
            found = await self._messages.find(
                unseen.channel_id, unseen.shows, interaction_id=unseen.interaction_id
            )
            if found is None:
                return
            await self._messages.delete(unseen.channel_id, found)

    async def _delete_found_directly(self, erasure: Erasure, unseen: UnseenMessage) -> None:
        if not unseen.direct:
            return
        for _ in range(MOST_FOUND):
            found = await self._messages.find_directly(
                erasure.user_id, unseen.shows, interaction_id=unseen.interaction_id
            )
            if found is None:
                return
            await self._messages.delete_directly(erasure.user_id, found)


def _out_of_reach(error: Exception) -> bool:
    """Whether Discord says that it can never be done; otherwise it is tried again."""
    final = is_refusal(error) and not isinstance(error, TokenRefused)
    log.warning("erasure.message_left", error=str(error), final=final)
    return final


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


async def erase_stored(database: Database, erasure: Erasure) -> None:
    """The tables. Raises IllegalMove while a job of the member has not ended."""
    files = await database.write(
        lambda connection: erasing.erase(connection, erasure, now=datetime.now(UTC))
    )
    log.info("erasure.erased", erasure_id=erasure.id, files=len(files))


async def discard_files(database: Database, media_files: MediaFiles, erasure: Erasure) -> None:
    """The files that went with the member, also where others' jobs name them as their source."""
    for sha256 in await database.read(
        lambda connection: erasures.files_left(connection, erasure_id=erasure.id)
    ):
        for suffix in await media_files.suffixes(sha256):
            await media_files.discard(sha256, suffix)
        await database.write(
            lambda connection, sha256=sha256: erasures.file_gone(
                connection, erasure_id=erasure.id, sha256=sha256
            )
        )


async def scrub(database: Database) -> bool:
    """Out of the database's files, what is out of its tables; False where somebody reads for so
    long that it has to be done later."""
    while await database.write(erasing.merge_search_index):
        pass
    try:
        await database.scrub()
    except DatabaseBusy as error:
        log.warning("erasure.scrub_busy", error=str(error))
        return False
    return True
