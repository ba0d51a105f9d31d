"""How long jobs take, learned from those that ran: seconds of work for each credit of price.

The price is proportional to seconds of film and steps, so one figure a model covers all sizes.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from generation.job import JobEvent, JobStarted, JobSucceeded

REMEMBERED_JOBS = 30


class Estimates:
    """A dispatcher listener. `price_of` tells the credits of a job by its id."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: dict[str, float] = {}
        self._prices: dict[str, int] = {}
        self._seconds_per_credit: dict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=REMEMBERED_JOBS)
        )

    def learn(self, model: str, runs: Iterable[tuple[int, float]]) -> None:
        """Adds finished runs, oldest first, as (price in credits, seconds of work)."""
        for price_credits, seconds in runs:
            self._seconds_per_credit[model].append(seconds / max(1, price_credits))

    def expect(self, job_id: str, price_credits: int) -> None:
        """Tells the price of a job that is about to be queued."""
        self._prices[job_id] = price_credits

    def run_seconds(self, model: str, price_credits: int) -> float | None:
        """Expected seconds of work; None before the model's first clip."""
        known = self._seconds_per_credit.get(model)
        return statistics.median(known) * price_credits if known else None

    async def __call__(self, event: JobEvent) -> None:
        job_id = event.job.id
        match event:
            case JobStarted():
                self._started[job_id] = self._clock()
            case JobSucceeded():
                started = self._started.pop(job_id, None)
                price = self._prices.pop(job_id, None)
                if started is not None and price is not None:
                    self.learn(event.job.request.model, [(price, self._clock() - started)])
            case _:
                pass
