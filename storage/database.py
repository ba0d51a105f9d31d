"""One SQLite database: a single writer, a few readers, and units of work.

A unit of work is a plain function of a `sqlalchemy.Connection`. It runs whole or not at all,
and off the event loop: every statement is executed in aiosqlite's threads.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage import revisions
from storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseError,
    DatabaseFolderMissing,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseTooNew,
    UnsupportedDatabase,
)

# `Connection` is for callers that name it in their units of work: they import no SQLAlchemy.
__all__ = ["Connection", "Database", "database_file", "migrate", "schema_revision"]

Result = TypeVar("Result")
UnitOfWork = Callable[[Connection], Result]

BUSY_TIMEOUT_SECONDS = 5.0
_READERS = 4

_EVERY_CONNECTION = (
    f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}",
    "PRAGMA foreign_keys=ON",
    # Without it, REPLACE would delete rows past the triggers that keep transfers immutable.
    "PRAGMA recursive_triggers=ON",
)
_WRITER = (
    *_EVERY_CONNECTION,
    "PRAGMA journal_mode=WAL",
    # NORMAL may lose the last commits when the power fails, and those are people's credits.
    "PRAGMA synchronous=FULL",
    # What a member had erased must not linger in free pages.
    "PRAGMA secure_delete=ON",
)
_READER = (*_EVERY_CONNECTION, "PRAGMA query_only=ON")


class Database:
    """An open database. Get one from `Database.open`, give it back with `close`."""

    def __init__(self, path: Path, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self.path = path
        self._writer = writer
        self._readers = readers
        self._writer_turn = asyncio.Lock()
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open the migrated database at `sqlite+aiosqlite:///<file>`.

        Raises UnsupportedDatabase, DatabaseFolderMissing, DatabaseNotMigrated, DatabaseTooNew,
        DatabaseReadOnly, DatabaseBusy, DatabaseDamaged.
        """
        path = database_file(url)
        await asyncio.to_thread(_require_current_revision, path)
        database = cls(
            path,
            _engine(url, begin="BEGIN IMMEDIATE", pragmas=_WRITER, connections=1),
            _engine(url, begin="BEGIN", pragmas=_READER, connections=_READERS),
        )
        try:
            await database.write(lambda connection: None)  # Raises DatabaseReadOnly now, not later.
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Let the units of work that have begun come to their end, then close every connection."""
        self._closed = True
        while self._running:
            await asyncio.wait(set(self._running))
        await self._writer.dispose()
        await self._readers.dispose()

    async def write(self, unit: UnitOfWork[Result]) -> Result:
        """Run the unit in a transaction of the only writer: committed if it returns.

        If the unit raises, everything it wrote is rolled back and its error comes through. A unit
        that has begun runs to its end even if the caller is cancelled meanwhile.
        Raises DatabaseFull, DatabaseReadOnly, DatabaseBusy, DatabaseDamaged.
        """
        return await self._to_its_end(self._write(unit))

    async def read(self, unit: UnitOfWork[Result]) -> Result:
        """Run the unit on a connection that cannot write; it sees one consistent state.

        Raises DatabaseBusy, DatabaseDamaged, and DatabaseReadOnly if the unit tries to write.
        """
        return await self._to_its_end(_transaction(self._readers, unit, self.path))

    async def _write(self, unit: UnitOfWork[Result]) -> Result:
        async with self._writer_turn:
            return await _transaction(self._writer, unit, self.path)

    async def _to_its_end(self, work: Coroutine[object, object, Result]) -> Result:
        if self._closed:
            work.close()
            # An engine would quietly connect again, and nobody would close that.
            raise RuntimeError("the database is closed")
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


def database_file(url: str) -> Path:
    """The file that a URL names. Raises UnsupportedDatabase."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnsupportedDatabase(url=url.partition(":")[0]) from None
    if parsed.drivername != "sqlite+aiosqlite" or parsed.database in (None, "", ":memory:"):
        raise UnsupportedDatabase(url=parsed.render_as_string(hide_password=True))
    return Path(str(parsed.database))


async def migrate(url: str) -> str:
    """Bring the database to the current schema, making the file if it is missing.

    Returns the revision it is at now. All migrations are one transaction.
    Raises UnsupportedDatabase, DatabaseFolderMissing, DatabaseTooNew, DatabaseReadOnly,
    DatabaseFull, DatabaseBusy, DatabaseDamaged.
    """
    path = database_file(url)
    found = await schema_revision(url)
    if found is not None and not revisions.is_known(found):
        raise DatabaseTooNew(
            path=path, found_revision=found, known_revision=revisions.newest_revision()
        )
    engine = _engine(url, begin="BEGIN IMMEDIATE", pragmas=_WRITER, connections=1)
    try:
        await _transaction(engine, revisions.upgrade, path)
    finally:
        await engine.dispose()
    return revisions.newest_revision()


async def schema_revision(url: str) -> str | None:
    """The revision the database is at; None if there is no file, or nothing in it.

    Raises UnsupportedDatabase, DatabaseFolderMissing, DatabaseDamaged.
    """
    return await asyncio.to_thread(_found_revision, database_file(url))


def _require_current_revision(path: Path) -> None:
    found, newest = _found_revision(path), revisions.newest_revision()
    if found == newest:
        return
    if found is None or revisions.is_known(found):
        raise DatabaseNotMigrated(path=path, found_revision=found, needed_revision=newest)
    raise DatabaseTooNew(path=path, found_revision=found, known_revision=newest)


def _found_revision(path: Path) -> str | None:
    """Look without creating anything: a mistyped path must not leave an empty database behind."""
    try:
        if not path.absolute().parent.is_dir():
            raise DatabaseFolderMissing(folder=path.parent)
        if not path.exists():
            return None
        if not path.is_file():
            raise DatabaseDamaged(path=path, reason="it is not a file")
    except PermissionError:
        raise DatabaseReadOnly(path=path) from None
    try:
        connection = sqlite3.connect(path)
        try:
            return revisions.recorded_revision(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _typed(error, path) or error from error


def _engine(url: str, *, begin: str, pragmas: tuple[str, ...], connections: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        # The driver's own implicit BEGIN is off: a deferred transaction that turns from reading to
        # writing fails at once when another writes, whatever the busy timeout.
        connect_args={"isolation_level": None},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_SECONDS * 12,
    )

    def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin_transaction)
    return engine


async def _transaction(engine: AsyncEngine, unit: UnitOfWork[Result], path: Path) -> Result:
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(unit)
    except DBAPIError as error:
        typed = _typed(error.orig, path)
        if typed is None:
            raise
        raise typed from error
    except sqlite3.Error as error:  # From the pragmas, which run before SQLAlchemy wraps errors.
        raise _typed(error, path) or error from error


def _typed(error: BaseException | None, path: Path) -> DatabaseError | None:
    """What went wrong with the whole database; None for an error of a single statement."""
    # SQLite's extended names begin with the plain one: SQLITE_READONLY_DIRECTORY.
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return DatabaseReadOnly(path=path)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseBusy(path=path, waited_seconds=BUSY_TIMEOUT_SECONDS)
    if name.startswith("SQLITE_FULL"):
        return DatabaseFull(path=path)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")):
        return DatabaseDamaged(path=path, reason=str(error))
    return None
