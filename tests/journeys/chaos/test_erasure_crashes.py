"""The bot is killed before and after awaits of an erasure: the next one leaves nothing of it.

At a few of them, drawn from a seed; `--every-await` takes all, and `--chaos-seed` repeats a run.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select

from bot.playground.member import Member
from bot.playground.member_errors import NoAnswer
from bot.playground.seen_message import SeenMessage
from bot.playground.server import Playground
from storage.audit import audit
from storage.database import Database, migrate
from storage.erasures import under_way
from storage.schema import erasures
from tests.journeys.chaos import await_points
from tests.journeys.chaos.reckoning import POLL_SECONDS
from tests.journeys.chaos.rehearsal import REST_SECONDS, Rehearsal
from tests.journeys.chaos.test_theme_crashes import TRIES, heard
from tests.journeys.stage import finished_card
from tests.journeys.test_gallery import shared_card
from tests.journeys.test_privacy import CANARY, dump, files_with
from tests.storage.postgres_server import PostgresServer

Result = TypeVar("Result")

SAMPLE = 5


class Erasures(Rehearsal):
    """Ada makes clips and has all about her erased, over and over."""

    def __init__(self, playground: Playground, folder: Path, database_url: str | None) -> None:
        super().__init__(playground, folder, await_points.ERASURE, database_url)
        self._people = AsyncExitStack()

    async def __aenter__(self) -> Erasures:
        await self.rested()
        self._ada, self._grace, self._lin = [
            await self._people.enter_async_context(await Member.connect(self.plan.url, name=name))
            for name in ("Ada", "Grace", "Lin")
        ]
        await heard(self._lin, "/admin showcase channel:#showcase likes:1")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._people.aclose()
        await super().__aexit__()

    async def points(self) -> list[str]:
        """What an erasure meets on its way, none of which kills the bot."""
        assert not await self._erase(None)
        return self.met()

    async def die_at(self, point: str) -> bool:
        """False where this erasure did not come to the point."""
        return await self._erase(point)

    async def left(self) -> list[str]:
        """What there still is of Ada."""
        found, drift = await self._read(lambda c: (CANARY in dump(c), audit(c)))
        own = f"· job {self._first}"  # Grace's card names the clip that it goes on from.
        async with await Member.connect(self.plan.url, name="Grace") as anew:
            messages = [one.text for one in anew.messages if not one.ephemeral]
        return [
            *(["the database says it"] if found else []),
            *(f"drift: {one}" for one in drift),
            *(f"file: {name}" for name in files_with(self._folder, CANARY.encode())),
            *(f"message: {text}" for text in messages if CANARY in text or own in text),
        ]

    async def _erase(self, point: str | None) -> bool:
        """True if the bot died on the way; the one after it has ended what was begun."""
        bot = await self.rested()
        question = await self._leave_traces()
        before = await self._read(wishes)
        await self.arm(bot, point)
        await self._ada.press(question, label="Delete everything")
        died = await self.ended(bot)
        self.living()
        await self._until(lambda connection: not under_way(connection))
        if await self._read(wishes) == before:  # It died before it knew: the question still stands.
            await self._press_again(question)
            await self._until(lambda connection: wishes(connection) > before)
        await self.rested()
        assert await self._read(wishes) == before + 1
        return died

    async def _press_again(self, question: SeenMessage) -> None:
        for _ in range(TRIES):
            await self._ada.wait_until(
                lambda: self._ada.bot_online or None, "the bot", REST_SECONDS
            )
            sent = await self._ada.press(question, label="Delete everything")
            with contextlib.suppress(NoAnswer):
                await sent.acknowledged()
                return

    async def _leave_traces(self) -> SeenMessage:
        """A clip that others like, lift and build on, and a job that waits; returns the question
        whether to delete all."""
        ada, grace, lin = self._ada, self._grace, self._lin
        await heard(lin, "/admin resume")
        await heard(lin, "/quota grant member:@ada credits:50 reason:to begin anew")
        self._first = await ordered(ada, f"/imagine-video prompt:a {CANARY} duration:1")
        await ada.press(await finished_card(ada, self._first), label="Share to gallery")
        await grace.press(await shared_card(grace, self._first), label="Like")
        remix = await ordered(grace, f"/extend clip:{self._first} prompt:a house of my own")
        await finished_card(grace, remix)
        await heard(ada, f"/gallery search:{CANARY}")
        await heard(lin, "/admin pause")
        await ordered(ada, f"/imagine-video prompt:another {CANARY} duration:1")
        return await (await ada.type("/privacy delete")).reply(REST_SECONDS)

    async def _until(self, holds: Callable[[Connection], bool]) -> None:
        async with asyncio.timeout(REST_SECONDS):
            while not await self._read(holds):  # noqa: ASYNC110 - another process sees to it
                await asyncio.sleep(POLL_SECONDS)

    async def _read(self, unit: Callable[[Connection], Result]) -> Result:
        database = await Database.open(self.plan.settings.storage.database_url)
        try:
            return await database.read(unit)
        finally:
            await database.close()


def wishes(connection: Connection) -> int:
    """How many erasures were ever stored."""
    return connection.execute(select(func.count()).select_from(erasures)).scalar_one()


async def ordered(member: Member, line: str) -> str:
    """Types the line and returns the id of the job that it made."""
    said = await heard(member, line)
    assert " is in. " in said, said
    return said.split("`")[1]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_crash_at_any_await_of_an_erasure_leaves_nothing_of_the_member(
    kind: str,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    seed = pytestconfig.getoption("--chaos-seed")
    if seed is None:
        seed = random.SystemRandom().randrange(10**6)
    async with AsyncExitStack() as stack:
        url = None
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = await stack.enter_async_context(server.database())
        playground = await stack.enter_async_context(Playground())
        rehearsal = Erasures(playground, tmp_path, url)
        await migrate(rehearsal.plan.settings.storage.database_url)
        await stack.enter_async_context(rehearsal)

        points = await rehearsal.points()
        assert await rehearsal.left() == []
        assert {"EraseButton", "Erasing", "MediaFiles"} <= {_class(point) for point in points}
        chosen = points
        if not pytestconfig.getoption("--every-await"):
            chosen = random.Random(seed).sample(points, SAMPLE)
        died: list[str] = []
        for point in chosen:
            if await rehearsal.die_at(point):
                died.append(point)
            assert await rehearsal.left() == [], f"{point}, seed {seed}"
    with capsys.disabled():
        print(f"\n{kind}, seed {seed}: {len(died)} crashes at {len(points)} awaits of an erasure")
    # Not every await comes in every erasure: how often others are waited for is up to the moment.
    assert died


def _class(point: str) -> str:
    return point.split(" ")[1].split(".")[0]
