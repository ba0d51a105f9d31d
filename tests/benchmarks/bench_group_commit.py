"""Group commit against one commit per unit of work.

`python -m tests.benchmarks.bench_group_commit` compares them in one run.
SQLite in WAL mode with synchronous=FULL, as the bot uses it. Each client reserves credits, as
often as it can, waiting for every acknowledgement. Both ways run in turn, several times, in one
process; what is compared is the median of each. One JSON object comes out.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection

from storage import group_commit
from storage.database import Database, migrate
from tests.storage.builders import admit, give, make_record

CREDITS = 1_000_000


async def measure(url: str, *, clients: int, seconds: float, first: int) -> dict[str, float]:
    """Units a second, and how long an acknowledgement took, in milliseconds."""
    database = await Database.open(url)
    waits_ms: list[float] = []
    started = time.perf_counter()

    async def client(number: int) -> None:
        job = first + number * 100_000
        while time.perf_counter() - started < seconds:
            record = make_record(job, user_id=number + 1, price_credits=1)
            before = time.perf_counter()
            await database.write(lambda connection, record=record: admit(connection, record))
            waits_ms.append((time.perf_counter() - before) * 1000)
            job += 1

    await asyncio.gather(*(client(number) for number in range(clients)))
    elapsed = time.perf_counter() - started
    await database.close()
    percentiles = statistics.quantiles(waits_ms, n=100)
    return {
        "units_per_second": len(waits_ms) / elapsed,
        "p50_ms": percentiles[49],
        "p99_ms": percentiles[98],
    }


async def compare(*, clients: int, seconds: float, rounds: int) -> dict[str, object]:
    """Both ways in turn, so that what else the machine does meets both alike."""
    found: dict[str, list[dict[str, float]]] = {"one_commit_per_unit": [], "group_commit": []}
    at_most = {"one_commit_per_unit": 1, "group_commit": group_commit.MOST_UNITS}
    with tempfile.TemporaryDirectory(prefix="reelroom-bench-", dir=Path.cwd()) as folder:
        url = f"sqlite+aiosqlite:///{folder}/reelroom.db"
        await migrate(url)
        database = await Database.open(url)

        def everybody_has_credits(connection: Connection) -> None:
            for number in range(clients):
                give(connection, CREDITS, user_id=number + 1)

        await database.write(everybody_has_credits)
        await database.close()
        most_units = group_commit.MOST_UNITS
        first = 1
        for _ in range(rounds):
            for way, runs in found.items():
                group_commit.MOST_UNITS = at_most[way]
                runs.append(await measure(url, clients=clients, seconds=seconds, first=first))
                first += clients * 100_000
        group_commit.MOST_UNITS = most_units
    medians = {
        way: {
            name: round(statistics.median(run[name] for run in runs), 2)
            for name in ("units_per_second", "p50_ms", "p99_ms")
        }
        for way, runs in found.items()
    }
    ratio = (
        medians["group_commit"]["units_per_second"]
        / medians["one_commit_per_unit"]["units_per_second"]
    )
    return {
        "benchmark": "group_commit",
        "clients": clients,
        "rounds": rounds,
        "seconds": seconds,
        **medians,
        "throughput_ratio": round(ratio, 2),
        "target_ratio": 3.0,
        "met": ratio >= 3.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round and way")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    result = asyncio.run(
        compare(clients=options.clients, seconds=options.seconds, rounds=options.rounds)
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
