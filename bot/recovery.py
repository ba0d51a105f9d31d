"""At start: every unfinished job goes back into the queue, every unposted outcome is delivered.

What still ran was lost with the earlier process, which did not stop in order: that counts as a
fault of the machinery. The instance lock is held, so nobody can be running it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from bot.delivery import Delivery
from bot.error_codes import error_code
from bot.estimates import Estimates
from bot.submission import job_of
from generation.dispatcher import Dispatcher
from generation.job import Job
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import attempts, deliveries, jobs, ledger, references
from storage.attempts import Verdict
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.jobs import JobRecord, TerminalState
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
        unfinished = await self._database.write(self._take_back)
        restored: list[Job] = []
        for record in unfinished:
            job = await self._restorable(record)
            if job is not None:
                self._estimates.expect(record.id, record.price_credits)
                restored.append(job)
        self._dispatcher.restore(restored)
        for record in unfinished:
            await self._delivery.watch(record.id)
        undelivered = await self._database.read(deliveries.unfinished)
        for delivery in undelivered:
            self._delivery.deliver_soon(delivery.job_id)
        log.info("recovered", restored=len(restored), undelivered=len(undelivered))

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
        for card in self._catalogue:
            runs = await self._database.read(
                lambda connection, model=card.id: jobs.run_history(
                    connection, model=model, limit=HISTORY_JOBS
                )
            )
            self._estimates.learn(
                card.id, [(run.price_credits, run.seconds) for run in reversed(runs)]
            )

    async def _restorable(self, record: JobRecord) -> Job | None:
        """The job, or None if its picture is lost: then it fails and its credits come back."""
        request = GenerationRequest.from_json(record.request_json)
        try:
            image = (
                await self._media_files.read(request.image_sha256, ".png")
                if request.image_sha256
                else None
            )
        except MediaError as error:
            code, text = error_code(error), str(error)
            log.warning("job.unrecoverable", job_id=record.id, error=text)
            await self._database.write(lambda connection: _give_up(connection, record, code, text))
            return None
        return job_of(record, image)

    def _take_back(self, connection: Connection) -> tuple[JobRecord, ...]:
        """Running jobs of the earlier process wait again; all unfinished ones, oldest first."""
        now = datetime.now(UTC)
        for record in jobs.unfinished(connection):
            if record.cancel_requested:
                _give_up(connection, record, None, None, state="cancelled")
            elif record.state == "running":
                verdict, _ = attempts.record_fault(
                    connection,
                    job_id=record.id,
                    attempt=record.attempt,
                    killed_worker=False,
                    max_attempts=self._max_attempts,
                    jitter=0.0,  # the restart took its time
                    now=now,
                )
                if verdict is not Verdict.AGAIN:
                    _give_up(connection, record, "worker_crashed", "lost with the bot's process")
        return jobs.unfinished(connection)


def _give_up(
    connection: Connection,
    record: JobRecord,
    code: str | None,
    text: str | None,
    state: TerminalState = "failed",
) -> None:
    now = datetime.now(UTC)
    jobs.finish(
        connection,
        job_id=record.id,
        attempt=record.attempt,
        state=state,
        error_code=code,
        error_text=text,
        now=now,
    )
    ledger.release(connection, job_id=record.id, now=now)
