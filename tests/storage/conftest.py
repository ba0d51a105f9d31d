"""A migrated database in a file of its own, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database, migrate


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a database would be; nothing is there yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'reelroom.db'}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    await migrate(url)
    database = await Database.open(url)
    yield database
    await database.close()
