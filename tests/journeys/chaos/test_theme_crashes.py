"""The bot is killed after each thing that Discord took of a theme, before it remembered that."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from sqlalchemy import update

from bot.playground.exchange import Exchange
from bot.playground.member import Member
from bot.playground.member_errors import NoAnswer, WaitedInVain
from bot.playground.seen_message import SeenMessage
from bot.playground.server import Playground
from generation.encoding import encode_clip
from storage.audit import audit
from storage.database import Database, migrate
from storage.media_files import MediaFiles
from storage.schema import jobs
from tests.generation.builders import make_request
from tests.journeys.chaos.bot_process import BotProcess, Plan
from tests.storage.postgres_server import PostgresServer

PATIENCE_SECONDS = 120.0
ANSWER_SECONDS = 20.0
TRIES = 5


class Killer:
    """Kills the bot after the first change of each kind in channels, and starts another one."""

    def __init__(self, playground: Playground, plan: Plan) -> None:
        self._plan = plan
        self._bot = BotProcess(plan)
        self._died = asyncio.Event()
        self.armed = False
        self.killed_after: list[str] = []
        playground.exchanges = self._watch
        self._reviving = asyncio.create_task(self._revive())

    def _watch(self, exchange: Exchange) -> None:
        change = exchange.method in ("POST", "PATCH") and exchange.status in (200, 201)
        if not (self.armed and change and exchange.path_template.startswith("/channels")):
            return
        what = f"{exchange.method} {_about(exchange)}"
        if what not in self.killed_after:
            self.killed_after.append(what)
            self._bot.kill_now()
            self._died.set()

    async def _revive(self) -> None:
        while True:
            await self._died.wait()
            self._died.clear()
            await self._bot.dead()
            self._bot = BotProcess(self._plan)

    async def stop(self) -> None:
        self._reviving.cancel()
        await asyncio.gather(self._reviving, return_exceptions=True)
        await self._bot.kill()


def _about(exchange: Exchange) -> str:
    body = cast("dict[str, Any]", exchange.request_json or {})
    embeds = body.get("embeds")
    title = str(embeds[0]["title"]) if embeds else "a thread"
    return title.replace("🏆 ", "")


async def said(member: Member, line: str) -> None:
    """Typed until a living bot takes it, whatever becomes of that."""
    for _ in range(TRIES):
        await member.wait_until(lambda: member.bot_online or None, "the bot", PATIENCE_SECONDS)
        try:
            await (await member.type(line)).acknowledged()
        except NoAnswer:
            continue
        return
    raise AssertionError(f"nobody answers {line}")


async def heard(member: Member, line: str) -> str:
    """The answer of a bot that lives long enough to give one."""
    for _ in range(TRIES):
        await member.wait_until(lambda: member.bot_online or None, "the bot", PATIENCE_SECONDS)
        try:
            return (await (await member.type(line)).reply(ANSWER_SECONDS)).text
        except (NoAnswer, WaitedInVain):
            continue
    raise AssertionError(f"nobody answers {line}")


async def seen(member: Member, words: str) -> SeenMessage:
    return await member.wait_for_message(
        lambda message: words in message.text and not message.ephemeral, PATIENCE_SECONDS
    )


async def give_pictures(plan: Plan) -> None:
    """The light worker's clips are noise; an entry is a file that can be read."""
    frames = np.zeros((4, 32, 48, 3), dtype=np.uint8)
    label = make_request().label(model_revision="light")
    media = encode_clip(frames, fps=4, max_bytes=100_000, label=label)
    stored = await MediaFiles(plan.settings.storage.media_folder).put(media, ".mp4")
    database = await Database.open(plan.settings.storage.database_url)
    await database.write(
        lambda connection: connection.execute(update(jobs).values(clip_sha256=stored.sha256))
    )
    await database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_every_message_of_a_theme_is_there_once_however_often_the_bot_dies(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with AsyncExitStack() as stack:
        url = None
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = await stack.enter_async_context(server.database())
        playground = await stack.enter_async_context(Playground())
        plan = Plan(
            url=playground.url,
            gateway_url=playground.gateway_url,
            token=playground.bot_token,
            folder=tmp_path,
            database_url=url,
        )
        await migrate(plan.settings.storage.database_url)
        killer = Killer(playground, plan)
        stack.push_async_callback(killer.stop)
        ada = await stack.enter_async_context(await Member.connect(plan.url, name="Ada"))
        lin = await stack.enter_async_context(await Member.connect(plan.url, name="Lin"))
        await said(ada, "/imagine-video prompt:a red circle duration:1")
        card = await ada.wait_for_message(lambda m: bool(m.attachments), PATIENCE_SECONDS)
        job_id = card.text.rsplit("job ", 1)[1]

        await give_pictures(plan)

        killer.armed = True
        await said(lin, "/theme open title:Seas rules:Show. ends:3d pot:9")
        await seen(lin, "One entry a member")
        assert "takes part" in await heard(ada, f"/theme enter clip:{job_id}")
        await heard(lin, "/theme close what:begin the vote now")
        await seen(lin, "Entry 1\n")
        await heard(lin, "/theme close what:end the vote now")
        await seen(lin, "The theme is decided")
        await lin.wait_until(
            lambda: any(one["archived"] for one in lin.threads.values()) or None,
            "an archived thread",
            PATIENCE_SECONDS,
        )
        killer.armed = False
        titles = sorted(
            message.embeds[0]["title"].replace("🏆 ", "")
            for message in lin.messages
            if message.embeds and not message.ephemeral and message.id != card.id
        )
        assert titles == [
            "Entry 1",
            "Seas",
            "The theme is decided",
            "The vote is open: 1 entry",
            "Theme: Seas",
        ]
        assert len(lin.threads) == 1
        assert {
            "POST Theme: Seas",
            "POST a thread",
            "POST Seas",
            "POST Entry 1",
            "POST The theme is decided",
            "PATCH Entry 1",
            "PATCH Theme: Seas",
        } <= set(killer.killed_after), killer.killed_after
        await killer.stop()
        database = await Database.open(plan.settings.storage.database_url)
        stack.push_async_callback(database.close)
        assert await database.read(audit) == ()
