"""Fair turns against first come, first served: one flooding guild, five light ones, one slot.

In virtual time: three models, jobs of 20 to 60 s, 25 s to load another model. The flooding guild
keeps 30 jobs waiting; each light one orders, waits for its clip, and thinks for a while. Without
slack a loaded model gains a job nothing: affinity is off.
"""

from __future__ import annotations

import random
import statistics
from collections import deque
from typing import Any, Protocol

from generation.fairness.order import FairOrder
from generation.fairness.turns import FairnessRules
from generation.job import Job
from tests.generation.builders import make_request

MODELS = ("small", "large", "other")
LOADING_SECONDS = 25.0
THINKING_SECONDS = 600.0
FLOOD, FLOOD_WAITING = 0, 30
LIGHT_GUILDS = (1, 2, 3, 4, 5)
SIMULATED_SECONDS = 7 * 24 * 3600.0
SLACK_SECONDS = 60.0
TARGET_RATIO = 10.0


class _Order(Protocol):
    def add(self, job: Job) -> None: ...
    def take(self) -> Job | None: ...
    def end(self, job_id: str) -> None: ...


class _FirstComeFirstServed:
    def __init__(self) -> None:
        self._line = deque[Job]()

    def add(self, job: Job) -> None:
        self._line.append(job)

    def take(self) -> Job | None:
        return self._line.popleft() if self._line else None

    def end(self, job_id: str) -> None:
        pass


class _Traffic:
    """Orders of all guilds, the same for each rule as far as the rule lets them be."""

    def __init__(self, order: _Order, seconds: dict[str, float], seed: int) -> None:
        self.order = order
        self.seconds = seconds
        self.ordered_at: dict[str, float] = {}
        self.next_orders: dict[int, float] = {guild: 0.0 for guild in LIGHT_GUILDS}  # noqa: C420
        self._chances = {guild: random.Random(f"{seed} {guild}") for guild in (0, *LIGHT_GUILDS)}

    def place(self, guild: int, now: float) -> None:
        chance = self._chances[guild]
        job_id = f"{guild} {len(self.ordered_at)}"
        self.ordered_at[job_id] = now
        self.seconds[job_id] = chance.uniform(20, 60)
        request = make_request(model=chance.choice(MODELS))
        self.order.add(Job(id=job_id, guild_id=guild, user_id=guild, request=request))

    def catch_up(self, now: float) -> None:
        """Places what light guilds ordered until now."""
        for guild, due in sorted(self.next_orders.items(), key=lambda item: item[1]):
            if due <= now:
                del self.next_orders[guild]
                self.place(guild, due)

    def think(self, guild: int, now: float) -> None:
        self.next_orders[guild] = now + self._chances[guild].expovariate(1 / THINKING_SECONDS)


def _simulate(order: _Order, seconds: dict[str, float], seed: int) -> dict[str, float]:
    traffic = _Traffic(order, seconds, seed)
    now = useful = 0.0
    loaded, swaps, jobs = "", 0, 0
    light_waits: list[float] = []
    for _ in range(FLOOD_WAITING):
        traffic.place(FLOOD, now)
    while now < SIMULATED_SECONDS:
        traffic.catch_up(now)
        job = order.take()
        assert job is not None, "the flood never ends"
        if job.guild_id == FLOOD:
            traffic.place(FLOOD, now)
        else:
            light_waits.append(now - traffic.ordered_at[job.id])
        if job.request.model != loaded:
            loaded, swaps, now = job.request.model, swaps + 1, now + LOADING_SECONDS
        now += seconds[job.id]
        useful += seconds[job.id]
        jobs += 1
        order.end(job.id)
        if job.guild_id != FLOOD:
            traffic.think(job.guild_id, now)
    percentiles = statistics.quantiles(light_waits, n=100)
    return {
        "light_wait_p50_seconds": round(percentiles[49], 1),
        "light_wait_p99_seconds": round(percentiles[98], 1),
        "useful_share": round(useful / now, 3),
        "swaps_per_job": round(swaps / jobs, 2),
        "jobs": jobs,
    }


def _fair(rules: FairnessRules, seed: int) -> dict[str, float]:
    known: dict[str, float] = {}
    order = FairOrder(
        running_jobs_per_user=1, slots=1, rules=rules, estimate=lambda job: known[job.id]
    )
    return _simulate(order, known, seed)


def measure(seed: int = 1) -> dict[str, Any]:
    fair = _fair(FairnessRules(slack_seconds=SLACK_SECONDS), seed)
    strict = _fair(FairnessRules(slack_seconds=0.0, most_bypasses=0), seed)
    fifo = _simulate(_FirstComeFirstServed(), {}, seed)
    ratio = fifo["light_wait_p50_seconds"] / fair["light_wait_p50_seconds"]
    return {
        "simulated_days": SIMULATED_SECONDS / 86400,
        "fair": fair,
        "fair_without_affinity": strict,
        "first_come_first_served": fifo,
        "light_wait_ratio": round(ratio, 1),
        "target_ratio": TARGET_RATIO,
        "met": ratio >= TARGET_RATIO and fair["useful_share"] >= fifo["useful_share"],
    }
