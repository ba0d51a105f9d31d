"""A bot whose instance lock breaks ends at once and says why, before another works on its jobs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.server import Playground
from storage.database import migrate
from tests.storage import postgres_server

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240.0
END_WHOEVER_HOLDS_THE_LOCK = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
)


@pytest.fixture
def postgres() -> Iterator[postgres_server.PostgresServer]:
    try:
        with postgres_server.running() as server:
            yield server
    except postgres_server.NoPostgres as none:
        if os.environ.get("POSTGRES_REQUIRED") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {none}")


async def until_it_says(stream: asyncio.StreamReader, word: bytes) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while word not in (line := await stream.readline()):
            assert line, "it ended before that"


async def test_a_bot_that_loses_its_lock_stops_with_a_line_and_gives_nothing_back(
    postgres: postgres_server.PostgresServer, tmp_path: Path
) -> None:
    async with postgres.database() as url, Playground() as playground:
        await migrate(url)
        bot = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=tmp_path,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "DATABASE_URL": url,
                "DISCORD_TOKEN": playground.bot_token,
                "REELROOM_DISCORD__API_URL": playground.url,
                "REELROOM_DISCORD__GATEWAY_URL": playground.gateway_url,
                "REELROOM_STORAGE__DATA_FOLDER": str(tmp_path),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert bot.stderr is not None
            await until_it_says(bot.stderr, b"ready")
            await postgres.execute(END_WHOEVER_HOLDS_THE_LOCK)
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = await bot.stderr.read()
                assert await bot.wait() == 1
        finally:
            if bot.returncode is None:
                bot.kill()
                await bot.wait()
        assert b"reelroom: The connection that kept other instances away" in said
        assert b"jobs.given_back" not in said
        assert b"Traceback" not in said
