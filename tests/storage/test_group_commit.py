"""Units of work that share a commit: each fails alone, none is told before it is kept."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection

from storage import jobs
from storage.database import Database, migrate
from storage.errors import DatabaseFull, JobExists
from tests.storage.builders import make_record


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite, whichever database the other tests are run on: PostgreSQL groups by itself."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'reelroom.db'}"
    await migrate(url)
    database = await Database.open(url)
    yield database
    await database.close()


Unit = Callable[[Connection], object]


def nothing(connection: Connection) -> object:
    return None


def add(number: int, **changes: object) -> Unit:
    return lambda connection: jobs.add(connection, make_record(number, **changes))


def job_ids(connection: Connection) -> list[str]:
    return [job.id for job in jobs.unfinished(connection)]


def add_and_fail(connection: Connection) -> None:
    jobs.add(connection, make_record(99))
    raise LookupError("and then something else went wrong")


async def together(database: Database, *units: Unit) -> list[object]:
    """What each unit made of it. All are handed over while another process holds the lock, so
    that the first is alone with it and the others are one group."""
    holder = sqlite3.connect(database.place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    writes: list[asyncio.Task[object]] = [asyncio.create_task(database.write(nothing))]
    await asyncio.sleep(0.01)
    writes += [asyncio.create_task(database.write(unit)) for unit in units]
    await asyncio.sleep(0)
    holder.execute("ROLLBACK")
    holder.close()
    return list(await asyncio.gather(*writes, return_exceptions=True))[1:]


async def test_units_that_wait_together_share_one_commit(database: Database) -> None:
    seen: list[int] = []

    def count_commits(connection: Connection) -> None:
        """The version of the data as another connection would see it: it rises by commits."""
        other = sqlite3.connect(database.place)
        seen.append(len(other.execute("SELECT id FROM jobs").fetchall()))
        other.close()

    await together(database, add(1), add(2), add(3), count_commits)
    assert seen == [0], "the jobs before it in its group were committed without it"
    assert await database.read(job_ids) == ["job1", "job2", "job3"]


async def test_a_unit_that_fails_in_a_group_is_rolled_back_alone(database: Database) -> None:
    answers = await together(database, add(1), add_and_fail, add(1, id="twin"), add(2))
    assert isinstance(answers[1], LookupError)
    assert isinstance(answers[2], JobExists)
    assert (answers[0], answers[3]) == (None, None)
    assert await database.read(job_ids) == ["job1", "job2"]


async def test_a_unit_sees_what_its_group_wrote_before_it(database: Database) -> None:
    answers = await together(database, add(1), job_ids)
    assert answers[1] == ["job1"]


async def test_a_unit_that_fills_the_disk_fails_alone(database: Database) -> None:
    """SQLite then rolls back the whole transaction, neighbours and all: they are run again."""
    pages = await database.write(
        lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    )
    await database.write(
        lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 10}")
    )
    answers = await together(database, add(1), add(2, request_json="x" * 10_000_000), add(3))
    assert isinstance(answers[1], DatabaseFull)
    assert (answers[0], answers[2]) == (None, None)
    assert await database.read(job_ids) == ["job1", "job3"]


async def test_a_transaction_that_is_lost_as_a_whole_is_run_again_one_by_one(
    database: Database,
) -> None:
    def lose_everything(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise LookupError("the transaction is gone")

    answers = await together(database, add(1), lose_everything, add(2))
    assert isinstance(answers[1], LookupError)
    assert (answers[0], answers[2]) == (None, None)
    assert await database.read(job_ids) == ["job1", "job2"]


async def test_a_caller_that_gives_up_harms_nobody_in_its_group(database: Database) -> None:
    holder = sqlite3.connect(database.place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    writes = [asyncio.create_task(database.write(add(number))) for number in (1, 2, 3, 4)]
    await asyncio.sleep(0.01)
    writes[0].cancel()
    writes[2].cancel()
    with suppress(asyncio.CancelledError):
        await writes[2]
    holder.execute("ROLLBACK")
    holder.close()
    assert await writes[1] is None
    assert await writes[3] is None
    assert await database.read(job_ids) == ["job1", "job2", "job3", "job4"]


async def test_more_units_than_fit_in_a_group_are_all_kept(database: Database) -> None:
    await asyncio.gather(*(database.write(add(number)) for number in range(1, 601)))
    assert len(await database.read(job_ids)) == 600
