"""What each subcommand does, from settings to exit status."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator

from bot import demo, logs
from bot.app import Service, open_service
from bot.discord_endpoint import point_discord_at
from bot.web.health import serve_health
from config.settings import Settings
from storage.audit import audit
from storage.database import Database, migrate


async def run(settings: Settings) -> int:
    """Serves Discord until SIGTERM, SIGINT or the end of the connection."""
    logs.configure(level=settings.logging.level, as_json=settings.logging.format == "json")
    token = settings.discord.read_token().get_secret_value()
    if settings.discord.api_url and settings.discord.gateway_url:
        point_discord_at(settings.discord.api_url, settings.discord.gateway_url)
    async with open_service(settings, token=token) as service, serve_health(settings.web, service):
        await _until_stopped(service)
    return 0


async def migrate_database(settings: Settings) -> int:
    """Creates or upgrades the database and says at which revision it is."""
    revision = await migrate(settings.storage.database_url)
    print(f"The database is at revision {revision}.")
    return 0


async def audit_database(settings: Settings) -> int:
    """Prints everything that does not agree, one line each; 1 if there is anything."""
    database = await Database.open(settings.storage.database_url)
    try:
        found = await database.read(audit)
    finally:
        await database.close()
    for drift in found:
        print(f"{drift.rule}: {drift.subject}: {drift.detail}")
    print(f"{len(found)} differences." if found else "Credits, jobs and deliveries agree.")
    return 1 if found else 0


async def demonstrate(settings: Settings, options: argparse.Namespace) -> int:
    """The playground with the bot on it: for a person, or for one command line."""
    if options.once is not None:
        logs.configure(level="WARNING", as_json=False)
        return await demo.once(settings, options.once, out=options.out, member=options.member)
    logs.configure(level=settings.logging.level, as_json=settings.logging.format == "json")
    async with demo.open_demo(settings, port=options.port) as (playground, service):
        await demo.welcome(playground, service)
        demo.announce(playground, open_browser=not options.no_browser)
        await _until_stopped(service)
    return 0


async def _until_stopped(service: Service) -> None:
    """Until a signal or the end of the connection. Raises InstanceLockLost, at once."""
    async with _stop_signal() as stop:
        stopped = asyncio.create_task(stop.wait())
        disconnected = asyncio.create_task(service.client.wait_closed())
        lock_lost = asyncio.create_task(service.lock.lost())
        reasons = (stopped, disconnected, lock_lost)
        try:
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
            if lock_lost.done():
                service.submission.drain()
                raise lock_lost.result()
            if disconnected.done():
                disconnected.result()
        finally:
            for reason in reasons:
                reason.cancel()
            await asyncio.gather(*reasons, return_exceptions=True)


@contextlib.asynccontextmanager
async def _stop_signal() -> AsyncGenerator[asyncio.Event]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
