"""The only writer of outcomes: each job event becomes one transaction over job row and ledger.

Awaited first among the dispatcher's listeners, so that whoever tells people about an outcome
finds it in storage.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import structlog

from bot.error_codes import error_code
from generation.clip import Clip
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
from storage import jobs, ledger
from storage.database import Connection, Database
from storage.errors import StorageError
from storage.media_files import MediaFiles

EndState = Literal["failed", "cancelled"]

log = structlog.get_logger(__name__)


class Bookkeeping:
    """A dispatcher listener."""

    def __init__(self, *, database: Database, media_files: MediaFiles) -> None:
        self._database = database
        self._media_files = media_files

    async def __call__(self, event: JobEvent) -> None:
        match event:
            case JobStarted(job=job):
                await self._started(job)
            case JobProgressed():
                pass
            case JobRetrying(job=job, fault=fault):
                log.warning("job.retrying", job_id=job.id, attempt=job.attempt, fault=str(fault))
                await self._database.write(
                    lambda connection: jobs.requeue(connection, job_id=job.id)
                )
            case JobSucceeded(job=job, clip=clip):
                await self._succeeded(job, clip)
            case JobFailed(job=job, error=error):
                await self._ended(job, "failed", error_code(error), str(error))
            case JobCancelled(job=job):
                await self._ended(job, "cancelled", None, None)

    async def _started(self, job: Job) -> None:
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: jobs.start(connection, job_id=job.id, attempt=job.attempt, now=now)
        )

    async def _succeeded(self, job: Job, clip: Clip) -> None:
        """The clip is on disk before the row says so; a clip that cannot be kept is not charged."""
        try:
            kept = await self._media_files.put(clip.media, ".mp4")
        except StorageError as error:
            log.exception("job.clip_not_kept", job_id=job.id, attempt=job.attempt)
            await self._ended(job, "failed", error_code(error), str(error))
            return
        now = datetime.now(UTC)

        def settle(connection: Connection) -> None:
            jobs.finish(
                connection,
                job_id=job.id,
                attempt=job.attempt,
                state="succeeded",
                clip_json=clip.facts.to_json(),
                clip_sha256=kept.sha256,
                now=now,
            )
            ledger.settle(connection, job_id=job.id, now=now)

        await self._database.write(settle)
        log.info("job.succeeded", job_id=job.id, attempt=job.attempt)

    async def _ended(self, job: Job, state: EndState, code: str | None, text: str | None) -> None:
        now = datetime.now(UTC)

        def release(connection: Connection) -> None:
            jobs.finish(
                connection,
                job_id=job.id,
                attempt=job.attempt,
                state=state,
                error_code=code,
                error_text=text,
                now=now,
            )
            ledger.release(connection, job_id=job.id, now=now)

        await self._database.write(release)
        log.info("job.ended", job_id=job.id, attempt=job.attempt, state=state, error=code)
