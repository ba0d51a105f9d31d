"""Migrated databases for state machines: made in a moment, since they need hundreds of them."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from storage import revisions

Result = TypeVar("Result")


class Store(Protocol):
    """Runs units, each whole or not at all."""

    def run(self, unit: Callable[[Connection], Result]) -> Result: ...

    def close(self) -> None: ...


class SqliteStore:
    """In memory, from a migrated copy."""

    def __init__(self) -> None:
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        connection.deserialize(_migrated())
        connection.execute("PRAGMA foreign_keys=ON")
        self._engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        event.listen(self._engine, "begin", _begin)

    def run(self, unit: Callable[[Connection], Result]) -> Result:
        with self._engine.begin() as connection:
            return unit(connection)

    def close(self) -> None:
        self._engine.dispose()


class PostgresStore:
    """One transaction of a migrated, empty database, which is never committed: each unit is a
    savepoint in it."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._engine = create_async_engine(url, poolclass=NullPool)
        self._connection = self._runner.run(self._connected())

    async def _connected(self) -> AsyncConnection:
        connection = await self._engine.connect()
        await connection.begin()
        return connection

    def run(self, unit: Callable[[Connection], Result]) -> Result:
        async def in_savepoint() -> Result:
            async with self._connection.begin_nested():
                return await self._connection.run_sync(unit)

        return self._runner.run(in_savepoint())

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.run(self._engine.dispose())
        self._runner.close()


_copies: list[bytes] = []


def _migrated() -> bytes:
    if not _copies:
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.begin() as connection:
            revisions.upgrade(connection)
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.commit()
            _copies.append(driver.serialize())
        engine.dispose()
    return _copies[0]


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
