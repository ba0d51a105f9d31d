"""Takes a request in: price, limits, reservation and job row in one transaction, then the queue.

Before the transaction nothing is held; after it the job is in storage and survives a restart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from structlog.contextvars import bound_contextvars

from bot.channel_messages import NOT_SENT
from bot.errors import AuthorCannotPay, Draining
from bot.estimates import Estimates
from bot.job_id import job_id_for
from bot.logs import hashed
from bot.order import Order, check_conduct, job_of, record_of
from bot.pricing import LEAST_CREDITS, credits_for
from bot.request_files import claim_files, files_of, keep_files
from config.settings import Settings
from generation.dispatcher import Dispatcher
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import (
    booking,
    conduct,
    deliveries,
    erasures,
    guild_settings,
    income,
    jobs,
    ledger,
    moderation,
)
from storage.database import Connection, Database
from storage.errors import InsufficientCredits
from storage.jobs import JobRecord
from storage.ledger import Payer
from storage.media_files import MediaFiles
from storage.moderation import Act
from storage.quotas import Asker

log = structlog.get_logger(__name__)

PostCard = Callable[[JobRecord], Awaitable[None]]
Announce = Callable[[Sequence[JobRecord]], Awaitable[None]]


def _nothing_beside(_: Connection) -> None:
    """Most orders are recorded alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """An order that became a job, and what its author has left.

    `payer`: whose credits are held; None for a relaxed job.
    """

    record: JobRecord
    available_credits: int
    payer: Payer | None


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

    async def price(self, request: GenerationRequest, *, guild_id: int) -> int:
        """Credits that this request costs in a guild.

        Raises ModelNotAllowed, UnknownModel, UnsupportedOption.
        """
        if request.needs_model:
            await self._database.read(
                lambda connection: conduct.check_model(connection, request.model, guild_id=guild_id)
            )
        return self.cost(request)

    def cost(self, request: GenerationRequest) -> int:
        """Credits that it costs wherever its model is allowed.

        Raises UnknownModel, UnsupportedOption.
        """
        if not request.needs_model:
            return LEAST_CREDITS
        self._catalogue.check(request)
        card = self._catalogue.get(request.model)
        return credits_for(request, card, max_scenes=self._settings.limits.narration_scenes)

    async def submit(self, order: Order) -> Accepted:
        """Reserves the price, records the job, posts its card and queues it.

        Raises Draining, UnknownModel, UnsupportedOption, QueueFull, ConductError and
        WordsNotAllowed (moderators do not allow it), ErasureUnderWay, InsufficientCredits,
        JobExists (the interaction was seen before), and what `post_card` raises, the credits then
        released.
        """
        (accepted,) = await self.submit_together((order,), announce=self._post_cards)
        return accepted

    async def submit_together(
        self,
        orders: Sequence[Order],
        *,
        announce: Announce,
        record_beside: Callable[[Connection], None] = _nothing_beside,
    ) -> tuple[Accepted, ...]:
        """One member's orders, all or none: their prices are held together, and what belongs to
        them is recorded in the same transaction; then they are announced and queued.

        Raises as `submit` does, and what `announce` raises, all credits then released.
        """
        if self._draining:
            raise Draining
        asker = orders[0].asker
        priced = tuple(
            [(order, await self.price(order.request, guild_id=asker.guild_id)) for order in orders]
        )
        with ExitStack() as room, bound_contextvars(job_id=job_id_for(orders[0].interaction_id)):
            for _ in orders:
                room.enter_context(
                    self._dispatcher.room_for(guild_id=asker.guild_id, user_id=asker.user_id)
                )
            for order in orders:
                await keep_files(self._media_files, order.request, order.files)

            def admit(connection: Connection) -> tuple[Accepted, ...]:
                accepted = self._admit(connection, priced)
                record_beside(connection)
                return accepted

            accepted = await self._database.write(admit)
            for order in orders:
                await claim_files(self._media_files, order.request)
            records = tuple(each.record for each in accepted)
            _log_admitted(orders, records)
            try:
                await announce(records)
            except Exception:
                await self._database.write(lambda connection: _withdraw(connection, records))
                raise
            for order, record in zip(orders, records, strict=True):
                self._queue(record, order.files)
        return accepted

    async def _post_cards(self, records: Sequence[JobRecord]) -> None:
        for record in records:
            await self._post_card(record)

    async def available(self, order: Order) -> int:
        """What its author could spend on it now, today's income among it.

        Raises Draining, UnknownModel, UnsupportedOption, ConductError, WordsNotAllowed.
        """
        if self._draining:
            raise Draining
        price_credits = await self.price(order.request, guild_id=order.asker.guild_id)

        def collect(connection: Connection) -> int:
            now, asker = datetime.now(UTC), order.asker
            check_conduct(connection, order, price_credits, now)
            self._collect_income(connection, asker, now)
            return ledger.available_credits(
                connection, guild_id=asker.guild_id, user_id=asker.user_id
            )

        return await self._database.write(collect)

    async def requeue(self, dead: JobRecord, *, interaction_id: int, moderator_id: int) -> Accepted:
        """Tries a dead job again as a new one, for its author's credits and whatever the limits.

        Raises Draining, AuthorCannotPay, IllegalMove (it was requeued before), JobExists,
        MediaFileMissing and MediaFileCorrupt (what it is made from).
        """
        if self._draining:
            raise Draining
        files = await files_of(self._media_files, GenerationRequest.from_json(dead.request_json))
        accepted = await self._database.write(
            lambda connection: self._requeue(connection, dead, interaction_id, moderator_id)
        )
        record = accepted.record
        with bound_contextvars(job_id=record.id):
            log.info("job.requeued", dead_job_id=dead.id, moderator_id=moderator_id)
            try:
                await self._post_card(record)
            except NOT_SENT as error:
                # Nobody waits for this card; the clip finds its way as every outcome does.
                log.warning("card.not_posted", error=str(error))
            self._queue(record, files)
        return accepted

    def _queue(self, record: JobRecord, files: Mapping[str, bytes]) -> None:
        self._estimates.expect(record.id, record.price_credits)
        self._dispatcher.submit(job_of(record, files))

    @property
    def draining(self) -> bool:
        """Whether every order is refused."""
        return self._draining

    def drain(self) -> None:
        """From now on every order is refused as Draining."""
        self._draining = True

    def _admit(
        self, connection: Connection, priced: Sequence[tuple[Order, int]]
    ) -> tuple[Accepted, ...]:
        now = datetime.now(UTC)
        asker = priced[0][0].asker
        erasures.forbid_while_under_way(connection, user_id=asker.user_id)
        for order, price_credits in priced:
            check_conduct(connection, order, price_credits, now)
        self._collect_income(connection, asker, now)
        admitted = booking.admit_together(
            connection,
            tuple(record_of(order, price_credits, now) for order, price_credits in priced),
            may_be_relaxed=guild_settings.relaxed_allowed(connection, guild_id=asker.guild_id),
            now=now,
        )
        return tuple(_accepted(connection, record) for record in admitted)

    def _requeue(
        self, connection: Connection, dead: JobRecord, interaction_id: int, moderator_id: int
    ) -> Accepted:
        now = datetime.now(UTC)
        erasures.forbid_while_under_way(connection, user_id=dead.user_id)
        # What the author's roles bring waits for a command of theirs: only that tells the roles.
        asker = Asker(guild_id=dead.guild_id, user_id=dead.user_id, channel_id=dead.channel_id)
        self._collect_income(connection, asker, now)
        new_job_id = job_id_for(interaction_id)
        try:
            record = booking.requeue(
                connection,
                job_id=dead.id,
                new_job_id=new_job_id,
                interaction_id=interaction_id,
                may_be_relaxed=guild_settings.relaxed_allowed(connection, guild_id=dead.guild_id),
                now=now,
            )
        except InsufficientCredits as error:
            raise AuthorCannotPay(
                user_id=dead.user_id,
                needed_credits=error.needed_credits,
                available_credits=error.available_credits,
            ) from error
        requeued = Act(
            guild_id=dead.guild_id,
            act="requeue",
            subject=dead.id,
            before=None,
            after={"job": new_job_id},
            detail="",
            made_by=moderator_id,
            made_at=now,
        )
        moderation.record(connection, requeued)
        return _accepted(connection, record)

    def _collect_income(self, connection: Connection, asker: Asker, now: datetime) -> None:
        income.collect(
            connection,
            asker,
            default_allowance_credits=self._settings.credits.daily_allowance,
            now=now,
        )


def _log_admitted(orders: Sequence[Order], records: Sequence[JobRecord]) -> None:
    for order, record in zip(orders, records, strict=True):
        log.info(
            "job.admitted",
            job_id=record.id,
            price_credits=record.price_credits,
            relaxed=record.relaxed,
            prompt=hashed(order.request.prompt),
        )


def _accepted(connection: Connection, record: JobRecord) -> Accepted:
    available = ledger.available_credits(
        connection, guild_id=record.guild_id, user_id=record.user_id
    )
    return Accepted(
        # Read again, for what the store knows beside: whose job it remixes.
        record=jobs.get(connection, record.id),
        available_credits=available,
        payer=ledger.payer_of(connection, job_id=record.id),
    )


def _withdraw(connection: Connection, records: Sequence[JobRecord]) -> None:
    """Ends jobs whose card could not be posted: cancelled, credits released, nothing owed."""
    now = datetime.now(UTC)
    for record in records:
        booking.finish(
            connection,
            job_id=record.id,
            attempt=record.attempt,
            state="cancelled",
            error_code="card_not_posted",
            now=now,
        )
        deliveries.keep(connection, job_id=record.id, problem="the card was not posted", now=now)
