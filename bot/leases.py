"""Leases of running jobs: renewed while their executor vouches for them, and acted on when lost.

Progress renews a lease too (`bot/bookkeeping.py`), and an executor ends by itself what is silent
beyond its limits. What is left for the lease are attempts that nobody works at any more, although
storage says so: their executor has forgotten them, or their outcome was never written. A lease that
ran out counts as a crash of the worker.

A lease is kept by the time of day, since it outlives the process. When that is set, nobody knows
how much of a lease is left, so each running job is given a new one.
"""

from __future__ import annotations

import contextlib

import structlog

from bot.metrics import Metrics
from bot.recovery import Recovery
from bot.wall_clock import WallClock
from generation.dispatcher import Dispatcher
from generation.errors import WorkerHung
from generation.executor import ExecutionStatus, Executor
from storage import attempts
from storage.attempts import LEASE
from storage.database import Connection, Database
from storage.errors import IllegalMove, StaleAttempt

log = structlog.get_logger(__name__)


class Leases:
    def __init__(
        self,
        *,
        database: Database,
        dispatcher: Dispatcher,
        executor: Executor,
        recovery: Recovery,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._executor = executor
        self._recovery = recovery
        self._metrics = metrics
        self.clock = WallClock()

    async def sweep(self) -> None:
        """Renews first, so that a process that was suspended loses nothing; counts what is lost."""
        await self._renew()
        now = self.clock.now()
        lost = await self._database.read(lambda connection: attempts.lost(connection, now=now))
        for record in lost:
            fault = WorkerHung(LEASE.total_seconds(), "an attempt without any sign of life")
            if self._dispatcher.give_up(record.id, record.attempt, fault):
                log.warning("lease.lost", job_id=record.id, attempt=record.attempt)
            elif self._dispatcher.holds(record.id):
                continue  # Its outcome is being written, however long the database takes.
            else:
                log.error("lease.orphaned", job_id=record.id, attempt=record.attempt)
                await self._recovery.take_back(record)
            self._metrics.leases_lost.inc()

    async def _renew(self) -> None:
        alive = [
            execution
            for execution in self._dispatcher.executing()
            if await self._executor.status(*execution) is ExecutionStatus.RUNNING
        ]
        now = self.clock.now()
        was_set = self.clock.was_set()
        if was_set:
            log.warning("clock.was_set", now=now.isoformat())

        def renew(connection: Connection) -> None:
            if was_set:
                attempts.renew_all(connection, now=now)
            for job_id, attempt in alive:
                with contextlib.suppress(StaleAttempt, IllegalMove):  # It has just ended.
                    attempts.renew(connection, job_id=job_id, attempt=attempt, now=now)

        if alive or was_set:
            await self._database.write(renew)
