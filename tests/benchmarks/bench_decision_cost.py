"""What one decision of the fair order costs, with few jobs waiting and with many."""

from __future__ import annotations

import statistics
import time
from typing import Any

from generation.fairness.order import FairOrder
from generation.fairness.turns import FairnessRules
from generation.job import Job
from tests.generation.builders import make_request

GUILDS = 1_000
USERS_PER_GUILD = 5
MODELS = ("small", "large", "other")
DECISIONS = 5_000
ROUNDS = 7
TARGET_RATIO = 2.0


def _full_order(waiting: int) -> FairOrder:
    requests = [make_request(model=model) for model in MODELS]
    order = FairOrder(
        running_jobs_per_user=1,
        slots=1,
        rules=FairnessRules(),
        estimate=lambda job: 20.0 + 40.0 * (int(job.id) % 7) / 6,
    )
    for number in range(waiting):
        guild = number % GUILDS
        user = guild * USERS_PER_GUILD + number // GUILDS % USERS_PER_GUILD
        request = requests[number % len(MODELS)]
        order.add(Job(id=str(number), guild_id=guild, user_id=user, request=request))
    return order


def _microseconds(order: FairOrder, first_number: int) -> float:
    """Median of one decision; whoever is served orders again, so that as many jobs wait."""
    spent_ns: list[int] = []
    for number in range(first_number, first_number + DECISIONS):
        began = time.perf_counter_ns()
        job = order.take()
        spent_ns.append(time.perf_counter_ns() - began)
        assert job is not None
        order.end(job.id)
        order.add(
            Job(id=str(number), guild_id=job.guild_id, user_id=job.user_id, request=job.request)
        )
    return statistics.median(spent_ns) / 1000


def measure() -> dict[str, Any]:
    """Both sizes in turn, so that what else the machine does meets both alike."""
    sizes = (1_000, 100_000)
    orders = {size: _full_order(size) for size in sizes}
    found: dict[int, list[float]] = {size: [] for size in sizes}
    for round_ in range(ROUNDS):
        for size, order in orders.items():
            found[size].append(_microseconds(order, 1_000_000 + round_ * DECISIONS))
    few, many = (statistics.median(found[size]) for size in sizes)
    return {
        "guilds": GUILDS,
        "decisions": DECISIONS * ROUNDS,
        "microseconds_with_1000_waiting": round(few, 1),
        "microseconds_with_100000_waiting": round(many, 1),
        "ratio": round(many / few, 2),
        "target_ratio": TARGET_RATIO,
        "met": many / few <= TARGET_RATIO,
    }
