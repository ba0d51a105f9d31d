"""The only writer of outcomes: each job event becomes one transaction over job row and ledger.

Awaited first among the dispatcher's listeners, so that whoever tells people about an outcome
finds it in storage. While the database takes nothing, an outcome waits here, and its slot with it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypeVar

import structlog

from bot.error_codes import error_code
from generation.clip import Clip
from generation.errors import ExecutionError, OutOfMemory, WorkerCrashed, WorkerHung, WorkerLost
from generation.job import (
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobProgressed,
    JobRetrying,
    JobStarted,
    JobSucceeded,
)
from storage import attempts, booking, jobs
from storage.database import Connection, Database
from storage.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnreachable,
    IllegalMove,
    StaleAttempt,
    StorageError,
)
from storage.jobs import TerminalState
from storage.media_files import MediaFiles

EndState = Literal["failed", "cancelled"]
Result = TypeVar("Result")

log = structlog.get_logger(__name__)

PASSING = (DatabaseBusy, DatabaseFull, DatabaseReadOnly, DatabaseUnreachable)
"""What is wrong with a database for a while, until somebody makes room or a server is back."""
RETRY_SECONDS = (0.5, 2.0, 10.0, 30.0)  # the last one repeats


class Bookkeeping:
    """A dispatcher listener, and the one who decides whether a job is tried again."""

    def __init__(
        self,
        *,
        database: Database,
        media_files: MediaFiles,
        max_attempts: int,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._max_attempts = max_attempts
        self._jitter = jitter
        self._renewed: dict[str, float] = {}

    async def __call__(self, event: JobEvent) -> None:
        match event:
            case JobStarted(job=job):
                await self._started(job)
            case JobProgressed(job=job):
                await self._progressed(job)
            case JobRetrying(job=job, fault=fault):
                log.warning("job.retrying", job_id=job.id, attempt=job.attempt, fault=str(fault))
            case JobSucceeded(job=job, clip=clip):
                await self._succeeded(job, clip)
            case JobFailed(job=job, error=error):
                await self._ended(job, "failed", error_code(error), str(error))
            case JobCancelled(job=job):
                await self._ended(job, "cancelled", None, None)

    async def after_fault(self, job: Job, fault: ExecutionError) -> float | None:
        """Counts a fault of the machinery; seconds until the next attempt, None if it was the last.

        The row waits from now on, or runs still, for the JobFailed that follows.
        """
        now = datetime.now(UTC)
        verdict, not_before = await self._write(
            lambda connection: attempts.record_fault(
                connection,
                job_id=job.id,
                attempt=job.attempt,
                killed_worker=isinstance(fault, WorkerCrashed | WorkerHung),
                max_attempts=self._max_attempts,
                jitter=self._jitter(),
                now=now,
                out_of_memory=isinstance(fault, OutOfMemory),
                blameless=isinstance(fault, WorkerLost),
            )
        )
        log.warning("job.fault", job_id=job.id, attempt=job.attempt, verdict=verdict.value)
        return None if not_before is None else (not_before - now).total_seconds()

    async def give_back(self) -> None:
        """At the end of an orderly stop: what ran waits again, and nothing counts against it."""
        given_back = await self._database.write(attempts.give_back_all)
        log.info("jobs.given_back", jobs=given_back)

    async def _started(self, job: Job) -> None:
        now = datetime.now(UTC)
        await self._write(
            lambda connection: attempts.start(
                connection, job_id=job.id, attempt=job.attempt, now=now
            )
        )
        self._renewed[job.id] = time.monotonic()

    async def _progressed(self, job: Job) -> None:
        """Progress is the heartbeat: it renews the lease, now and then."""
        since = time.monotonic() - self._renewed.get(job.id, 0.0)
        if since < attempts.RENEW_EVERY.total_seconds():
            return
        self._renewed[job.id] = time.monotonic()
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: attempts.renew(
                connection, job_id=job.id, attempt=job.attempt, now=now
            )
        )

    async def _succeeded(self, job: Job, clip: Clip) -> None:
        """The clip is on disk before the row says so; a clip that cannot be kept is not charged."""
        suffix = job.request.command.suffix
        try:
            kept = await self._media_files.put(clip.media, suffix)
        except StorageError as error:
            log.exception("job.clip_not_kept", job_id=job.id, attempt=job.attempt)
            await self._ended(job, "failed", error_code(error), str(error))
            return
        now = datetime.now(UTC)

        def settle(connection: Connection) -> None:
            booking.finish(
                connection,
                job_id=job.id,
                attempt=job.attempt,
                state="succeeded",
                clip_json=clip.facts.to_json(),
                clip_sha256=kept.sha256,
                now=now,
            )

        if await self._end(job, settle):
            await self._media_files.claimed(kept.sha256, suffix)
            log.info("job.succeeded", job_id=job.id, attempt=job.attempt)

    async def _ended(self, job: Job, state: EndState, code: str | None, text: str | None) -> None:
        now = datetime.now(UTC)

        def release(connection: Connection) -> None:
            found = jobs.get(connection, job.id)
            killer = found.worker_kills >= attempts.KILLS_OF_THE_DEAD
            final: TerminalState = "dead" if state == "failed" and killer else state
            booking.finish(
                connection,
                job_id=job.id,
                attempt=job.attempt,
                state=final,
                error_code=code,
                error_text=text,
                now=now,
            )

        if await self._end(job, release):
            log.info("job.ended", job_id=job.id, attempt=job.attempt, state=state, error=code)

    async def _end(self, job: Job, unit: Callable[[Connection], None]) -> bool:
        """False if another attempt, or an outcome, was faster: then this one counts for nothing."""
        self._renewed.pop(job.id, None)
        try:
            await self._write(unit)
        except (StaleAttempt, IllegalMove) as error:
            log.warning("job.stale", job_id=job.id, attempt=job.attempt, error=str(error))
            return False
        return True

    async def _write(self, unit: Callable[[Connection], Result]) -> Result:
        for attempt in itertools.count():
            try:
                return await self._database.write(unit)
            except PASSING as error:
                pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
                log.error("database.refuses", error=str(error), pause=pause)
                await asyncio.sleep(pause)
        raise AssertionError("itertools.count ends never")
