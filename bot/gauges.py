"""What is measured beside the work: differences in the books, queue, outbox, the loop's lag."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import structlog

from bot.metrics import Metrics
from generation.dispatcher import Dispatcher
from storage import attempts, deliveries
from storage.audit import audit
from storage.database import Connection, Database

log = structlog.get_logger(__name__)

LAG_PROBE_SECONDS = 0.1
LAG_FADES = 0.95
"""Each probe forgets a twentieth of the worst lag: a scrape some seconds later still sees it."""


class Gauges:
    """Each method is a round of its own."""

    def __init__(self, *, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._worst_lag_seconds = 0.0

    async def audit(self) -> None:
        """Tells what does not agree, and goes on: the ledger itself refuses what must not be."""
        found = await self._database.read(audit)
        for drift in found:
            log.error("drift", rule=drift.rule, subject=drift.subject, detail=drift.detail)
        log.info("audited", differences=len(found))
        self._metrics.ledger_drift.set(len(found))

    async def count(self, dispatcher: Dispatcher) -> None:
        """How much waits, runs, is dead, and is still to be delivered."""

        def stored(connection: Connection) -> tuple[int, datetime | None]:
            return attempts.dead_count(connection), deliveries.oldest_unfinished(connection)

        dead, due_since = await self._database.read(stored)
        age = 0.0 if due_since is None else (datetime.now(UTC) - due_since).total_seconds()
        self._metrics.jobs_waiting.set(dispatcher.waiting)
        self._metrics.jobs_running.set(dispatcher.running)
        self._metrics.jobs_dead.set(dead)
        self._metrics.outbox_age.set(max(0.0, age))

    async def probe_loop(self) -> None:
        """How much later than asked the event loop comes back."""
        began = time.monotonic()
        await asyncio.sleep(LAG_PROBE_SECONDS)
        lag = time.monotonic() - began - LAG_PROBE_SECONDS
        self._worst_lag_seconds = max(lag, self._worst_lag_seconds * LAG_FADES)
        self._metrics.loop_lag.set(self._worst_lag_seconds)
