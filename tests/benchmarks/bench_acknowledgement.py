"""How fast interactions are acknowledged while the worker keeps all cores busy.

Two processes beside the worker: the playground with its members, and the bot. A latency runs
from the interaction's creation in the playground to the bot's callback there; so whatever delays
the playground counts against the bot.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bot.playground.exchange import Exchange
from bot.playground.member import Member
from bot.playground.server import Playground

COMMANDS_PER_SECOND = 20
WARM_UP_SECONDS = 5
SECONDS = 30
LINES = ("/imagine-video prompt:a red circle", "/credits", "/jobs")
CALLBACK = re.compile(r"/interactions/(\d+)/[^/]+/callback$")
DISCORD_EPOCH_MS = 1_420_070_400_000
TARGET_P99_MS = 250.0
TARGET_LAG_P99_MS = 50.0


class _Latencies:
    """Told every request of the bot; keeps the callbacks' latencies, in milliseconds."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def __call__(self, exchange: Exchange) -> None:
        callback = CALLBACK.search(exchange.path)
        if callback is not None:
            interaction_id = int(callback.group(1))
            created_ms = (interaction_id >> 22) + DISCORD_EPOCH_MS
            self.found.append(time.time() * 1000 - created_ms)


async def _type_at_rate(members: list[Member], seconds: float) -> int:
    """Commands at even intervals, whether or not earlier ones were answered; gives how many."""
    typing = set[asyncio.Task[Any]]()
    turns = itertools.cycle(itertools.product(LINES, members))
    began = time.perf_counter()
    count = int(seconds * COMMANDS_PER_SECOND)
    for number in range(count):
        await asyncio.sleep(began + number / COMMANDS_PER_SECOND - time.perf_counter())
        line, member = next(turns)
        typing.add(asyncio.create_task(member.type(line)))
    await asyncio.gather(*typing)
    return count


async def _measure(folder: Path) -> dict[str, Any]:
    latencies = _Latencies()
    async with Playground() as playground:
        service = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.benchmarks.busy_service",
            playground.url,
            playground.gateway_url,
            playground.bot_token,
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**26,
        )
        assert service.stdin is not None
        assert service.stdout is not None
        async for line in service.stdout:
            if line.strip() == b"ready":
                break
        else:
            raise RuntimeError("the service did not start; its last words are above")
        members = [
            await Member.connect(playground.url, name=name, guild=guild)
            for name in ("Ada", "Grace")
            for guild in ("Study Hall", "Film Club")
        ]
        await _type_at_rate(members, WARM_UP_SECONDS)
        playground.exchanges = latencies
        psutil.cpu_percent()
        typed = await _type_at_rate(members, SECONDS)
        busy_percent = psutil.cpu_percent()
        await asyncio.sleep(3)  # after which Discord would have given up
        accepted = sum(" is in. " in m.text for member in members for m in member.messages)
        for member in members:
            await member.close()
        service.stdin.close()
        lags_ms: list[float] = []
        async for line in service.stdout:
            if line.startswith(b"["):
                lags_ms = json.loads(line)
                break
        service.kill()  # how long hundreds of waiting cards take to close is not the question
        await service.wait()
    load = {"jobs_accepted": accepted, "cores_busy_percent": round(busy_percent)}
    return load | _report(typed, latencies.found, lags_ms)


def _report(typed: int, latencies_ms: list[float], lags_ms: list[float]) -> dict[str, Any]:
    latency = statistics.quantiles(latencies_ms, n=100)
    lag = statistics.quantiles(lags_ms, n=100)
    unanswered = max(0, typed - len(latencies_ms))
    met = not unanswered and latency[98] <= TARGET_P99_MS and lag[98] <= TARGET_LAG_P99_MS
    return {
        "commands_per_second": COMMANDS_PER_SECOND,
        "commands": typed,
        "unanswered_within_3_seconds": unanswered,
        "acknowledged_p50_ms": round(latency[49], 1),
        "acknowledged_p99_ms": round(latency[98], 1),
        "target_p99_ms": TARGET_P99_MS,
        "event_loop_lag_p50_ms": round(lag[49], 1),
        "event_loop_lag_p99_ms": round(lag[98], 1),
        "target_lag_p99_ms": TARGET_LAG_P99_MS,
        "met": met,
    }


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="reelroom-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))
