"""The composition root: one stack opens every part in order and closes them in reverse."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog
from discord.ext import commands

from bot.bookkeeping import Bookkeeping
from bot.channel_messages import ChannelMessages
from bot.client import ReelroomBot
from bot.commands.credits import CreditsCog
from bot.commands.gallery import GalleryCog
from bot.commands.generate import GenerateCog
from bot.commands.guide import GuideCog
from bot.commands.jobs import JobsCog
from bot.commands.quota import QuotaCog
from bot.delivery import Delivery
from bot.estimates import Estimates
from bot.gallery_pages import GalleryPages
from bot.job_actions import JobActions
from bot.ordering import Ordering
from bot.outbox import Outbox
from bot.recovery import Recovery
from bot.submission import Submission
from config.settings import Settings
from generation.dispatcher import Dispatcher
from generation.executor import Executor
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.fairness.queue import FairQueue, QueueLimits
from generation.models.catalogue import CATALOGUE_FILE, Catalogue
from storage.audit import audit
from storage.database import Database
from storage.instance_lock import InstanceLock
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The running bot, for whoever started it."""

    client: ReelroomBot
    database: Database
    executor: Executor


@asynccontextmanager
async def open_service(
    settings: Settings,
    *,
    token: str,
    executor: Executor | None = None,
    connector: aiohttp.BaseConnector | None = None,
) -> AsyncGenerator[Service]:
    """Opens storage, starts the workers, recovers what an earlier process left, and connects.

    The database must be migrated. Yields once commands can be answered. Worker processes of this
    machine execute, unless another `executor` is given, which the caller opens and closes.
    Raises the errors of `storage`, UnknownModel, TokenRefused.
    """
    async with AsyncExitStack() as stack:
        url = settings.storage.database_url
        await stack.enter_async_context(InstanceLock.beside(url))
        database = await Database.open(url)
        stack.push_async_callback(database.close)
        await _audit(database)
        media_files = MediaFiles(settings.storage.media_folder)
        catalogue = _catalogue(settings)
        catalogue.get(settings.generation.default_model)

        client = ReelroomBot(sync_guild_ids=settings.discord.sync_guild_ids, connector=connector)
        stack.push_async_callback(client.close)
        messages = ChannelMessages(client)
        estimates = Estimates()
        outbox = Outbox(
            database=database,
            media_files=media_files,
            catalogue=catalogue,
            messages=messages,
            max_bytes=settings.delivery.attachment_bytes,
        )
        delivery = Delivery(
            database=database,
            catalogue=catalogue,
            estimates=estimates,
            messages=messages,
            outbox=outbox,
            interval_seconds=settings.delivery.progress_interval_seconds,
        )
        stack.push_async_callback(delivery.close)

        if executor is None:
            executor = _local_executor(settings)
            await executor.start()
            stack.push_async_callback(executor.close)
        bookkeeping = Bookkeeping(
            database=database,
            media_files=media_files,
            max_attempts=settings.generation.max_attempts,
        )
        stack.push_async_callback(bookkeeping.give_back)
        dispatcher = Dispatcher(
            _fair_queue(settings, estimates),
            executor,
            (
                bookkeeping,
                estimates,
                delivery,
            ),
            max_bytes=settings.delivery.attachment_bytes,
            after_fault=bookkeeping.after_fault,
        )
        stack.push_async_callback(dispatcher.close, settings.generation.grace_seconds)
        submission = Submission(
            settings=settings,
            database=database,
            media_files=media_files,
            catalogue=catalogue,
            dispatcher=dispatcher,
            estimates=estimates,
            post_card=delivery.post_card,
        )
        stack.callback(submission.drain)
        ordering = Ordering(submission=submission, delivery=delivery, media_files=media_files)
        pages = GalleryPages(database=database, media_files=media_files, catalogue=catalogue)
        recovery = Recovery(
            database=database,
            media_files=media_files,
            catalogue=catalogue,
            estimates=estimates,
            delivery=delivery,
            dispatcher=dispatcher,
            max_attempts=settings.generation.max_attempts,
        )

        def cogs() -> Iterable[commands.Cog]:
            return (
                GenerateCog(settings=settings, catalogue=catalogue, ordering=ordering),
                JobsCog(database=database, delivery=delivery),
                CreditsCog(settings=settings, database=database),
                GalleryCog(pages=pages),
                GuideCog(settings=settings, catalogue=catalogue),
                QuotaCog(settings=settings, database=database),
            )

        async def take_up_work() -> None:
            delivery.start(dispatcher)
            await recovery.recover()
            dispatcher.start()

        client.equip(
            cogs=cogs,
            job_actions=JobActions(
                database=database,
                dispatcher=dispatcher,
                delivery=delivery,
                messages=messages,
                media_files=media_files,
                ordering=ordering,
            ),
            gallery_pages=pages,
            before_gateway=take_up_work,
        )
        await client.open(token)
        log.info("ready", guilds=len(client.guilds))
        yield Service(client=client, database=database, executor=executor)
        log.info("stopping")


def _catalogue(settings: Settings) -> Catalogue:
    generation = settings.generation
    return Catalogue.load(
        generation.enabled_models,
        accepted_licences=generation.accepted_licences,
        operator_file=generation.catalogue_file,
    )


async def _audit(database: Database) -> None:
    """What does not agree is told, and is no reason to serve nobody: the ledger refuses more."""
    found = await database.read(audit)
    for drift in found:
        log.error("drift", rule=drift.rule, subject=drift.subject, detail=drift.detail)
    log.info("audited", differences=len(found))


def _local_executor(settings: Settings) -> LocalExecutor:
    generation = settings.generation
    return LocalExecutor(
        setup=WorkerSetup(
            catalogue_file=CATALOGUE_FILE,
            operator_catalogue=generation.catalogue_file,
            lock_file=generation.lock_file,
            model_folders=generation.model_folders,
            device=generation.device,
            threads=max(1, (os.cpu_count() or 1) // generation.executor_slots),
            narration_scenes=settings.limits.narration_scenes,
            preload=generation.default_model,
        ),
        limits=ExecutionLimits(
            step_timeout_seconds=generation.step_timeout_seconds,
            job_timeout_seconds=generation.job_timeout_seconds,
        ),
        slots=generation.executor_slots,
    )


def _fair_queue(settings: Settings, estimates: Estimates) -> FairQueue:
    limits = settings.limits
    return FairQueue(
        limits=QueueLimits(
            running_jobs_per_user=limits.running_jobs_per_user,
            waiting_jobs_per_user=limits.waiting_jobs_per_user,
            waiting_jobs_per_guild=limits.waiting_jobs_per_guild,
        ),
        slots=settings.generation.executor_slots,
        estimate=estimates.job_seconds,
    )
