"""Moves themes whose time has come, and gives back what their pots hold still."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import structlog

from bot.wall_clock import WallClock
from storage.database import Database
from storage.theme_errors import WrongPhase
from storage.themes import phases, pot

log = structlog.get_logger(__name__)

DOUBT_SECONDS = 600.0
"""How long a clock that was set is not believed: a wrong one is often set right again, and a vote
that has ended does not begin anew."""


class ThemeMoves:
    """By the time of day, for which `steady` says how long it is to be doubted."""

    def __init__(
        self,
        *,
        database: Database,
        clock: WallClock | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock or WallClock()
        self._steady = steady
        self._doubt_until = float("-inf")

    async def make(self) -> None:
        """All that is due by now. A move that was made already is not made again."""
        await self._move()
        await self._give_back()

    async def _move(self) -> None:
        if self._clock.was_set():
            self._doubt_until = self._steady() + DOUBT_SECONDS
            log.warning("themes.clock_set", waits_seconds=DOUBT_SECONDS)
        if self._steady() < self._doubt_until:
            return
        now = self._clock.now()
        for theme in await self._database.read(lambda connection: phases.due(connection, now=now)):
            move = phases.begin_voting if theme.phase == "entering" else phases.decide
            unit = functools.partial(move, theme_id=theme.id, guild_id=theme.guild_id, now=now)
            try:
                moved = await self._database.write(unit)
            except WrongPhase:
                continue  # A moderator was faster.
            log.info("theme.moved", theme_id=theme.id, phase=moved.phase)

    async def _give_back(self) -> None:
        """What jobs held of a pot that pays no more, and did not need."""
        now = self._clock.now()
        for theme_id, guild_id in await self._database.read(pot.to_give_back):
            give_back = functools.partial(
                pot.give_back, theme_id=theme_id, guild_id=guild_id, now=now
            )
            returned = await self._database.write(give_back)
            log.info("theme.pot_returned", theme_id=theme_id, credits=returned)
