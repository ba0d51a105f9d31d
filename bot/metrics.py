"""Numbers about the running bot, in Prometheus' text form.

No label names a member, a guild or a job: there would be too many, and they are nobody's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.error_codes import error_code
from generation.job import (
    JobCancelled,
    JobEvent,
    JobFailed,
    JobProgressed,
    JobRetrying,
    JobStarted,
    JobSucceeded,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
RUN_SECONDS = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640)


class Metrics:
    """A dispatcher listener, and gauges that others set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: dict[str, float] = {}
        self._registry = registry = CollectorRegistry()
        self._ended = Counter(
            "reelroom_jobs_ended", "Jobs that ended", ("model", "outcome"), registry=registry
        )
        self._faults = Counter(
            "reelroom_job_faults",
            "Attempts that the machinery failed and that were tried again",
            ("reason",),
            registry=registry,
        )
        self._run_seconds = Histogram(
            "reelroom_job_run_seconds",
            "How long an attempt took, from its start to its end",
            ("model", "outcome"),
            buckets=RUN_SECONDS,
            registry=registry,
        )
        self.ledger_drift = _gauge(
            registry, "ledger_drift", "What the last audit found not to agree; must be 0"
        )
        self.leases_lost = Counter(
            "reelroom_leases_lost", "Attempts that nobody worked at any more", registry=registry
        )
        self.jobs_waiting = _gauge(registry, "jobs_waiting", "Jobs in all lanes")
        self.jobs_running = _gauge(registry, "jobs_running", "Jobs that have a slot or are encoded")
        self.jobs_dead = _gauge(registry, "jobs_dead", "Dead jobs that nobody has requeued")
        self.outbox_age = _gauge(
            registry, "outbox_oldest_seconds", "How long the oldest undelivered outcome is due"
        )
        self.loop_lag = _gauge(
            registry, "event_loop_lag_seconds", "The event loop's worst delay of late"
        )

    async def __call__(self, event: JobEvent) -> None:
        job = event.job
        match event:
            case JobStarted():
                self._started[job.id] = self._clock()
            case JobProgressed():
                pass
            case JobRetrying(fault=fault):
                self._faults.labels(reason=error_code(fault)).inc()
                self._ran(event, "fault")
            case JobSucceeded():
                self._end(event, "succeeded")
            case JobFailed(error=error):
                self._end(event, error_code(error))
            case JobCancelled():
                self._end(event, "cancelled")

    def render(self) -> bytes:
        """All of it, as a scrape reads it."""
        return generate_latest(self._registry)

    def _end(self, event: JobEvent, outcome: str) -> None:
        self._ended.labels(model=event.job.request.model, outcome=outcome).inc()
        self._ran(event, outcome)

    def _ran(self, event: JobEvent, outcome: str) -> None:
        started = self._started.pop(event.job.id, None)
        if started is not None:
            seconds = self._clock() - started
            self._run_seconds.labels(model=event.job.request.model, outcome=outcome).observe(
                seconds
            )


def _gauge(registry: CollectorRegistry, name: str, text: str) -> Gauge:
    return Gauge(f"reelroom_{name}", text, registry=registry)
