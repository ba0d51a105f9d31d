"""The bot in a process of its own, with real worker processes, to be killed at any moment.

All are forked from one process that has imported everything, so that a start takes no longer than
what the bot itself does at its start.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import psutil

from bot.app import open_service
from bot.discord_endpoint import point_discord_at
from config.settings import Settings
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.models.catalogue import CATALOGUE_FILE
from tests.journeys.chaos import light_worker

PLENTY = 100_000
DYING_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Where a bot connects and what it remembers in."""

    url: str
    gateway_url: str
    token: str
    folder: Path
    database_url: str | None = None
    """None: SQLite, in the folder."""
    prepare: Callable[[], None] | None = None
    """Called in the bot's process before anything else."""

    @property
    def settings(self) -> Settings:
        database = {"database_url": self.database_url} if self.database_url else {}
        return Settings.model_validate(
            {
                "storage": {"data_folder": self.folder, **database},
                "credits": {"daily_allowance": PLENTY},
                "delivery": {"progress_interval_seconds": 1},
                "generation": {"executor_slots": 2, "grace_seconds": 5.0},
            }
        )


class BotProcess:
    """A running bot. Its log goes on in `bot.log` where the one before stopped."""

    def __init__(self, plan: Plan) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._prepared = context.Event()
        self._process: ForkServerProcess = context.Process(
            target=_serve, args=(plan, self._prepared), daemon=True
        )
        self._process.start()

    @property
    def exit_code(self) -> int | None:
        """None while it lives; below 0 the signal that ended it."""
        return self._process.exitcode

    def worker_pids(self) -> list[int]:
        """Its living workers."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._pid).children()
            return [child.pid for child in children if _is_worker(child)]
        return []

    async def kill(self) -> None:
        """SIGKILL; returns when it is dead."""
        self._process.kill()
        await self.dead()

    def kill_now(self) -> None:
        """SIGKILL, without waiting."""
        self._process.kill()

    @property
    def is_prepared(self) -> bool:
        """Whether it listens to signals: before that one would end it."""
        return self._prepared.is_set()

    def signal_to_arm(self) -> None:
        """See `await_points.prepare`."""
        os.kill(self._pid, signal.SIGUSR1)

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        os.kill(self._pid, signal.SIGTERM)
        await self.dead()
        return self._process.exitcode or 0

    async def dead(self) -> None:
        await asyncio.to_thread(self._process.join, DYING_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            raise AssertionError("the bot does not end")

    @property
    def _pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return light_worker.PROGRAM in process.cmdline()
    return False


def _serve(plan: Plan, prepared: Event) -> None:
    with (plan.folder / "bot.log").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    if plan.prepare is not None:
        plan.prepare()
    prepared.set()
    asyncio.run(_serve_until_told(plan))


async def _serve_until_told(plan: Plan) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = plan.settings
    point_discord_at(plan.url, plan.gateway_url)
    executor = LocalExecutor(
        setup=WorkerSetup(
            catalogue_file=CATALOGUE_FILE,
            model_folders={},
            device="cpu",
            threads=1,
            narration_scenes=1,
            preload=None,
        ),
        limits=ExecutionLimits(),
        slots=settings.generation.executor_slots,
        program=light_worker.PROGRAM,
    )
    await executor.start()
    try:
        async with open_service(settings, token=plan.token, executor=executor):
            await stop.wait()
    finally:
        await executor.close()
