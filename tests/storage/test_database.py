"""Opening, migrating and using a database, and everything that can be wrong with one."""

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from storage import jobs
from storage.database import Database, backend_of, migrate, schema_revision
from storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFolderMissing,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseTooNew,
    DatabaseUnreachable,
    UnsupportedDatabase,
)
from storage.instance_lock import InstanceLock
from storage.sqlite import SqliteFile
from tests.storage.builders import make_record
from tests.storage.kinds import only_postgresql, only_sqlite

NOBODY = 65534


def job_ids(connection: Connection) -> list[str]:
    return [job.id for job in jobs.unfinished(connection)]


def pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


async def test_migrating_again_changes_nothing(url: str) -> None:
    assert await schema_revision(url) is None
    revision = await migrate(url)
    assert await migrate(url) == revision == await schema_revision(url)


async def test_a_migration_keeps_what_is_there(url: str) -> None:
    await migrate(url)
    database = await Database.open(url)
    await database.write(lambda connection: jobs.add(connection, make_record(1)))
    await database.close()
    await migrate(url)
    database = await Database.open(url)
    assert await database.read(job_ids) == ["job1"]
    await database.close()


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/nowhere/reelroom.db"
    with pytest.raises(DatabaseFolderMissing) as missing:
        await Database.open(url)
    assert missing.value.folder == tmp_path / "nowhere"
    with pytest.raises(DatabaseFolderMissing):
        await migrate(url)


async def test_opening_a_database_that_is_not_there_does_not_make_one(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseNotMigrated) as absent:
        await Database.open(url)
    assert absent.value.found_revision is None
    assert list(tmp_path.iterdir()) == []


async def test_a_database_of_a_later_version_is_left_alone(url: str) -> None:
    await migrate(url)
    database = await Database.open(url)
    later = "UPDATE alembic_version SET version_num = '9999'"
    await database.write(lambda connection: connection.exec_driver_sql(later))
    await database.close()
    with pytest.raises(DatabaseTooNew) as too_new:
        await Database.open(url)
    assert too_new.value.found_revision == "9999"
    with pytest.raises(DatabaseTooNew):
        await migrate(url)


@only_sqlite
async def test_a_file_that_is_no_database_is_damaged(url: str, tmp_path: Path) -> None:
    (tmp_path / "reelroom.db").write_bytes(b"these are not the tables you are looking for" * 50)
    with pytest.raises(DatabaseDamaged):
        await Database.open(url)
    with pytest.raises(DatabaseDamaged):
        await migrate(url)


@only_sqlite
async def test_a_folder_in_place_of_the_database_is_damage(url: str, tmp_path: Path) -> None:
    (tmp_path / "reelroom.db").mkdir()
    with pytest.raises(DatabaseDamaged, match="not a file"):
        await migrate(url)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite:///reelroom.db",
        "mysql+aiomysql://somebody:secret@localhost/reelroom",
        "postgresql+psycopg://somebody:secret@localhost/reelroom",
        "postgresql+asyncpg://somebody:secret@localhost",
        "reelroom.db",
        "",
    ],
)
async def test_other_databases_are_not_supported(url: str) -> None:
    with pytest.raises(UnsupportedDatabase) as unsupported:
        await Database.open(url)
    assert "secret" not in str(unsupported.value)


def test_the_file_of_a_url_is_relative_or_absolute_as_written() -> None:
    for url, file in (
        ("sqlite+aiosqlite:///data/a.db", "data/a.db"),
        ("sqlite+aiosqlite:////srv/50%25 of it.db", "/srv/50% of it.db"),
    ):
        backend = backend_of(url)
        assert isinstance(backend, SqliteFile)
        assert backend.file == Path(file)


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "postgresql", "postgres"])
def test_the_address_of_a_server_is_told_without_its_password(driver: str) -> None:
    backend = backend_of(f"{driver}://somebody:secret@db.example/reelroom")
    assert backend.place == "postgresql+asyncpg://somebody:***@db.example/reelroom"


async def test_a_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://postgres@/reelroom?host={tmp_path}"
    for action in (schema_revision, migrate, Database.open):
        with pytest.raises(DatabaseUnreachable):
            await action(url)
    with pytest.raises(DatabaseUnreachable):
        await InstanceLock.beside(url).acquire()


@only_postgresql
async def test_a_database_that_the_server_does_not_have_is_unreachable(url: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="nowhere"):
        await Database.open(re.sub(r"/reelroom_\d+", "/nowhere", url))


@only_postgresql
async def test_a_connection_that_the_server_closed_is_replaced(
    database: Database, url: str
) -> None:
    await database.write(lambda connection: jobs.add(connection, make_record(1)))
    other = await Database.open(url)
    everybody = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.write(lambda connection: connection.exec_driver_sql(everybody).all())
    await other.close()
    assert await database.read(job_ids) == ["job1"]


@only_postgresql
async def test_a_server_that_takes_no_writes_is_read_only(database: Database, url: str) -> None:
    name = re.findall(r"reelroom_\d+", url)[-1]
    switch = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    await database.write(lambda connection: connection.exec_driver_sql(switch))
    await database.close()
    reopened = await Database.open(url)
    with pytest.raises(DatabaseReadOnly):
        await reopened.write(lambda connection: jobs.add(connection, make_record(1)))
    await reopened.close()


@only_sqlite
async def test_what_protects_the_data_is_switched_on(database: Database) -> None:
    writer = {
        name: await database.write(lambda connection, name=name: pragma(connection, name))
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    }
    full = 2
    assert writer == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "secure_delete": 1,
    }
    assert await database.read(lambda connection: pragma(connection, "query_only")) == 1


async def test_a_unit_that_raises_leaves_nothing_behind(database: Database) -> None:
    def half_done(connection: Connection) -> None:
        jobs.add(connection, make_record(1))
        raise LookupError("and then something else went wrong")

    with pytest.raises(LookupError):
        await database.write(half_done)
    assert await database.read(job_ids) == []


async def test_an_error_of_one_statement_comes_through_as_it_is(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await database.write(
            lambda connection: jobs.add(connection, make_record(1, price_credits=-1))
        )


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseReadOnly):
        await database.read(lambda connection: jobs.add(connection, make_record(1)))


@only_sqlite
async def test_a_cancelled_caller_does_not_tear_a_unit_apart(database: Database) -> None:
    """The unit waits for another process's lock when its caller gives up; then it completes."""
    holder = sqlite3.connect(database.place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    began = asyncio.Event()

    def unit(connection: Connection) -> None:
        jobs.add(connection, make_record(1))

    async def caller() -> None:
        began.set()
        await database.write(unit)

    task = asyncio.create_task(caller())
    await began.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    holder.execute("ROLLBACK")
    holder.close()
    await database.write(lambda connection: None)  # Units run one after the other.
    assert await database.read(job_ids) == ["job1"]


@only_sqlite
async def test_the_loop_turns_and_readers_read_while_a_write_waits(database: Database) -> None:
    holder = sqlite3.connect(database.place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(
        database.write(lambda connection: jobs.add(connection, make_record(1)))
    )
    for _ in range(10):
        assert await database.read(job_ids) == []
    assert not writing.done()
    holder.execute("ROLLBACK")
    holder.close()
    await writing
    assert await database.read(job_ids) == ["job1"]


@only_sqlite
async def test_a_lock_that_is_never_let_go_is_an_error(database: Database) -> None:
    await database.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout=1"))
    holder = sqlite3.connect(database.place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):
        await database.write(lambda connection: None)
    holder.execute("ROLLBACK")
    holder.close()


@only_sqlite
async def test_a_full_disk_is_an_error_and_loses_nothing(database: Database) -> None:
    """The database is told that it has no more pages, which SQLite treats as a full disk."""
    await database.write(lambda connection: jobs.add(connection, make_record(1)))
    await database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1"))
    large = make_record(2, request_json="x" * 10_000_000)
    with pytest.raises(DatabaseFull):
        await database.write(lambda connection: jobs.add(connection, large))
    assert await database.read(job_ids) == ["job1"]


async def test_closing_waits_for_what_has_begun(url: str) -> None:
    await migrate(url)
    database = await Database.open(url)
    records = [make_record(number) for number in range(20)]
    writes = [
        asyncio.create_task(
            database.write(lambda connection, record=record: jobs.add(connection, record))
        )
        for record in records
    ]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    reopened = await Database.open(url)
    assert len(await reopened.read(job_ids)) == len(records)
    await reopened.close()


async def test_a_closed_database_stays_closed(url: str) -> None:
    await migrate(url)
    database = await Database.open(url)
    await database.close()
    with pytest.raises(RuntimeError, match="closed"):
        await database.read(job_ids)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


_OPEN_WITHOUT_RIGHTS = """
import asyncio, os, sys, tempfile
from storage.database import Database, migrate
from storage.errors import StorageError
from storage.instance_lock import InstanceLock

async def open_it(url):
    await (await Database.open(url)).close()

async def lock_it(url):
    await InstanceLock.beside(url).acquire()

# Once with rights: afterwards everything is imported, and root's Python needs no reading.
with tempfile.TemporaryDirectory() as folder:
    for action in (migrate, open_it, lock_it):
        asyncio.run(action(f"sqlite+aiosqlite:///{{folder}}/rehearsal.db"))

if os.getuid() == 0:
    os.setuid({nobody})  # Permissions do not bind root.
for action in (open_it, migrate, lock_it):
    try:
        asyncio.run(action(sys.argv[1]))
        print("worked")
    except StorageError as error:
        print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("exists", "mode", "said_on_opening"),
    [
        (True, 0o555, "DatabaseReadOnly"),
        (False, 0o555, "DatabaseNotMigrated"),
        (True, 0o000, "DatabaseReadOnly"),
    ],
    ids=["a database to read", "an empty folder", "a closed folder"],
)
async def test_a_folder_that_may_not_be_written_is_read_only(
    shared_folder: Path, exists: bool, mode: int, said_on_opening: str
) -> None:
    url = f"sqlite+aiosqlite:///{shared_folder}/reelroom.db"
    if exists:
        await migrate(url)
        (shared_folder / "reelroom.db").chmod(0o444)
    shared_folder.chmod(mode)
    answer = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _OPEN_WITHOUT_RIGHTS.format(nobody=NOBODY), url],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": "."},
    )
    said = [said_on_opening, "DatabaseReadOnly", "DatabaseReadOnly"]
    assert answer.stdout.split() == said, answer.stderr
