"""Liveness and readiness over HTTP, for a container's health check and a process supervisor."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from aiohttp import web

from bot.app import Service
from config.settings import WebSettings
from generation.executors.local import LocalExecutor
from storage.errors import DatabaseError


@contextlib.asynccontextmanager
async def serve_health(settings: WebSettings, service: Service) -> AsyncGenerator[None]:
    """`/livez`: the event loop answers. `/readyz`: 200 if the gateway is connected, the database
    can be written and a worker lives, else 503 with what is missing. Off while the port is 0."""
    if settings.health_port == 0:
        yield
        return
    application = web.Application()
    application.router.add_get("/livez", _alive)

    async def ready(_: web.Request) -> web.Response:
        missing = await _missing(service)
        return web.json_response(
            {"ready": not missing, "missing": missing}, status=503 if missing else 200
        )

    application.router.add_get("/readyz", ready)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.health_port).start()
        yield
    finally:
        await runner.cleanup()


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _missing(service: Service) -> list[str]:
    missing: list[str] = []
    if not service.client.is_ready() or service.client.is_closed():
        missing.append("gateway")
    try:
        await service.database.write(lambda _: None)
    except DatabaseError:
        missing.append("database")
    executor = service.executor
    if isinstance(executor, LocalExecutor) and not any(
        map(executor.worker_pid, range(executor.slots))
    ):
        missing.append("worker")
    return missing
