"""The composition root: one stack opens every part in order and closes them in reverse."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog

from bot.arena.parts import open_referee
from bot.bookkeeping import Bookkeeping
from bot.channel_messages import ChannelMessages
from bot.client import ReelroomBot
from bot.delivery import Delivery
from bot.equipment import Kept, Posting, equip
from bot.estimates import Estimates
from bot.finish_notices import SWEEP_SECONDS as NOTICES_EVERY_SECONDS
from bot.finish_notices import FinishNotices
from bot.finished_cards import FinishedCards
from bot.gallery_pages import GalleryPages
from bot.gauges import Gauges
from bot.generation_parts import fair_queue, load_catalogue, local_executor
from bot.leases import Leases
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.privacy.parts import open_privacy
from bot.recovery import Recovery
from bot.reviewing.news import SWEEP_SECONDS as NEWS_SECONDS
from bot.reviewing.news import ReviewNews
from bot.rounds import Rounds
from bot.showcase import SWEEP_SECONDS, Showcase
from bot.submission import Submission
from bot.themes.posting import SWEEP_SECONDS as THEMES_SECONDS
from bot.themes.posting import ThemePosts
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
    finish_notices: FinishNotices
    database: Database
    executor: Executor
    dispatcher: Dispatcher
    submission: Submission
    lock: InstanceLock
    leases: Leases
    gauges: Gauges
    rounds: Rounds
    metrics: Metrics


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
        dispatcher = _open_dispatcher(stack, settings, kept, serving, estimates, metrics, posting)
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
            posting.referee.start(dispatcher)
            count = functools.partial(gauges.count, dispatcher)
            rounds.every(RENEW_EVERY.total_seconds(), "leases", leases.sweep)
            rounds.every(SWEEP_SECONDS, "showcase", showcase.sweep)
            await privacy.start(rounds)
            rounds.every(THEMES_SECONDS, "themes", theme_posts.sweep)
            rounds.every(NEWS_SECONDS, "reviews", news.sweep)
            news.soon()
            rounds.every(NOTICES_EVERY_SECONDS, "notices", posting.finish_notices.sweep)
            posting.finish_notices.send_soon()
            rounds.every(AUDIT_EVERY_SECONDS, "audit", gauges.audit)
            rounds.every(COUNT_EVERY_SECONDS, "counts", count)
            rounds.every(PROBE_EVERY_SECONDS, "event loop", gauges.probe_loop)

        pages = GalleryPages(
            database=kept.database, media_files=kept.media_files, catalogue=catalogue
        )
        showcase = Showcase(database=kept.database, messages=posting.messages, pages=pages)
        theme_posts = ThemePosts(
            database=kept.database,
            messages=posting.messages,
            media_files=kept.media_files,
            max_bytes=settings.delivery.attachment_bytes,
        )
        news = ReviewNews(
            database=kept.database,
            messages=posting.messages,
            cards=posting.cards,
            show_compared=posting.referee.show_or_hide_clip,
            showcase=showcase,
        )
        stack.push_async_callback(news.close)
        privacy = open_privacy(
            stack,
            settings,
            database=kept.database,
            media_files=kept.media_files,
            messages=posting.messages,
            delivery=posting.delivery,
            cards=posting.cards,
            dispatcher=dispatcher,
            take_down=(showcase.sweep, theme_posts.sweep),
            at_rest=(news.at_rest, posting.referee.at_rest),
        )
        equip(
            settings,
            kept,
            posting,
            catalogue,
            dispatcher,
            submission,
            pages,
            showcase,
            privacy,
            theme_posts,
            news,
        )
        posting.client.before_gateway = take_up_work
        await posting.client.open(token)
        log.info("ready", guilds=len(posting.client.guilds))
        yield Service(
            client=posting.client,
            messages=posting.messages,
            finish_notices=posting.finish_notices,
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


async def _open_storage(stack: AsyncExitStack, settings: Settings) -> Kept:
    url = settings.storage.database_url
    lock = await stack.enter_async_context(InstanceLock.beside(url))
    database = await Database.open(url)
    stack.push_async_callback(database.close)
    return Kept(lock=lock, database=database, media_files=MediaFiles(settings.storage.media_folder))


def _open_posting(
    stack: AsyncExitStack,
    settings: Settings,
    kept: Kept,
    catalogue: Catalogue,
    estimates: Estimates,
    connector: aiohttp.BaseConnector | None,
) -> Posting:
    client = ReelroomBot(sync_guild_ids=settings.discord.sync_guild_ids, connector=connector)
    stack.push_async_callback(client.close)
    messages = ChannelMessages(client)
    finish_notices = FinishNotices(database=kept.database, messages=messages)
    stack.push_async_callback(finish_notices.close)
    outbox = Outbox(
        database=kept.database,
        media_files=kept.media_files,
        catalogue=catalogue,
        messages=messages,
        finish_notices=finish_notices,
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
    referee = open_referee(
        settings,
        database=kept.database,
        media_files=kept.media_files,
        catalogue=catalogue,
        messages=messages,
        finish_notices=finish_notices,
        delivery=delivery,
    )
    stack.push_async_callback(referee.close)
    cards = FinishedCards(
        database=kept.database, catalogue=catalogue, messages=messages, outbox=outbox
    )
    stack.push_async_callback(cards.close)
    return Posting(
        client=client,
        messages=messages,
        finish_notices=finish_notices,
        delivery=delivery,
        referee=referee,
        cards=cards,
    )


def _open_dispatcher(
    stack: AsyncExitStack,
    settings: Settings,
    kept: Kept,
    executor: Executor,
    estimates: Estimates,
    metrics: Metrics,
    posting: Posting,
) -> Dispatcher:
    bookkeeping = Bookkeeping(
        database=kept.database,
        media_files=kept.media_files,
        max_attempts=settings.generation.max_attempts,
    )
    dispatcher = Dispatcher(
        fair_queue(settings, estimates),
        executor,
        (bookkeeping, estimates, metrics, posting.delivery, posting.referee),
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


async def _local_workers(stack: AsyncExitStack, settings: Settings) -> LocalExecutor:
    executor = local_executor(settings, preload=settings.generation.default_model)
    await executor.start()
    stack.push_async_callback(executor.close)
    return executor
