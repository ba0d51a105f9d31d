"""Takes up what somebody left: at start all unfinished jobs, later on those whose lease ran out.

What still ran at a start was lost with the earlier process, which did not stop in order: that
counts as a fault of the machinery. The instance lock is held, so nobody can be running it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from bot.delivery import Delivery
from bot.error_codes import error_code
from bot.estimates import Estimates
from bot.order import job_of
from bot.request_files import files_of
from generation.clip import ClipFacts
from generation.dispatcher import Dispatcher
from generation.job import Job
from generation.models.catalogue import Catalogue
from generation.request import METHODS, GenerationRequest
from storage import attempts, booking, deliveries, guild_settings, jobs, references
from storage.attempts import BACKOFF, Verdict
from storage.database import Connection, Database
from storage.errors import IllegalMove, MediaError, StaleAttempt
from storage.jobs import JobRecord, PastRun
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

HISTORY_JOBS = 30


class Recovery:
    def __init__(
        self,
        *,
        database: Database,
        media_files: MediaFiles,
        catalogue: Catalogue,
        estimates: Estimates,
        delivery: Delivery,
        dispatcher: Dispatcher,
        max_attempts: int,
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._catalogue = catalogue
        self._estimates = estimates
        self._delivery = delivery
        self._dispatcher = dispatcher
        self._max_attempts = max_attempts

    async def recover(self) -> None:
        """Call once, with the client ready and the dispatcher not yet started."""
        await self._clear_away()
        await self._learn_estimates()
        for guild_id in await self._database.read(guild_settings.paused_guilds):
            self._dispatcher.pause(guild_id)
        unfinished = await self._database.write(self._take_back_all)
        restored = await self._restore(unfinished)
        for record in unfinished:
            await self._delivery.watch(record.id)
        undelivered = await self._database.read(deliveries.unfinished)
        for delivery in undelivered:
            self._delivery.deliver_soon(delivery.job_id)
        log.info("recovered", restored=restored, undelivered=len(undelivered))

    async def take_back(self, record: JobRecord) -> None:
        """A running job of which nobody here knows: counted as a crash, and tried again or ended.

        Nothing happens if it has moved on since `record` was read.
        """

        def take_back(connection: Connection) -> tuple[JobRecord, ...]:
            self._take_back(connection, record, killed_worker=True)
            return tuple(each for each in jobs.unfinished(connection) if each.id == record.id)

        try:
            unfinished = await self._database.write(take_back)
        except (StaleAttempt, IllegalMove) as error:
            log.info("job.moved_on", job_id=record.id, error=str(error))
            return
        if not await self._restore(unfinished):
            self._delivery.deliver_soon(record.id)
        for waiting in unfinished:
            await self._delivery.watch(waiting.id)

    async def _restore(self, records: tuple[JobRecord, ...]) -> int:
        """Puts jobs back into the queue, oldest first; returns how many could be."""
        now = datetime.now(UTC)
        restored: list[Job] = []
        put_off = 0
        for record in records:
            job = await self._restorable(record)
            if job is None:
                continue
            self._estimates.expect(record.id, record.price_credits)
            pause_seconds = _pause_left(record, now)
            if pause_seconds > 0:
                self._dispatcher.put_off(job, pause_seconds)
                put_off += 1
            else:
                restored.append(job)
        self._dispatcher.restore(restored)
        return len(restored) + put_off

    async def _clear_away(self) -> None:
        """What the earlier process wrote and did not live to say, or to delete."""
        unfinished = await self._media_files.remove_unfinished()
        orphans = 0
        for sha256, suffix in await self._media_files.unclaimed():
            if await self._database.read(lambda c, sha256=sha256: references.refers(c, sha256)):
                await self._media_files.claimed(sha256, suffix)
            else:
                orphans += await self._media_files.discard(sha256, suffix)
        log.info("files.cleared", unfinished=unfinished, orphans=orphans)

    async def _learn_estimates(self) -> None:
        for model in (*(card.id for card in self._catalogue), *METHODS.values()):
            runs = await self._database.read(
                lambda connection, model=model: jobs.run_history(
                    connection, model=model, limit=HISTORY_JOBS
                )
            )
            self._estimates.learn(
                model, [(run.price_credits, _seconds_of(run)) for run in reversed(runs)]
            )

    async def _restorable(self, record: JobRecord) -> Job | None:
        """The job; None if a file that it needs is lost: it fails, and its credits come back."""
        request = GenerationRequest.from_json(record.request_json)
        try:
            files = await files_of(self._media_files, request)
        except MediaError as error:
            code, text = error_code(error), str(error)
            log.warning("job.unrecoverable", job_id=record.id, error=text)
            await self._database.write(lambda connection: _fail(connection, record, code, text))
            return None
        return job_of(record, files)

    def _take_back_all(self, connection: Connection) -> tuple[JobRecord, ...]:
        """Running jobs of the earlier process wait again; all unfinished ones, oldest first."""
        for record in jobs.unfinished(connection):
            if record.cancel_requested or record.state == "running":
                self._take_back(connection, record, killed_worker=False)
        return jobs.unfinished(connection)

    def _take_back(self, connection: Connection, record: JobRecord, *, killed_worker: bool) -> None:
        """An attempt that nobody works at is a fault, unless the job was to be cancelled."""
        now = datetime.now(UTC)
        if record.cancel_requested:
            booking.finish(
                connection, job_id=record.id, attempt=record.attempt, state="cancelled", now=now
            )
            return
        verdict, _ = attempts.record_fault(
            connection,
            job_id=record.id,
            attempt=record.attempt,
            killed_worker=killed_worker,
            max_attempts=self._max_attempts,
            jitter=0.0,  # it took its time before somebody noticed
            now=now,
        )
        if verdict is not Verdict.AGAIN:
            state = "dead" if verdict is Verdict.DEAD else "failed"
            booking.finish(
                connection,
                job_id=record.id,
                attempt=record.attempt,
                state=state,
                error_code="worker_crashed",
                error_text="nobody worked at it any more",
                now=now,
            )


def _fail(connection: Connection, record: JobRecord, code: str, text: str) -> None:
    booking.finish(
        connection,
        job_id=record.id,
        attempt=record.attempt,
        state="failed",
        error_code=code,
        error_text=text,
        now=datetime.now(UTC),
    )


def _seconds_of(run: PastRun) -> float:
    facts = ClipFacts.from_json(run.clip_json)
    return facts.generation_seconds + facts.encoding_seconds


def _pause_left(record: JobRecord, now: datetime) -> float:
    """Seconds until it may be tried again; a clock that was set back adds none to them."""
    if record.not_before is None:
        return 0.0
    return min(record.not_before - now, max(BACKOFF)).total_seconds()
