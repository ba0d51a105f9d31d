"""At start: every unfinished job goes back into the queue, every unposted outcome is delivered."""

from __future__ import annotations

from datetime import UTC, datetime

import discord
import structlog

from bot.channel_messages import Undeliverable
from bot.delivery import Delivery
from bot.error_codes import error_code
from bot.estimates import Estimates
from bot.submission import job_of
from generation.dispatcher import Dispatcher
from generation.job import Job
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import jobs, ledger
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.jobs import JobRecord
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
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._catalogue = catalogue
        self._estimates = estimates
        self._delivery = delivery
        self._dispatcher = dispatcher

    async def recover(self) -> None:
        """Call once, with the client ready and the dispatcher not yet started."""
        await self._learn_estimates()
        unfinished = await self._database.write(_take_back)
        restored: list[Job] = []
        for record in unfinished:
            job = await self._restorable(record)
            if job is not None:
                self._estimates.expect(record.id, record.price_credits)
                restored.append(job)
        self._dispatcher.restore(restored)
        for record in unfinished:
            await self._show(record)
        undelivered = await self._database.read(jobs.undelivered)
        for record in undelivered:
            self._delivery.deliver_soon(record.id)
        log.info("recovered", restored=len(restored), undelivered=len(undelivered))

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

    async def _show(self, record: JobRecord) -> None:
        try:
            if record.card_message_id is None:
                await self._delivery.post_card(record)
            else:
                await self._delivery.watch(record.id)
        except (Undeliverable, discord.HTTPException, OSError) as error:
            log.warning("card.not_posted", job_id=record.id, error=str(error))


def _take_back(connection: Connection) -> tuple[JobRecord, ...]:
    """Running jobs of the earlier process wait again; all unfinished ones, oldest first."""
    for record in jobs.unfinished(connection):
        if record.state == "running":
            jobs.requeue(connection, job_id=record.id)
    return jobs.unfinished(connection)


def _give_up(connection: Connection, record: JobRecord, code: str, text: str) -> None:
    now = datetime.now(UTC)
    jobs.finish(
        connection,
        job_id=record.id,
        attempt=record.attempt,
        state="failed",
        error_code=code,
        error_text=text,
        now=now,
    )
    ledger.release(connection, job_id=record.id, now=now)
