"""A migrated database for each test: every test that asks for one runs on both kinds."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database, migrate
from tests.storage import postgres_server


@pytest.fixture(scope="session")
def postgres_url(postgres: postgres_server.PostgresServer) -> str:
    """A migrated database for tests that commit nothing."""

    async def make() -> str:
        await postgres.execute("CREATE DATABASE migrated")
        await migrate(postgres.url("migrated"))
        return postgres.url("migrated")

    return asyncio.run(make())


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database the test is run on."""
    return str(request.param)


@pytest.fixture
async def url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where a database would be: there is no file yet, or nothing is in it."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'reelroom.db'}"
        return
    server: postgres_server.PostgresServer = request.getfixturevalue("postgres")
    async with server.database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    await migrate(url)
    database = await Database.open(url)
    yield database
    await database.close()
