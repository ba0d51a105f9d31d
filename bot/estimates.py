"""How long jobs take, learned from those that ran, by model and size.

Price is proportional to seconds of film and steps, so it stands for a job's size. Sizes are
grouped by powers of two, because a short clip pays its fixed costs with fewer credits.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from generation.job import Job, JobEvent, JobProgressed, JobRetrying, JobStarted, JobSucceeded

REMEMBERED_JOBS = 30
"""For each model and size."""


class Estimates:
    """A dispatcher listener. It must be told to `expect` a job before the job is queued."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: dict[str, float] = {}
        self._prices: dict[str, int] = {}
        self._remembered: dict[str, dict[int, deque[float]]] = defaultdict(dict)
        self._seconds_per_credit: dict[str, dict[int, float]] = {}

    def learn(self, model: str, runs: Iterable[tuple[int, float]]) -> None:
        """Adds finished runs, oldest first, as (price in credits, seconds of work)."""
        for price_credits, seconds in runs:
            size = _size_class(price_credits)
            known = self._remembered[model].setdefault(size, deque(maxlen=REMEMBERED_JOBS))
            known.append(max(0.0, seconds) / max(1, price_credits))
            self._seconds_per_credit.setdefault(model, {})[size] = statistics.median(known)

    def expect(self, job_id: str, price_credits: int) -> None:
        """Tells the price of a job that is about to be queued."""
        self._prices[job_id] = price_credits

    def run_seconds(self, model: str, price_credits: int) -> float | None:
        """Expected seconds of work; None before the model's first clip.

        From clips of the nearest size, where there is none of this one.
        """
        known = self._seconds_per_credit.get(model)
        if not known:
            return None
        size = _size_class(price_credits)
        return known[min(known, key=lambda other: (abs(other - size), other))] * price_credits

    def job_seconds(self, job: Job) -> float:
        """What to charge a job that starts, before anybody knows better.

        For a model that never made a clip here, a credit counts for what it takes with the other
        models; before any clip it counts for a second.
        """
        price_credits = self._prices.get(job.id, 1)
        seconds = self.run_seconds(job.request.model, price_credits)
        if seconds is not None:
            return seconds
        others = [each for known in self._seconds_per_credit.values() for each in known.values()]
        return statistics.median(others) * price_credits if others else float(price_credits)

    async def __call__(self, event: JobEvent) -> None:
        job_id = event.job.id
        match event:
            case JobStarted():
                self._started[job_id] = self._clock()
            case JobProgressed() | JobRetrying():
                pass
            case _:
                started = self._started.pop(job_id, None)
                price = self._prices.pop(job_id, None)
                if isinstance(event, JobSucceeded) and started is not None and price is not None:
                    self.learn(event.job.request.model, [(price, self._clock() - started)])


def _size_class(price_credits: int) -> int:
    """1 credit, 2 to 3, 4 to 7, and so on."""
    return max(1, price_credits).bit_length()
