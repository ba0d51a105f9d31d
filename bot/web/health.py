"""Liveness, readiness and metrics over HTTP, for whoever supervises the process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from aiohttp import web

from bot.app import Service
from bot.metrics import CONTENT_TYPE
from config.settings import WebSettings
from generation.executors.local import LocalExecutor
from storage.errors import DatabaseError


@contextlib.asynccontextmanager
async def serve_health(settings: WebSettings, service: Service) -> AsyncGenerator[None]:
    """Off while the port is 0.

    `/livez`: 200 while the event loop answers and everything that must go on does; a 503 is mended
    by a restart only. `/readyz`: 200 if the gateway is connected, new jobs are taken, the database
    is ours and can be written, a worker lives and Discord takes the token; a 503 may pass. Both
    name what is missing. `/metrics`: Prometheus' text form.
    """
    if settings.health_port == 0:
        yield
        return
    application = web.Application()

    async def alive(_: web.Request) -> web.Response:
        return _answer("alive", _stopped(service))

    async def ready(_: web.Request) -> web.Response:
        return _answer("ready", await _missing(service))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=service.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    application.router.add_get("/livez", alive)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.health_port).start()
        yield
    finally:
        await runner.cleanup()


def _answer(word: str, missing: list[str]) -> web.Response:
    return web.json_response(
        {word: not missing, "missing": missing}, status=503 if missing else 200
    )


def _stopped(service: Service) -> list[str]:
    """What has come to an end that must not while the process lives."""
    going_on = {
        "gateway": not service.client.is_closed(),
        "dispatcher": service.dispatcher.alive,
        "rounds": service.rounds.alive,
        "instance lock": service.lock.held,
    }
    return [name for name, goes_on in going_on.items() if not goes_on]


async def _missing(service: Service) -> list[str]:
    missing = _stopped(service)
    if "gateway" not in missing and not service.client.is_ready():
        missing.append("gateway")
    if service.messages.token_refused:
        missing.append("token")
    if service.submission.draining:
        missing.append("admission")
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
