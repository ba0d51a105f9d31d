"""The gallery at full size: how long a page, a search and a like take.

`python -m tests.benchmarks.bench_gallery --entries 1670000` builds a gallery of so many prompts on
SQLite and on PostgreSQL, of one guild: words by Zipf's law, lengths as people write them (median 11
words). It then times one call after the other, and tells the plans of the default queries. 1.67
million is how many prompts VidProM has. Beside the clock's time stands the processor's, of this
process and of PostgreSQL's: it hardly depends on what else the machine does.
"""

# numpy's searchsorted is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, event, func, insert, select

from storage import gallery_search, likes, schema
from storage.database import Database, migrate
from storage.gallery_search import GallerySearch
from storage.search_words import words_of
from tests.storage import postgres_server
from tests.storage.builders import GUILD, NOW

ENTRIES = 50_000
VOCABULARY = 60_000
ZIPF_EXPONENT = 1.1
WORDS_MEDIAN = 11
WORDS_SIGMA = 0.8
WORDS_MAX = 200
AUTHORS = 5_000
BATCH = 2_000
CALLS = 300
PAGE = 10
TARGET_P99_MS = 50.0

Unit = Callable[[Connection], object]
Order = Literal["best", "newest", "liked"]


def prompts(count: int, seed: int = 0) -> Iterator[str]:
    """Words `w0`, `w1`, ... from the commonest to the rarest."""
    random = np.random.default_rng(seed)
    shares = 1.0 / np.arange(1, VOCABULARY + 1) ** ZIPF_EXPONENT
    cumulative = np.cumsum(shares / shares.sum())
    lengths = np.exp(random.normal(np.log(WORDS_MEDIAN), WORDS_SIGMA, count)).round()
    for length in np.clip(lengths, 1, WORDS_MAX).astype(int).tolist():
        ranks: list[int] = np.searchsorted(cumulative, random.random(length)).tolist()
        yield " ".join(f"w{min(rank, VOCABULARY - 1)}" for rank in ranks)


async def build(database: Database, entries: int) -> None:
    """A guild's gallery and the jobs that it needs, in batches."""
    rows: list[tuple[int, str]] = []
    for number, prompt in enumerate(prompts(entries), 1):
        rows.append((number, prompt))
        if len(rows) == BATCH or number == entries:
            batch = rows
            await database.write(lambda connection, batch=batch: _put(connection, batch))
            rows = []


def _put(connection: Connection, rows: list[tuple[int, str]]) -> None:
    job: dict[str, Any] = {
        "guild_id": GUILD, "channel_id": 7, "command": "imagine-video", "model": "pocket",
        "request_json": "{}", "price_credits": 1, "state": "succeeded", "attempt": 1,
        "private": False, "clip_json": "{}", "clip_sha256": "ab" * 32, "created_at": NOW,
        "started_at": NOW, "finished_at": NOW, "faults": 0, "worker_kills": 0,
        "cancel_requested": False, "relaxed": False, "spare_memory": False,
    }  # fmt: skip
    jobs = [{**job, "id": f"job{n}", "interaction_id": n, "user_id": n % AUTHORS} for n, _ in rows]
    connection.execute(insert(schema.jobs), jobs)
    entries = [
        {
            "job_id": f"job{n}", "guild_id": GUILD, "author_id": n % AUTHORS, "prompt": prompt,
            "settings_json": "{}", "model": "pocket", "model_revision": "1", "seed": n,
            "clip_sha256": "ab" * 32, "shared_by": n % AUTHORS, "shared_at": NOW,
            "command": "imagine-video", "words": " ".join(words_of(prompt)), "likes": 0,
        }
        for n, prompt in rows
    ]  # fmt: skip
    connection.execute(insert(schema.gallery_entries), entries)


def _page(words: str = "", after: str | None = None, order: Order = "best") -> Unit:
    search = GallerySearch(words=words, order=order)
    return lambda connection: gallery_search.page(
        connection, guild_id=GUILD, limit=PAGE, search=search, after=after
    )


def _like(job: int, user_id: int) -> Unit:
    return lambda connection: likes.set_like(
        connection, job_id=f"job{job}", guild_id=GUILD, user_id=user_id, liked=True, now=NOW
    )


async def measure_one(url: str, entries: int, calls: int) -> dict[str, Any]:
    """p50 and p99 of each kind of call, in milliseconds."""
    await migrate(url)
    database = await Database.open(url)
    try:
        began = time.perf_counter()
        await build(database, entries)
        build_seconds = round(time.perf_counter() - began, 1)
        if url.startswith("postgresql"):
            await database.write(lambda c: c.exec_driver_sql("ANALYZE"))
        return {"build_seconds": build_seconds, **await time_calls(database, entries, calls)}
    finally:
        await database.close()


async def time_calls(database: Database, entries: int, calls: int) -> dict[str, Any]:
    """Of a gallery that was built."""
    results: dict[str, Any] = {}
    random = np.random.default_rng(1)
    searched = [one.split() for one in prompts(calls * 4, seed=2) if " " in one][:calls]
    pairs = [" ".join(random.choice(words, 2, replace=False)) for words in searched]
    deep = [gallery_search._cursor("newest", (int(n),)) for n in random.integers(1, entries, calls)]  # pyright: ignore[reportPrivateUsage]
    liked = [int(n) for n in random.integers(1, entries + 1, calls)]
    for name, units in {
        "newest_first": [_page()] * calls,
        "two_terms": [_page(pair) for pair in pairs],
        "two_commonest_terms": [_page("w0 w1")] * (calls // 10),
        "two_terms_most_liked": [_page(pair, order="liked") for pair in pairs],
        "deep_page": [_page(after=cursor) for cursor in deep],
    }.items():
        results[name] = await _timed(database.read, units)
    results["like"] = await _timed(
        database.write, [_like(job, AUTHORS + n) for n, job in enumerate(liked)]
    )
    results["met"] = all(
        results[name]["p99_ms"] <= TARGET_P99_MS for name in ("newest_first", "two_terms")
    )
    results["plans"] = {
        "newest_first": await database.read(lambda c: _plan(c, _page())),
        "two_terms": await database.read(lambda c: _plan(c, _page(pairs[0]))),
    }
    count = select(func.count()).select_from(schema.gallery_entries)
    assert await database.read(lambda c: c.execute(count).scalar_one()) == entries
    return results


async def _timed(run: Callable[[Unit], Any], units: list[Unit]) -> dict[str, float]:
    """After a first call, which prepares and is not counted."""
    await run(units[0])
    server = await run(_server)  # Always the same: one call after the other needs one connection.
    clock: list[float] = []
    processor: list[float] = []
    for unit in units:
        began, began_processor = time.perf_counter(), _processor_seconds(server)
        await run(unit)
        clock.append((time.perf_counter() - began) * 1000)
        processor.append((_processor_seconds(server) - began_processor) * 1000)
    names = {"": clock, "processor_": processor}
    shares = {name: statistics.quantiles(times, n=100) for name, times in names.items()}
    return {
        f"{name}p{share}_ms": round(quantiles[share - 1], 2)
        for name, quantiles in shares.items()
        for share in (50, 99)
    }


def _server(connection: Connection) -> int | None:
    """The id of the process that serves this connection, if there is one."""
    driver: Any = connection.connection.driver_connection
    return driver.get_server_pid() if connection.dialect.name == "postgresql" else None


def _processor_seconds(server: int | None) -> float:
    seconds = time.process_time()
    if server is not None:
        # https://docs.kernel.org/scheduler/sched-stats.html: its first number is in nanoseconds.
        seconds += int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) / 1e9
    return seconds


def _plan(connection: Connection, unit: Unit) -> list[str]:
    """The database's plans of the unit's statements."""
    said: list[tuple[str, Any]] = []

    def heard(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", heard)
    unit(connection)
    event.remove(connection, "before_cursor_execute", heard)
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return [
        str(row[-1]).strip()
        for statement, parameters in said
        if not statement.startswith("EXPLAIN")
        for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)
    ]


async def compare(entries: int, calls: int) -> dict[str, Any]:
    """Both databases."""
    with tempfile.TemporaryDirectory(prefix="reelroom-bench-", dir=Path.cwd()) as folder:
        sqlite = await measure_one(f"sqlite+aiosqlite:///{folder}/reelroom.db", entries, calls)
    with postgres_server.running() as server:
        async with server.database() as url:
            postgresql = await measure_one(url, entries, calls)
    return {
        "entries": entries,
        "calls": calls,
        "target_p99_ms": TARGET_P99_MS,
        "sqlite": sqlite,
        "postgresql": postgresql,
    }


def measure() -> dict[str, Any]:
    """For `python -m tests.benchmarks`: a gallery that is built in a minute or two."""
    return asyncio.run(compare(ENTRIES, CALLS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--calls", type=int, default=CALLS)
    typed = parser.parse_args()
    print(json.dumps(asyncio.run(compare(typed.entries, typed.calls)), indent=2))


if __name__ == "__main__":
    main()
