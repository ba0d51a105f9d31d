"""A service in virtual time on the real order, and a witness of who got what.

`docs/fairness.md` states the bounds that the witness checks. It knows nothing of the counters
that the order keeps: it adds up the true seconds of the jobs that were started.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass

from generation.fairness.order import FairOrder
from generation.fairness.turns import FairnessRules
from generation.job import Job
from tests.generation.builders import make_job, make_request

TOLERANCE_SECONDS = 1e-3  # counters are whole microseconds


@dataclass(frozen=True, kw_only=True)
class Arrival:
    guild: int
    user: int
    model: str
    seconds: float
    estimate: float
    relaxed: bool = False


class SimulatedService:
    """`slots` slots; time passes only in `step`."""

    def __init__(self, *, slots: int, rules: FairnessRules, running_jobs_per_user: int) -> None:
        self.slots = slots
        self.rules = rules
        self.now = 0.0
        self.arrivals: dict[str, Arrival] = {}
        self.waiting: dict[str, Arrival] = {}
        self.started: list[str] = []
        self._running_jobs_per_user = running_jobs_per_user
        self._running: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self.order = FairOrder(
            running_jobs_per_user=running_jobs_per_user,
            slots=slots,
            rules=rules,
            estimate=lambda job: self.arrivals[job.id].estimate,
        )

    def arrive(self, arrival: Arrival) -> str:
        job_id = f"{next(self._numbers)}"
        self.arrivals[job_id] = self.waiting[job_id] = arrival
        self.order.add(_job(job_id, arrival))
        return job_id

    def step(self) -> bool:
        """Starts a job, or lets the next one end; False if there is nothing to do."""
        job = self.order.take() if len(self._running) < self.slots else None
        if job is not None:
            arrival = self.waiting.pop(job.id)
            ends = self.now + arrival.seconds
            heapq.heappush(self._running, (ends, next(self._numbers), job.id))
            self.started.append(job.id)
        elif self._running:
            self.now, _, ended = heapq.heappop(self._running)
            self.order.end(ended, self.arrivals[ended].seconds)
        else:
            return False
        return True

    def cancel(self, job_id: str) -> None:
        if self.order.remove(job_id) is not None:
            del self.waiting[job_id]

    def competing(self, *, relaxed: bool) -> set[tuple[int, int]]:
        """(guild, user) of those who could start a job now."""
        running = Counter(self.arrivals[job_id].user for _, _, job_id in self._running)
        return {
            (arrival.guild, arrival.user)
            for arrival in self.waiting.values()
            if arrival.relaxed == relaxed and running[arrival.user] < self._running_jobs_per_user
        }


class Witness:
    """Watches one level: flows of these weights. `got` is in seconds, not divided by weights."""

    def __init__(self, weights: dict[int, float]) -> None:
        self.widest_gap = 0.0
        self.longest_waits: dict[int, float] = defaultdict(float)
        self.known: set[int] = set()
        self._weights = weights
        self._got: dict[int, float] = defaultdict(float)
        self._gaps: dict[tuple[int, int], tuple[float, float]] = {}
        self._passed: dict[int, float] = {}

    def competes(self, flows: set[int]) -> None:
        """Who competes from now on."""
        self.known |= flows
        pairs = set(itertools.combinations(sorted(flows), 2))
        gaps = {pair: self._gap(pair) for pair in pairs}
        self._gaps = {pair: self._gaps.get(pair, (gap, gap)) for pair, gap in gaps.items()}
        self._passed = {flow: self._passed.get(flow, 0.0) for flow in flows}

    def starts(self, flow: int, seconds: float) -> None:
        """A job of one of those who compete starts."""
        self._got[flow] += seconds
        for pair, (least, most) in self._gaps.items():
            gap = self._gap(pair)
            self._gaps[pair] = least, most = min(least, gap), max(most, gap)
            self.widest_gap = max(self.widest_gap, most - least)
        for other in self._passed:
            if other == flow:
                self._passed[other] = 0.0
            else:
                self._passed[other] += seconds
                self.longest_waits[other] = max(self.longest_waits[other], self._passed[other])

    def _gap(self, pair: tuple[int, int]) -> float:
        first, second = (self._got[flow] / self._weights.get(flow, 1.0) for flow in pair)
        return first - second


def _job(job_id: str, arrival: Arrival) -> Job:
    return make_job(
        job_id,
        guild_id=arrival.guild,
        user_id=arrival.user,
        request=make_request(model=arrival.model),
        relaxed=arrival.relaxed,
    )
