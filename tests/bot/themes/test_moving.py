"""Phases end by the clock, but not by one that somebody has just set."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.themes.moving import DOUBT_SECONDS, ThemeMoves
from bot.wall_clock import WallClock
from storage.database import Database, migrate
from storage.themes import phases
from storage.themes.phases import Theme

GUILD = 900
OPENED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Machine:
    """Two clocks of which the first can be set."""

    def __init__(self) -> None:
        self.wall = OPENED
        self.steady = 0.0

    def wait(self, **length: float) -> None:
        self.wall += timedelta(**length)
        self.steady += timedelta(**length).total_seconds()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'reelroom.db'}"
    await migrate(url)
    database = await Database.open(url)

    def open_one(connection: Connection) -> None:
        phases.open_theme(
            connection,
            Theme(
                id="seas",
                interaction_id=1,
                guild_id=GUILD,
                channel_id=2,
                title="Seas",
                rules="Show one.",
                opened_by=3,
                opened_at=OPENED,
                entering_ends=OPENED + timedelta(days=3),
                voting_seconds=86400,
            ),
        )

    await database.write(open_one)
    yield database
    await database.close()


async def phase(database: Database) -> str:
    return (await database.read(lambda c: phases.get(c, "seas", guild_id=GUILD))).phase


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def moves(database: Database, machine: Machine) -> ThemeMoves:
    clock = WallClock(lambda: machine.wall, lambda: machine.steady)
    return ThemeMoves(database=database, clock=clock, steady=lambda: machine.steady)


async def test_a_phase_ends_when_its_time_has_passed(
    moves: ThemeMoves, machine: Machine, database: Database
) -> None:
    machine.wait(days=2.9)
    await moves.make()
    assert await phase(database) == "entering"
    machine.wait(days=0.2)
    await moves.make()
    assert await phase(database) == "decided", "nobody entered"
    await moves.make()


async def test_a_clock_that_is_a_month_ahead_for_a_while_ends_nothing(
    moves: ThemeMoves, machine: Machine, database: Database
) -> None:
    await moves.make()
    machine.wall += timedelta(days=30)
    await moves.make()
    machine.wait(minutes=5)
    await moves.make()
    machine.wall -= timedelta(days=30)
    machine.wait(seconds=DOUBT_SECONDS)
    await moves.make()
    machine.wait(seconds=DOUBT_SECONDS)
    await moves.make()
    assert await phase(database) == "entering"


async def test_a_clock_that_stays_as_it_was_set_counts_in_the_end(
    moves: ThemeMoves, machine: Machine, database: Database
) -> None:
    await moves.make()
    machine.wall += timedelta(days=30)
    await moves.make()
    assert await phase(database) == "entering"
    machine.wait(seconds=DOUBT_SECONDS + 1)
    await moves.make()
    assert await phase(database) == "decided"
