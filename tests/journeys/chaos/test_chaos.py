"""Bot and workers are killed at any moment, under load, while Discord fails: nothing is lost.

`--chaos-kills 500` takes longer; `--chaos-seed` repeats the choices of a run, though not the
moments at which the machine makes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.member import Member
from bot.playground.member_errors import MemberError
from bot.playground.server import Playground
from storage.database import migrate
from tests.journeys.chaos.bot_process import BotProcess, Plan
from tests.journeys.chaos.reckoning import CHANNELS, at_rest, reckon

NAMES = ("Ada", "Grace", "Lin")
LIFE_SECONDS = (0.0, 3.5)
WORKER_SHARE = 0.3
DEAF_SHARE = 0.1
START_SHARE = 0.25
"""Of the bots that are killed at any moment since their start; the others' time counts from when
they are online."""
PATIENCE_SECONDS = 4.0
REST_SECONDS = 240.0
CHANNEL_MESSAGES = "/channels/{channel_id}/messages"
ROUTES = (
    ("POST", CHANNEL_MESSAGES),
    ("PATCH", f"{CHANNEL_MESSAGES}/{{message_id}}"),
    ("GET", CHANNEL_MESSAGES),
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}"),
)


class Storm:
    """Load, faults and kills, drawn from one seed; `counts` tells what there was of each."""

    def __init__(self, playground: Playground, plan: Plan, seed: int) -> None:
        self._playground = playground
        self._plan = plan
        self._random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.promised: set[str] = set()
        self._members: list[Member] = []

    async def rage(self, kills: int) -> None:
        """Returns after so many kills, with no bot running and Discord well again."""
        async with contextlib.AsyncExitStack() as stack:
            for guild, channel in CHANNELS:
                for name in NAMES:
                    member = await Member.connect(
                        self._plan.url, name=name, guild=guild, channel=channel
                    )
                    self._members.append(await stack.enter_async_context(member))
                    await stack.enter_async_context(_running(self._order(member)))
            await stack.enter_async_context(_running(self._fail()))
            await self._kill(kills)
        self._playground.faults.clear()

    async def _kill(self, kills: int) -> None:
        bot = BotProcess(self._plan)
        try:
            for _ in range(kills):
                await self._live_a_while()
                assert bot.exit_code is None, "the bot ended by itself"
                workers = bot.worker_pids()
                if workers and self._random.random() < WORKER_SHARE:
                    os.kill(self._random.choice(workers), signal.SIGKILL)
                    self.counts["workers killed"] += 1
                else:
                    await bot.kill()
                    self.counts["bots killed"] += 1
                    bot = BotProcess(self._plan)
        finally:
            await bot.kill()

    async def _live_a_while(self) -> None:
        watcher = self._members[0]
        if self._random.random() > START_SHARE:
            await watcher.wait_until(lambda: watcher.bot_online or None, "the bot", REST_SECONDS)
        await asyncio.sleep(self._random.uniform(*LIFE_SECONDS))

    async def _order(self, member: Member) -> None:
        """A member who asks for clips, without waiting for them, and now and then cancels one."""
        while True:
            await asyncio.sleep(self._random.uniform(0.2, 3.0))
            if not member.bot_online and self._random.random() > DEAF_SHARE:
                continue
            try:
                sent = await member.type("/imagine-video prompt:a red circle duration:1")
                reply = await sent.reply(timeout_seconds=PATIENCE_SECONDS)
                if " is in. " in reply.text:
                    self.promised.add(reply.text.split("`")[1])
                    self.counts["orders confirmed"] += 1
                else:
                    self.counts["orders refused"] += 1
                if self._random.random() < 0.1:
                    await self._cancel_something(member)
            except MemberError:
                self.counts["orders unanswered"] += 1

    async def _cancel_something(self, member: Member) -> None:
        cancellable = [
            (message, button["custom_id"])
            for message in member.messages
            for button in message.buttons
            if str(button.get("custom_id")).startswith("job:cancel:")
        ]
        if cancellable:
            message, custom_id = self._random.choice(cancellable)
            await member.press(message, custom_id=custom_id)
            self.counts["cancels pressed"] += 1

    async def _fail(self) -> None:
        """Discord answers 500, 503 or 429, or cuts the connection, before or after the effect."""
        faults = self._playground.faults
        while True:
            await asyncio.sleep(self._random.uniform(0.5, 1.5))
            faults.clear()  # or they would gather while no bot runs
            method, path = self._random.choice(ROUTES)
            after_effect = self._random.random() < 0.5
            match self._random.choice(("drop", "rate limit", "500", "503")):
                case "drop":
                    faults.drop(method, path, after_effect=after_effect)
                case "rate limit":
                    faults.rate_limit(method, path, retry_after_seconds=0.5)
                case status:
                    faults.fail(method, path, status=int(status), after_effect=after_effect)
            self.counts["faults"] += 1


@contextlib.asynccontextmanager
async def _running(work: object) -> AsyncGenerator[None]:
    """Runs beside the block, is cancelled at its end; what it raised comes through."""
    assert asyncio.iscoroutine(work)
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_nothing_is_lost_or_doubled_however_often_bot_and_workers_are_killed(
    tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = int(pytestconfig.getoption("--chaos-kills") or 0)
    seed = pytestconfig.getoption("--chaos-seed")
    if seed is None:
        seed = random.SystemRandom().randrange(10**6)
    async with Playground() as playground:
        plan = Plan(
            url=playground.url,
            gateway_url=playground.gateway_url,
            token=playground.bot_token,
            folder=tmp_path,
        )
        await migrate(plan.settings.storage.database_url)
        storm = Storm(playground, plan, seed)
        await storm.rage(kills)
        bot = BotProcess(plan)
        try:
            await at_rest(plan, timeout_seconds=REST_SECONDS)
        finally:
            exit_code = await bot.stop()
        assert exit_code == 0
        reckoning = await reckon(plan, promised=storm.promised)
    with capsys.disabled():
        counted = ", ".join(f"{count} {what}" for what, count in storm.counts.items())
        print(f"\nchaos, seed {seed}: {counted}\n{reckoning}")
    assert not reckoning.problems
