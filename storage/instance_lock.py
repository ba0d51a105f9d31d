"""One running instance a database; the lock is freed by the system if we die.

SQLite: a lock file beside the database. PostgreSQL: an advisory lock, held by a connection.
"""

import asyncio
import contextlib
import os
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import backend_of
from storage.errors import (
    AlreadyRunning,
    DatabaseFolderMissing,
    DatabaseReadOnly,
    InstanceLockLost,
)
from storage.postgresql import PostgresServer
from storage.sqlite import SqliteFile

_RUNNING = 0x7265656C_726F6F6D
"""The advisory lock of whoever runs: "reelroom". Other databases of the server have their own."""
_ASK_EVERY_SECONDS = 2.0
_ANSWER_SECONDS = 10.0


class InstanceLock:
    """Held between `acquire` and `release`, or as an asynchronous context manager."""

    @classmethod
    def beside(cls, url: str) -> "InstanceLock":
        """The lock of the database at this URL. Raises UnsupportedDatabase."""
        backend = backend_of(url)
        if isinstance(backend, SqliteFile):
            return _LockFile(backend.file.with_name(f"{backend.file.name}.lock"))
        return _AdvisoryLock(backend)

    held: bool = False
    """Between `acquire` and `release`, unless it was lost."""

    async def acquire(self) -> None:
        """Raises AlreadyRunning, DatabaseFolderMissing, DatabaseReadOnly, DatabaseUnreachable."""
        raise NotImplementedError

    async def release(self) -> None:
        """Let the next instance in."""
        raise NotImplementedError

    async def lost(self) -> InstanceLockLost:
        """Waits for the loss of the lock, after which another instance may hold it."""
        raise NotImplementedError

    async def __aenter__(self) -> "InstanceLock":
        await self.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.release()


class _LockFile(InstanceLock):
    """The file stays when it is released: removing it would race with the next instance."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path, timeout=0)

    async def acquire(self) -> None:
        try:
            if not self._path.absolute().parent.is_dir():
                raise DatabaseFolderMissing(folder=self._path.parent)
            self._lock.acquire()
        except Timeout:
            raise AlreadyRunning(lock=str(self._path), pid=self._holder()) from None
        except PermissionError:
            raise DatabaseReadOnly(database=str(self._path)) from None
        self._path.write_text(f"{os.getpid()}\n")
        self.held = True

    async def release(self) -> None:
        self.held = False
        self._lock.release()

    async def lost(self) -> InstanceLockLost:
        """Never: the system frees the lock of a file with the process, and no sooner."""
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")

    def _holder(self) -> int | None:
        try:
            return int(self._path.read_text())
        except (OSError, ValueError):
            return None


class _AdvisoryLock(InstanceLock):
    """Its connection does nothing else; where it breaks, the server frees the lock."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._engine: AsyncEngine | None = None
        self._connection: AsyncConnection | None = None

    async def acquire(self) -> None:
        self._engine = self._server.engine(connections=0)
        try:
            self._connection = await self._engine.connect()
            # Without a transaction, which the server would end when it idles for long.
            await self._connection.execution_options(isolation_level="AUTOCOMMIT")
            asked = text("SELECT pg_try_advisory_lock(:key)")
            held = (await self._connection.execute(asked, {"key": _RUNNING})).scalar_one()
        except Exception as error:
            await self.release()
            raise self._server.typed(error) from error
        if not held:
            await self.release()
            raise AlreadyRunning(lock=self._server.place, pid=None)
        self.held = True

    async def lost(self) -> InstanceLockLost:
        """The server holds the lock as long as the connection, which is asked now and then: one
        that broke on the way tells nobody."""
        asked = text("SELECT 1")
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            while self._connection is not None:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._connection.execute(asked)
                await asyncio.sleep(_ASK_EVERY_SECONDS)
        self.held = False
        return InstanceLockLost(lock=self._server.place)

    async def release(self) -> None:
        self.held = False
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):  # It may be broken already.
                await self._connection.close()
        if self._engine is not None:
            await self._engine.dispose()
        self._connection = self._engine = None
