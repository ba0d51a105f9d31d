"""A database on a disk without a free byte."""

import itertools

import pytest
from sqlalchemy import Connection

from storage import jobs
from storage.database import Database, migrate
from storage.errors import DatabaseFull
from tests.small_disk import SmallDisk
from tests.storage.builders import make_record


def job_ids(connection: Connection) -> list[str]:
    return [job.id for job in jobs.unfinished(connection)]


async def test_a_disk_without_a_free_byte_is_an_error_and_loses_nothing(disk: SmallDisk) -> None:
    """The real thing, until there is room again."""
    url = f"sqlite+aiosqlite:///{disk.folder / 'reelroom.db'}"
    await migrate(url)
    database = await Database.open(url)

    def keep(connection: Connection, number: int) -> None:
        jobs.add(connection, make_record(number, request_json="x" * 50_000))

    async def keep_all() -> None:
        for number in itertools.count(1):
            await database.write(lambda connection, number=number: keep(connection, number))

    disk.fill()
    with pytest.raises(DatabaseFull):
        await keep_all()
    kept = len(await database.read(job_ids))
    disk.make_room()
    await database.write(lambda connection: keep(connection, kept + 1))
    await database.close()
    database = await Database.open(url)
    found = await database.read(job_ids)
    await database.close()
    assert found == [f"job{number}" for number in range(1, kept + 2)]
