"""Leases of running jobs: renewed while their executor vouches for them, and acted on when lost.

Progress renews a lease too (`bot/bookkeeping.py`), and an executor ends by itself what is silent
beyond its limits. What is left for the lease are attempts that nobody works at any more, although
storage says so: their executor has forgotten them, or their outcome was never written. A lease that
ran out counts as a crash of the worker.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import structlog

from bot.metrics import Metrics
from bot.recovery import Recovery
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

    async def sweep(self) -> None:
        """Renews first, so that a process that was suspended loses nothing; counts what is lost."""
        await self._renew()
        now = datetime.now(UTC)
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
        now = datetime.now(UTC)

        def renew(connection: Connection) -> None:
            for job_id, attempt in alive:
                with contextlib.suppress(StaleAttempt, IllegalMove):  # It has just ended.
                    attempts.renew(connection, job_id=job_id, attempt=attempt, now=now)

        if alive:
            await self._database.write(renew)
