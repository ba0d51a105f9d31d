"""The composition root: one stack opens every part in order and closes them in reverse."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog
from discord.ext import commands

from bot.bookkeeping import Bookkeeping
from bot.channel_messages import ChannelMessages
from bot.client import ReelroomBot
from bot.clip_actions import ClipActions
from bot.commands.admin import AdminCog
from bot.commands.clips import ClipsCog
from bot.commands.credits import CreditsCog
from bot.commands.gallery import GalleryCog
from bot.commands.generate import GenerateCog
from bot.commands.help import HelpCog
from bot.commands.jobs import JobsCog
from bot.commands.models import ModelsCog
from bot.commands.pictures import PicturesCog
from bot.commands.price import PriceCog
from bot.commands.quota import QuotaCog
from bot.commands.show import ShowCog
from bot.dead_jobs import DeadJobs
from bot.delivery import Delivery
from bot.estimates import Estimates
from bot.gallery_actions import GalleryActions
from bot.gallery_pages import GalleryPages
from bot.gauges import Gauges
from bot.generation_parts import fair_queue, load_catalogue, local_executor
from bot.guide import content
from bot.guide.example_runs import ExampleRuns
from bot.guide.pages import HelpPages
from bot.job_actions import JobActions
from bot.languages import Languages
from bot.leases import Leases
from bot.log_pages import LogPages
from bot.metrics import Metrics
from bot.moderator_deeds import ModeratorDeeds
from bot.ordering import Ordering
from bot.outbox import Outbox
from bot.recovery import Recovery
from bot.rounds import Rounds
from bot.showcase import SWEEP_SECONDS, Showcase
from bot.source_clips import SourceClips
from bot.source_pictures import SourcePictures
from bot.submission import Submission
from config.settings import Settings
from generation.dispatcher import Dispatcher
from generation.executor import Executor
from generation.executors.local import LocalExecutor
from generation.models.catalogue import Catalogue
from storage.attempts import RENEW_EVERY
from storage.database import Database
from storage.instance_lock import InstanceLock
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

AUDIT_EVERY_SECONDS = 3600.0
COUNT_EVERY_SECONDS = 10.0
PROBE_EVERY_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The running bot, for whoever started it."""

    client: ReelroomBot
    messages: ChannelMessages
    database: Database
    executor: Executor
    dispatcher: Dispatcher
    submission: Submission
    lock: InstanceLock
    leases: Leases
    gauges: Gauges
    rounds: Rounds
    metrics: Metrics


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """What remembers, and who may use it."""

    lock: InstanceLock
    database: Database
    media_files: MediaFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class _Posting:
    """What speaks to Discord."""

    client: ReelroomBot
    messages: ChannelMessages
    delivery: Delivery


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
        metrics, estimates = Metrics(), Estimates()
        kept = await _open_storage(stack, settings)
        gauges = Gauges(database=kept.database, metrics=metrics)
        await gauges.audit()
        catalogue = load_catalogue(settings)
        catalogue.get(settings.generation.default_model)
        posting = _open_posting(stack, settings, kept, catalogue, estimates, connector)
        serving = await _local_workers(stack, settings) if executor is None else executor
        catalogue.heed(lambda: serving.unable)
        dispatcher = _open_dispatcher(
            stack, settings, kept, serving, estimates, metrics, posting.delivery
        )
        submission = Submission(
            settings=settings,
            database=kept.database,
            media_files=kept.media_files,
            catalogue=catalogue,
            dispatcher=dispatcher,
            estimates=estimates,
            post_card=posting.delivery.post_card,
        )
        stack.callback(submission.drain)
        recovery = Recovery(
            database=kept.database,
            media_files=kept.media_files,
            catalogue=catalogue,
            estimates=estimates,
            delivery=posting.delivery,
            dispatcher=dispatcher,
            max_attempts=settings.generation.max_attempts,
        )
        leases = Leases(
            database=kept.database,
            dispatcher=dispatcher,
            executor=serving,
            recovery=recovery,
            metrics=metrics,
        )
        rounds = Rounds()
        stack.push_async_callback(rounds.close)

        async def take_up_work() -> None:
            posting.delivery.start(dispatcher)
            await recovery.recover()
            dispatcher.start()
            count = functools.partial(gauges.count, dispatcher)
            rounds.every(RENEW_EVERY.total_seconds(), "leases", leases.sweep)
            rounds.every(SWEEP_SECONDS, "showcase", showcase.sweep)
            rounds.every(AUDIT_EVERY_SECONDS, "audit", gauges.audit)
            rounds.every(COUNT_EVERY_SECONDS, "counts", count)
            rounds.every(PROBE_EVERY_SECONDS, "event loop", gauges.probe_loop)

        pages = GalleryPages(
            database=kept.database, media_files=kept.media_files, catalogue=catalogue
        )
        showcase = Showcase(database=kept.database, messages=posting.messages, pages=pages)
        _equip(settings, kept, posting, catalogue, dispatcher, submission, pages, showcase)
        posting.client.before_gateway = take_up_work
        await posting.client.open(token)
        log.info("ready", guilds=len(posting.client.guilds))
        yield Service(
            client=posting.client,
            messages=posting.messages,
            database=kept.database,
            executor=serving,
            dispatcher=dispatcher,
            submission=submission,
            lock=kept.lock,
            leases=leases,
            gauges=gauges,
            rounds=rounds,
            metrics=metrics,
        )
        log.info("stopping")


async def _open_storage(stack: AsyncExitStack, settings: Settings) -> _Kept:
    url = settings.storage.database_url
    lock = await stack.enter_async_context(InstanceLock.beside(url))
    database = await Database.open(url)
    stack.push_async_callback(database.close)
    return _Kept(
        lock=lock, database=database, media_files=MediaFiles(settings.storage.media_folder)
    )


def _open_posting(
    stack: AsyncExitStack,
    settings: Settings,
    kept: _Kept,
    catalogue: Catalogue,
    estimates: Estimates,
    connector: aiohttp.BaseConnector | None,
) -> _Posting:
    client = ReelroomBot(sync_guild_ids=settings.discord.sync_guild_ids, connector=connector)
    stack.push_async_callback(client.close)
    messages = ChannelMessages(client)
    outbox = Outbox(
        database=kept.database,
        media_files=kept.media_files,
        catalogue=catalogue,
        messages=messages,
        max_bytes=settings.delivery.attachment_bytes,
    )
    delivery = Delivery(
        database=kept.database,
        catalogue=catalogue,
        estimates=estimates,
        messages=messages,
        outbox=outbox,
        interval_seconds=settings.delivery.progress_interval_seconds,
    )
    stack.push_async_callback(delivery.close)
    return _Posting(client=client, messages=messages, delivery=delivery)


def _open_dispatcher(
    stack: AsyncExitStack,
    settings: Settings,
    kept: _Kept,
    executor: Executor,
    estimates: Estimates,
    metrics: Metrics,
    delivery: Delivery,
) -> Dispatcher:
    bookkeeping = Bookkeeping(
        database=kept.database,
        media_files=kept.media_files,
        max_attempts=settings.generation.max_attempts,
    )
    dispatcher = Dispatcher(
        fair_queue(settings, estimates),
        executor,
        (bookkeeping, estimates, metrics, delivery),
        max_bytes=settings.delivery.attachment_bytes,
        after_fault=bookkeeping.after_fault,
    )

    async def stop() -> None:
        if kept.lock.held:
            await dispatcher.close(settings.generation.grace_seconds)
            await bookkeeping.give_back()
        else:
            # What runs may be another instance's by now: there is nothing of ours to give back.
            await dispatcher.close(0.0)

    stack.push_async_callback(stop)
    return dispatcher


def _equip(
    settings: Settings,
    kept: _Kept,
    posting: _Posting,
    catalogue: Catalogue,
    dispatcher: Dispatcher,
    submission: Submission,
    pages: GalleryPages,
    showcase: Showcase,
) -> None:
    """Gives the client its commands and buttons."""
    database, delivery = kept.database, posting.delivery
    ordering = Ordering(
        database=database,
        catalogue=catalogue,
        submission=submission,
        delivery=delivery,
        media_files=kept.media_files,
        preview_above=settings.credits.preview_above,
    )
    source_pictures = SourcePictures(database=database, limits=settings.limits)
    source_clips = SourceClips(database=database, limits=settings.limits)
    dead_jobs = DeadJobs(database=database, submission=submission)
    moderator_deeds = ModeratorDeeds(database=database, dispatcher=dispatcher)
    log_pages = LogPages(database=database)
    languages, help_content = Languages.load(), content.load()
    help_pages = HelpPages(content=help_content, languages=languages, tree=posting.client.tree)
    job_actions = JobActions(
        database=database,
        dispatcher=dispatcher,
        messages=posting.messages,
        media_files=kept.media_files,
        clip_actions=ClipActions(
            ordering=ordering, media_files=kept.media_files, catalogue=catalogue
        ),
        gallery_actions=GalleryActions(
            database=database,
            delivery=delivery,
            messages=posting.messages,
            media_files=kept.media_files,
            catalogue=catalogue,
            showcase=showcase,
        ),
    )

    def cogs() -> Iterable[commands.Cog]:
        return (
            GenerateCog(
                settings=settings,
                catalogue=catalogue,
                ordering=ordering,
                source_pictures=source_pictures,
            ),
            PicturesCog(
                settings=settings,
                catalogue=catalogue,
                ordering=ordering,
                source_pictures=source_pictures,
            ),
            ClipsCog(
                settings=settings, catalogue=catalogue, ordering=ordering, source_clips=source_clips
            ),
            JobsCog(database=database, delivery=delivery),
            CreditsCog(settings=settings, database=database),
            GalleryCog(pages=pages, catalogue=catalogue),
            PriceCog(settings=settings, catalogue=catalogue, ordering=ordering),
            ShowCog(catalogue=catalogue, source_clips=source_clips),
            ModelsCog(settings=settings, catalogue=catalogue),
            HelpCog(pages=help_pages, languages=languages),
            QuotaCog(settings=settings, database=database),
            AdminCog(
                database=database,
                catalogue=catalogue,
                dead_jobs=dead_jobs,
                deeds=moderator_deeds,
                log_pages=log_pages,
            ),
        )

    posting.client.equip(
        cogs=cogs,
        job_actions=job_actions,
        gallery_pages=pages,
        dead_jobs=dead_jobs,
        moderator_deeds=moderator_deeds,
        log_pages=log_pages,
        ordering=ordering,
        languages=languages,
        help_pages=help_pages,
        example_runs=ExampleRuns(
            content=help_content,
            pages=help_pages,
            source_clips=source_clips,
            source_pictures=source_pictures,
        ),
    )


async def _local_workers(stack: AsyncExitStack, settings: Settings) -> LocalExecutor:
    executor = local_executor(settings, preload=settings.generation.default_model)
    await executor.start()
    stack.push_async_callback(executor.close)
    return executor
