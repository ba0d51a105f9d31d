"""SQLite: one file, one writer that commits in groups, a few readers beside it."""

import asyncio
import sqlite3
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage import revisions
from storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseError,
    DatabaseFolderMissing,
    DatabaseFull,
    DatabaseReadOnly,
)
from storage.group_commit import GroupCommit, UnitOfWork

Result = TypeVar("Result")

DRIVER = "sqlite+aiosqlite"
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
# A migration that rebuilds a table drops the old one, which must not empty those that refer to
# it. It is switched off before the transaction begins, and checked before it commits.
_MIGRATION = (*_WRITER, "PRAGMA foreign_keys=OFF")
_READER = (*_EVERY_CONNECTION, "PRAGMA query_only=ON")


class SqliteFile:
    """A database in a file. Nothing is opened before it is needed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._writer: GroupCommit | None = None
        self._readers: AsyncEngine | None = None

    @property
    def place(self) -> str:
        """How errors name it."""
        return str(self.file)

    async def found_revision(self) -> str | None:
        """The revision it is at; None if there is no file, or nothing in it.

        Raises DatabaseFolderMissing, DatabaseDamaged, DatabaseReadOnly, DatabaseBusy.
        """
        return await asyncio.to_thread(self._found_revision)

    async def upgrade(self) -> None:
        """Run the missing migrations in one transaction, making the file if need be."""
        await asyncio.to_thread(self._upgrade)

    async def write(self, unit: UnitOfWork[Result]) -> Result:
        if self._writer is None:
            self._writer = GroupCommit(_writing_engine(self.file, _WRITER), self._typed)
        return await self._writer.write(unit)

    async def read(self, unit: UnitOfWork[Result]) -> Result:
        if self._readers is None:
            self._readers = _reading_engine(self.file)
        try:
            async with self._readers.begin() as connection:
                return await connection.run_sync(unit)
        except (DBAPIError, sqlite3.Error) as error:
            raise self._typed(error) from error

    async def scrub(self) -> None:
        """Empty the write-ahead log: it still holds what rows were before. Raises DatabaseBusy
        where somebody reads for longer than the busy timeout."""
        if self._writer is None:
            return
        # https://www.sqlite.org/pragma.html#pragma_wal_checkpoint: the first column tells whether
        # a reader was in the way.
        rows = await self._writer.between_groups("PRAGMA wal_checkpoint(TRUNCATE)")
        if rows[0][0]:
            raise DatabaseBusy(database=self.place, waited_seconds=BUSY_TIMEOUT_SECONDS)

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
        if self._readers is not None:
            await self._readers.dispose()

    def _upgrade(self) -> None:
        engine = _writing_engine(self.file, _MIGRATION)
        try:
            with engine.begin() as connection:
                revisions.upgrade(connection)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise DatabaseDamaged(
                        database=self.place, reason=f"a row of {broken[0]} refers to nothing"
                    )
        except (DBAPIError, sqlite3.Error) as error:
            raise self._typed(error) from error
        finally:
            engine.dispose()

    def _found_revision(self) -> str | None:
        """Look without creating anything: a mistyped path must leave no empty database behind."""
        try:
            if not self.file.absolute().parent.is_dir():
                raise DatabaseFolderMissing(folder=self.file.parent)
            if not self.file.exists():
                return None
            if not self.file.is_file():
                raise DatabaseDamaged(database=self.place, reason="it is not a file")
        except PermissionError:
            raise DatabaseReadOnly(database=self.place) from None
        try:
            connection = sqlite3.connect(self.file)
            try:
                recorded = connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                    " AND name = 'alembic_version'"
                ).fetchone()
                if recorded is None:
                    return None
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return None if row is None else str(row[0])
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise self._typed(error) from error

    def _typed(self, error: BaseException) -> BaseException:
        """What went wrong with the whole database, else the error as it is."""
        driver = error.orig if isinstance(error, DBAPIError) else error
        typed = _typed(driver, self.place)
        if typed is None:
            return error
        typed.__cause__ = error
        return typed


def _writing_engine(file: Path, pragmas: tuple[str, ...]) -> Engine:
    """One connection, used in the thread that asks."""
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(file)),
        # The driver's own implicit BEGIN is off: a deferred transaction that turns from reading to
        # writing fails at once when another writes, whatever the busy timeout.
        connect_args={"isolation_level": None, "check_same_thread": False},
        # What members wrote does not belong into errors, and so into the log.
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
    )
    _prepare(engine, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    return engine


def _reading_engine(file: Path) -> AsyncEngine:
    engine = create_async_engine(
        URL.create(DRIVER, database=str(file)),
        connect_args={"isolation_level": None},
        hide_parameters=True,
        pool_size=_READERS,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_SECONDS * 12,
    )
    _prepare(engine.sync_engine, begin="BEGIN", pragmas=_READER)
    return engine


def _prepare(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    def connected(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begin_transaction)


def _typed(error: BaseException | None, place: str) -> DatabaseError | None:
    """What went wrong with the whole database; None for an error of a single statement."""
    # SQLite's extended names begin with the plain one: SQLITE_READONLY_DIRECTORY.
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return DatabaseReadOnly(database=place)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseBusy(database=place, waited_seconds=BUSY_TIMEOUT_SECONDS)
    if name.startswith("SQLITE_FULL"):
        return DatabaseFull(database=place)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")):
        return DatabaseDamaged(database=place, reason=str(error))
    return None


def sqlite_file(url: URL) -> Path | None:
    """The file that a URL of ours names; None if it names none."""
    if url.drivername != DRIVER or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))
