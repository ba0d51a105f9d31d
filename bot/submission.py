"""Takes a request in: price, limits, reservation and job row in one transaction, then the queue.

Before the transaction nothing is held; after it the job is in storage and survives a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.errors import Draining
from bot.estimates import Estimates
from bot.job_id import job_id_for
from bot.pricing import credits_for
from config.settings import Settings
from generation.dispatcher import Dispatcher
from generation.job import Job
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import deliveries, guild_settings, jobs, ledger
from storage.database import Connection, Database
from storage.jobs import JobRecord
from storage.ledger import Balance
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

PostCard = Callable[[JobRecord], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A request with who asked, where, and by which interaction. `image` holds PNG bytes."""

    interaction_id: int
    guild_id: int
    user_id: int
    channel_id: int
    request: GenerationRequest
    image: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """An order that became a job."""

    record: JobRecord
    balance: Balance


class Submission:
    """`post_card` puts the job card into the channel; it raises where that is impossible."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        media_files: MediaFiles,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        estimates: Estimates,
        post_card: PostCard,
    ) -> None:
        self._settings = settings
        self._database = database
        self._media_files = media_files
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._estimates = estimates
        self._post_card = post_card
        self._draining = False

    def price(self, request: GenerationRequest) -> int:
        """Credits that this request costs. Raises UnknownModel, UnsupportedOption."""
        self._catalogue.check(request)
        card = self._catalogue.get(request.model)
        return credits_for(request, card, max_scenes=self._settings.limits.narration_scenes)

    async def submit(self, order: Order) -> Accepted:
        """Reserves the price, records the job, posts its card and queues it.

        Raises Draining, UnknownModel, UnsupportedOption, QueueFull, InsufficientCredits, JobExists
        (the interaction was seen before), and what `post_card` raises, the credits then released.
        """
        if self._draining:
            raise Draining
        price_credits = self.price(order.request)
        with self._dispatcher.room_for(guild_id=order.guild_id, user_id=order.user_id):
            picture = order.image and await self._media_files.put(order.image, ".png")
            record, balance = await self._database.write(
                lambda connection: self._admit(connection, order, price_credits)
            )
            if picture:
                await self._media_files.claimed(picture.sha256, ".png")
            log.info("job.admitted", job_id=record.id, price_credits=price_credits)
            try:
                await self._post_card(record)
            except Exception:
                await self._database.write(lambda connection: _withdraw(connection, record))
                raise
        self._estimates.expect(record.id, price_credits)
        self._dispatcher.submit(job_of(record, order.image))
        return Accepted(record=record, balance=balance)

    def drain(self) -> None:
        """From now on every order is refused as Draining."""
        self._draining = True

    def _admit(
        self, connection: Connection, order: Order, price_credits: int
    ) -> tuple[JobRecord, Balance]:
        now = datetime.now(UTC)
        guild_id, user_id = order.guild_id, order.user_id
        allowance = guild_settings.effective_allowance(
            connection,
            guild_id=guild_id,
            user_id=user_id,
            default_credits=self._settings.credits.daily_allowance,
        )
        ledger.refill(
            connection, guild_id=guild_id, user_id=user_id, allowance_credits=allowance, now=now
        )
        job_id = job_id_for(order.interaction_id)
        record = JobRecord(
            id=job_id,
            interaction_id=order.interaction_id,
            guild_id=guild_id,
            user_id=user_id,
            channel_id=order.channel_id,
            command=order.request.command.value,
            model=order.request.model,
            request_json=order.request.to_json(),
            price_credits=price_credits,
            created_at=now,
            parent_job_id=order.request.parent_job_id,
            private=order.request.private,
        )
        jobs.add(connection, record)
        ledger.reserve(
            connection,
            job_id=job_id,
            guild_id=guild_id,
            user_id=user_id,
            amount_credits=price_credits,
            now=now,
        )
        return record, ledger.balance(
            connection, guild_id=guild_id, user_id=user_id, allowance_credits=allowance, now=now
        )


def _withdraw(connection: Connection, record: JobRecord) -> None:
    """Ends a job whose card could not be posted: cancelled, credits released, nothing owed."""
    now = datetime.now(UTC)
    jobs.finish(
        connection,
        job_id=record.id,
        attempt=record.attempt,
        state="cancelled",
        error_code="card_not_posted",
        now=now,
    )
    ledger.release(connection, job_id=record.id, now=now)
    deliveries.keep(connection, job_id=record.id, problem="the card was not posted", now=now)


def job_of(record: JobRecord, image: bytes | None) -> Job:
    """What the queue needs of a recorded job."""
    return Job(
        id=record.id,
        guild_id=record.guild_id,
        user_id=record.user_id,
        request=GenerationRequest.from_json(record.request_json),
        attempt=record.attempt,
        image=image,
    )


def image_sha256(image: bytes) -> str:
    """The name under which `MediaFiles` keeps these bytes."""
    return hashlib.sha256(image).hexdigest()
