"""One writer for many: the units of work that wait together share one COMMIT.

A COMMIT costs a sync of the disk, far more than the statements before it. So the writer takes
all units that wait, runs each in a SAVEPOINT, commits once, and only then says how each went.
A unit that raises is rolled back to its SAVEPOINT, alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from storage.errors import DatabaseBusy, DatabaseReadOnly

Result = TypeVar("Result")
UnitOfWork = Callable[[Connection], Result]

MOST_UNITS = 256
"""In one group; beyond that the first of them would wait for too long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """How a unit went: an error, or what it returned."""

    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    """A unit that waits for the writer, and where its caller waits."""

    unit: UnitOfWork[Any]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.Future[Any]())


class _TransactionLost(Exception):
    """SQLite has rolled back everything, not only the unit that failed."""


class GroupCommit:
    """Runs units on the engine's one connection, in a thread of its own.

    `typed` turns what the driver raised into an error of storage.
    """

    def __init__(
        self,
        engine: Engine,
        typed: Callable[[BaseException], BaseException],
    ) -> None:
        self._engine = engine
        self._typed = typed
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        self._draining: asyncio.Task[None] | None = None

    async def write(self, unit: UnitOfWork[Result]) -> Result:
        """Run the unit, return when it is committed. A caller that gives up meanwhile leaves the
        unit where it is: it runs all the same.

        The unit must have no effect but on its connection: it runs again where a neighbour in its
        group made SQLite roll back the whole transaction.
        """
        waiting = _Waiting(unit=unit)
        self._waiting.append(waiting)
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain(), name="database writer")
        return await asyncio.shield(waiting.done)

    async def between_groups(self, statement: str) -> Sequence[Any]:
        """Run a statement that SQLite allows in no transaction; returns its rows. Raises what the
        driver raised, as an error of storage."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._execute, statement)

    async def close(self) -> None:
        """Commit what waits, then let the connection and the thread go."""
        if self._draining is not None:
            await asyncio.shield(self._draining)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                count = min(len(self._waiting), MOST_UNITS)
                group = [self._waiting.popleft() for _ in range(count)]
                units = [waiting.unit for waiting in group]
                outcomes = await loop.run_in_executor(self._thread, self._commit, units)
                for waiting, outcome in zip(group, outcomes, strict=True):
                    _tell(waiting.done, outcome)
        finally:
            self._draining = None

    def _execute(self, statement: str) -> Sequence[Any]:
        try:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(statement)
                return cursor.fetchall()
            finally:
                connection.close()
        except BaseException as error:
            raise self._typed(error) from error

    def _commit(self, units: Sequence[UnitOfWork[Any]]) -> list[_Outcome]:
        """In the writer's thread: one transaction for all, how each of them went. Never raises."""
        try:
            with self._engine.begin() as connection:
                if len(units) == 1:
                    return [_Outcome(result=units[0](connection))]
                return [self._in_savepoint(connection, unit) for unit in units]
        except BaseException as error:
            reason = self._typed(error)
        if len(units) == 1 or isinstance(reason, DatabaseBusy | DatabaseReadOnly):
            return [_Outcome(error=reason)] * len(units)
        # Nothing of the group was committed. Whose fault it was shows when each stands alone.
        return [outcome for unit in units for outcome in self._commit([unit])]

    def _in_savepoint(self, connection: Connection, unit: UnitOfWork[Any]) -> _Outcome:
        try:
            with connection.begin_nested():
                return _Outcome(result=unit(connection))
        except BaseException as error:
            if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                raise _TransactionLost from error
            return _Outcome(error=self._typed(error))


def _tell(done: asyncio.Future[Any], outcome: _Outcome) -> None:
    if outcome.error is None:
        done.set_result(outcome.result)
    else:
        done.set_exception(outcome.error)
        done.exception()  # A caller that gave up will never ask; that is no error of its own.
