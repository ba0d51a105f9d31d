"""A bot that comes to the same stretch of work again and again, and is killed at a point of it."""

from __future__ import annotations

import asyncio
import functools
import json
from pathlib import Path

from bot.playground.server import Playground
from tests.journeys.chaos import await_points
from tests.journeys.chaos.await_points import Stretch
from tests.journeys.chaos.bot_process import BotProcess, Plan
from tests.journeys.chaos.reckoning import at_rest

REST_SECONDS = 120.0


class Rehearsal:
    """On one database and playground. `bot` is the one that lives, if one does."""

    def __init__(
        self,
        playground: Playground,
        folder: Path,
        stretch: Stretch,
        database_url: str | None = None,
    ) -> None:
        self._playground = playground
        self._folder = folder
        self.plan = Plan(
            url=playground.url,
            gateway_url=playground.gateway_url,
            token=playground.bot_token,
            folder=folder,
            database_url=database_url,
            prepare=functools.partial(await_points.prepare, folder, stretch),
        )
        self.bot: BotProcess | None = None

    async def __aenter__(self) -> Rehearsal:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.bot is not None:
            await self.bot.kill()

    def living(self) -> BotProcess:
        """A bot that lives, which may have been started just now."""
        if self.bot is None:
            self.bot = BotProcess(self.plan)
        return self.bot

    async def rested(self) -> BotProcess:
        """A bot that lives and has nothing to do."""
        bot = self.living()
        await at_rest(self.plan, timeout_seconds=REST_SECONDS)
        return bot

    async def arm(self, bot: BotProcess, point: str | None) -> None:
        """It dies when it next comes to the point; with None it goes through."""
        (self._folder / "target").write_text(point or "")
        for name in ("armed", "met", "through"):
            (self._folder / name).unlink(missing_ok=True)
        async with asyncio.timeout(REST_SECONDS):
            while not bot.is_prepared:  # noqa: ASYNC110 - another process says so
                await asyncio.sleep(0.02)
            bot.signal_to_arm()
            while not self._is_there("armed"):  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.02)

    async def ended(self, bot: BotProcess) -> bool:
        """Returns once the stretch has ended: True if the bot died on it."""
        async with asyncio.timeout(REST_SECONDS):
            while bot.exit_code is None:
                if self._is_there("through"):
                    return False
                await asyncio.sleep(0.02)
        await self.dead(bot)
        return True

    async def dead(self, bot: BotProcess) -> None:
        async with asyncio.timeout(REST_SECONDS):
            await bot.dead()
        assert bot.exit_code == -9
        self.bot = None

    def met(self) -> list[str]:
        """The points that it came to, in order."""
        return list(json.loads((self._folder / "met").read_text()))

    def _is_there(self, name: str) -> bool:
        return (self._folder / name).exists()
