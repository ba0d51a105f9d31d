"""The bot is killed before and after every await from the finished clip to its delivery."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bot.playground.exchange import Exchange
from bot.playground.member import Member
from bot.playground.member_errors import NoAnswer
from bot.playground.seen_message import SeenMessage
from bot.playground.server import Playground
from storage.database import migrate
from tests.journeys.chaos import await_points
from tests.journeys.chaos.reckoning import CHANNELS, Reckoning, reckon
from tests.journeys.chaos.rehearsal import REST_SECONDS, Rehearsal
from tests.storage.postgres_server import PostgresServer

CARD = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
ALWAYS = 10_000
TRIES = 5


class Deliveries(Rehearsal):
    """One job after the other, each with a crash of its own."""

    def __init__(
        self, playground: Playground, folder: Path, database_url: str | None = None
    ) -> None:
        super().__init__(playground, folder, await_points.DELIVERY, database_url)
        self._rooms = itertools.cycle(CHANNELS)

    async def points(self) -> list[str]:
        """What a job meets on its way, none of which kills the bot."""
        bot = await self.rested()
        await self.arm(bot, None)
        await self._order()
        assert not await self.ended(bot)
        return self.met()

    async def die_at(self, point: str) -> bool:
        """False where this job did not come to the point: how often one is tried is up to the
        moment."""
        bot = await self.rested()
        await self.arm(bot, point)
        await self._order()
        died = await self.ended(bot)
        assert not died or self.met()[-1] == point
        return died

    async def die_while_discord_answers(self) -> None:
        """Discord has the clip, and the bot does not live to hear so."""
        bot = await self.rested()

        def kill(exchange: Exchange) -> None:
            if exchange.file_names and exchange.status == 200:
                bot.kill_now()

        self._playground.exchanges = kill
        await self._order()
        await self.dead(bot)
        self._playground.exchanges = None

    async def finish(self) -> Reckoning:
        """What was left is delivered, and the bot has stopped."""
        bot = await self.rested()
        assert await bot.stop() == 0
        return await reckon(self.plan, promised=set())

    async def delete_first_cards(self) -> None:
        """Those that could not be edited, and have no clip."""
        await self.rested()
        for guild in dict.fromkeys(guild for guild, _ in CHANNELS):
            async with await Member.connect(self.plan.url, name="Lin", guild=guild) as lin:
                for message in lin.messages:
                    if message.embeds and not message.attachments and not message.ephemeral:
                        await self._delete(message)

    async def _delete(self, message: SeenMessage) -> None:
        path = f"/api/v10/channels/{message.channel_id}/messages/{message.id}"
        headers = {"Authorization": f"Bot {self.plan.token}"}
        async with aiohttp.ClientSession(self.plan.url, headers=headers) as http:
            while True:
                async with http.delete(path) as answer:
                    if answer.status == 204:
                        return
                    assert answer.status == 429
                    await asyncio.sleep((await answer.json())["retry_after"])

    async def _order(self) -> None:
        """In one channel after the other: each has a rate limit of its own."""
        guild, channel = next(self._rooms)
        async with await Member.connect(self.plan.url, guild=guild, channel=channel) as member:
            await member.wait_until(lambda: member.bot_online or None, "the bot", REST_SECONDS)
            for tries_left in reversed(range(TRIES)):
                sent = await member.type("/imagine-video prompt:a red circle duration:1")
                try:
                    # No more: the bot may die before it says that the job is in.
                    await sent.acknowledged()
                    return
                except NoAnswer:  # The machine was too busy for three seconds.
                    if not tries_left:
                        raise


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_crash_at_any_await_of_completion_and_delivery_loses_and_doubles_nothing(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    async with AsyncExitStack() as stack:
        url = None
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = await stack.enter_async_context(server.database())
        playground = await stack.enter_async_context(Playground())
        rehearsal = Deliveries(playground, tmp_path, url)
        await stack.enter_async_context(rehearsal)
        await migrate(rehearsal.plan.settings.storage.database_url)

        points = await rehearsal.points()
        assert {"Bookkeeping", "ChannelMessages", "Outbox"} <= {_class(point) for point in points}
        for point in points:
            await rehearsal.die_at(point)
        await rehearsal.die_while_discord_answers()
        assert await rehearsal.points() == points, "nothing is left to die at"

        # From now on cards cannot be edited, as if each were deleted: clips are posted anew.
        playground.faults.fail(*CARD, status=404, code=10008, times=ALWAYS)
        more = await rehearsal.points()
        new = [point for point in more if point not in points]
        assert any("ChannelMessages.post" in point for point in new)
        for point in new:
            await rehearsal.die_at(point)
        await rehearsal.die_while_discord_answers()

        await rehearsal.delete_first_cards()
        reckoning = await rehearsal.finish()
    with capsys.disabled():
        print(f"\n{kind}: a crash at each of {len(points) + len(new)} awaits\n{reckoning}")
    assert not reckoning.problems
    assert set(reckoning.outcomes) == {"succeeded"}


def _class(point: str) -> str:
    return point.split(" ")[1].split(".")[0]
