"""PostgreSQL: a pool of writers at READ COMMITTED, readers in read-only snapshots."""

from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage import revisions
from storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnreachable,
)
from storage.group_commit import UnitOfWork

Result = TypeVar("Result")

DRIVER = "postgresql+asyncpg"
# What hosting platforms write in DATABASE_URL.
_ALSO_CALLED = {DRIVER, "postgresql", "postgres"}

BUSY_TIMEOUT_SECONDS = 15.0
_CONNECTIONS = 8
_MIGRATING = 0x7265656C_6D696772
"""The advisory lock of whoever migrates: "reelmigr"."""
_SCRUB = (
    # The samples of columns, which would be kept until so many other rows have changed.
    "ANALYZE",
    # A GIN index never forgets a word, so it is built anew. First what is left of an attempt that
    # broke off: https://www.postgresql.org/docs/current/sql-reindex.html
    "DROP INDEX CONCURRENTLY IF EXISTS gallery_by_words_ccnew",
    "DROP INDEX CONCURRENTLY IF EXISTS gallery_by_words_ccold",
    "REINDEX INDEX CONCURRENTLY gallery_by_words",
    # At last, for it takes out what the others left behind too.
    "VACUUM",
)


class PostgresServer:
    """A database on a server. Nothing is connected before it is needed."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername=DRIVER)
        self._engine: AsyncEngine | None = None
        self._snapshots: AsyncEngine | None = None

    @property
    def place(self) -> str:
        """How errors name it: its address without the password."""
        return self._url.render_as_string(hide_password=True)

    async def found_revision(self) -> str | None:
        """The revision it is at; None if nothing is in it. Raises DatabaseUnreachable."""
        engine = self.engine(connections=0)
        try:
            return await self._transaction(engine, _recorded_revision)
        finally:
            await engine.dispose()

    async def upgrade(self) -> None:
        """Run the missing migrations in one transaction, one process at a time."""

        def upgrade_alone(connection: Connection) -> None:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            revisions.upgrade(connection)

        engine = self.engine(connections=0)
        try:
            await self._transaction(engine, upgrade_alone)
        finally:
            await engine.dispose()

    async def write(self, unit: UnitOfWork[Result]) -> Result:
        if self._engine is None:
            self._engine = self.engine(connections=_CONNECTIONS)
        return await self._transaction(self._engine, unit)

    async def read(self, unit: UnitOfWork[Result]) -> Result:
        if self._snapshots is None:
            # The same pool of connections, in transactions that see one state and cannot write.
            if self._engine is None:
                self._engine = self.engine(connections=_CONNECTIONS)
            self._snapshots = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        return await self._transaction(self._snapshots, unit)

    async def scrub(self) -> None:
        """Take what is gone out of tables, indexes and the planner's statistics.

        Raises DatabaseBusy where somebody reads or writes for longer than the busy timeout.
        """
        if self._engine is not None:
            engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
            try:
                async with engine.connect() as connection:
                    for statement in _SCRUB:
                        await connection.exec_driver_sql(statement)
            except Exception as error:
                raise self.typed(error) from error

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()

    def engine(self, *, connections: int) -> AsyncEngine:
        """With a pool of so many connections; with 0, each is closed after its use."""
        pool = (
            {"pool_size": connections, "max_overflow": 0, "pool_timeout": BUSY_TIMEOUT_SECONDS * 4}
            if connections
            else {"poolclass": NullPool}
        )
        return create_async_engine(
            self._url,
            # A server that was restarted has closed what the pool believes open.
            pool_pre_ping=bool(connections),
            # What members wrote does not belong into errors, and so into the log.
            hide_parameters=True,
            connect_args={
                "server_settings": {
                    # Answers take milliseconds: to start parallel processes, or to compile a plan,
                    # takes longer than what is asked.
                    "max_parallel_workers_per_gather": "0",
                    "jit": "off",
                    "application_name": "reelroom",
                    "lock_timeout": f"{BUSY_TIMEOUT_SECONDS:g}s",
                    "idle_in_transaction_session_timeout": "60s",
                }
            },
            **pool,
        )

    def typed(self, error: BaseException) -> BaseException:
        """What went wrong with the whole database, else the error as it is."""
        typed = _typed(error, self.place)
        if typed is None:
            return error
        typed.__cause__ = error
        return typed

    async def _transaction(self, engine: AsyncEngine, unit: UnitOfWork[Result]) -> Result:
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(unit)
        except Exception as error:
            typed = _typed(error, self.place)
            if typed is None:
                raise
            raise typed from error


def _recorded_revision(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _typed(error: BaseException, place: str) -> DatabaseError | None:
    """What went wrong with the whole database; None for an error of a single statement."""
    if isinstance(error, PoolTimeout):
        return DatabaseBusy(database=place, waited_seconds=BUSY_TIMEOUT_SECONDS * 4)
    driver = error.orig if isinstance(error, DBAPIError) else error
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    match str(getattr(driver, "sqlstate", None) or ""):
        case "25006" | "42501":  # a read-only transaction or server; no right to
            return DatabaseReadOnly(database=place)
        case "53100":
            return DatabaseFull(database=place)
        case "55P03" | "40P01" | "57014" | "53300":  # lock timeout, deadlock, cancelled, too many
            return DatabaseBusy(database=place, waited_seconds=BUSY_TIMEOUT_SECONDS)
        case "XX001" | "XX002":
            return DatabaseDamaged(database=place, reason=str(driver))
        case state if state.startswith(("08", "28", "3D", "57P")):
            return DatabaseUnreachable(database=place, reason=str(driver))
        case _:
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            if lost or isinstance(driver, OSError):
                return DatabaseUnreachable(database=place, reason=str(driver) or "no answer")
            return None


def postgres_url(url: URL) -> URL | None:
    """The URL, if it names a PostgreSQL database."""
    return url if url.drivername in _ALSO_CALLED and url.database else None
