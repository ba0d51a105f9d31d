"""The database: units of work, each whole or not at all, off the event loop.

A unit of work is a plain function of a `sqlalchemy.Connection`, and has no effect beside it.
Which database it is, a URL says; the units are the same.
"""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from storage import revisions
from storage.errors import DatabaseNotMigrated, DatabaseTooNew, UnsupportedDatabase
from storage.group_commit import UnitOfWork
from storage.postgresql import PostgresServer, postgres_url
from storage.sqlite import SqliteFile, sqlite_file

# `Connection` is for callers that name it in their units of work: they import no SQLAlchemy.
__all__ = ["Connection", "Database", "backend_of", "migrate", "schema_revision"]

Result = TypeVar("Result")
Backend = SqliteFile | PostgresServer


class Database:
    """An open database. Get one from `Database.open`, give it back with `close`."""

    def __init__(self, backend: Backend) -> None:
        self.place = backend.place
        self._backend = backend
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open the migrated database at `sqlite+aiosqlite:///<file>` or `postgresql+asyncpg://...`.

        Raises UnsupportedDatabase, DatabaseFolderMissing, DatabaseNotMigrated, DatabaseTooNew,
        DatabaseReadOnly, DatabaseBusy, DatabaseDamaged, DatabaseUnreachable.
        """
        backend = backend_of(url)
        found, newest = await backend.found_revision(), revisions.newest_revision()
        if found != newest:
            if found is None or revisions.is_known(found):
                raise DatabaseNotMigrated(
                    database=backend.place, found_revision=found, needed_revision=newest
                )
            raise DatabaseTooNew(
                database=backend.place, found_revision=found, known_revision=newest
            )
        database = cls(backend)
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
        await self._backend.close()

    async def write(self, unit: UnitOfWork[Result]) -> Result:
        """Run the unit in a transaction; it is committed, on the disk, when this returns.

        If the unit raises, everything it wrote is rolled back and its error comes through. A unit
        that was handed over runs to its end even if the caller is cancelled meanwhile.
        Raises DatabaseFull, DatabaseReadOnly, DatabaseBusy, DatabaseDamaged, and
        DatabaseUnreachable, where a unit may be committed although its answer was lost.
        """
        return await self._to_its_end(self._backend.write(unit))

    async def read(self, unit: UnitOfWork[Result]) -> Result:
        """Run the unit on a connection that cannot write; it sees one consistent state.

        Raises DatabaseBusy, DatabaseDamaged, and DatabaseReadOnly if the unit tries to write.
        """
        return await self._to_its_end(self._backend.read(unit))

    async def scrub(self) -> None:
        """Take what was deleted, or changed, out of the database's files as well.

        Raises DatabaseBusy, DatabaseDamaged, DatabaseUnreachable.
        """
        await self._to_its_end(self._backend.scrub())

    async def _to_its_end(self, work: Coroutine[object, object, Result]) -> Result:
        if self._closed:
            work.close()
            # An engine would quietly connect again, and nobody would close that.
            raise RuntimeError("the database is closed")
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


async def migrate(url: str) -> str:
    """Bring the database to the current schema, making the file if it is missing.

    Returns the revision it is at now. All migrations are one transaction.
    Raises UnsupportedDatabase, DatabaseFolderMissing, DatabaseTooNew, DatabaseReadOnly,
    DatabaseFull, DatabaseBusy, DatabaseDamaged.
    """
    backend = backend_of(url)
    found, newest = await backend.found_revision(), revisions.newest_revision()
    if found is not None and not revisions.is_known(found):
        raise DatabaseTooNew(database=backend.place, found_revision=found, known_revision=newest)
    await backend.upgrade()
    return newest


async def schema_revision(url: str) -> str | None:
    """The revision the database is at; None if there is none, or nothing in it.

    Raises UnsupportedDatabase, DatabaseFolderMissing, DatabaseDamaged.
    """
    return await backend_of(url).found_revision()


def backend_of(url: str) -> Backend:
    """What this URL names; nothing is opened. Raises UnsupportedDatabase."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnsupportedDatabase(url=url.partition(":")[0]) from None
    if (file := sqlite_file(parsed)) is not None:
        return SqliteFile(file)
    if (server := postgres_url(parsed)) is not None:
        return PostgresServer(server)
    raise UnsupportedDatabase(url=parsed.render_as_string(hide_password=True))
