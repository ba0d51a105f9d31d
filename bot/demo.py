"""The bot on the playground: a chat page for a person, or one command line without any page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import sys
import tempfile
import time
import webbrowser
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord

from bot.app import Service, open_service
from bot.discord_endpoint import point_discord_at
from bot.job_id import JOB_ID_PATTERN
from bot.playground.member import Member
from bot.playground.member_errors import MemberError
from bot.playground.seen_message import SeenMessage
from bot.playground.server import Playground
from config.settings import Settings
from generation.clip import ClipFacts
from generation.job import JobState
from generation.request import Command
from storage import jobs, ledger
from storage.database import Connection, migrate
from storage.jobs import JobRecord

ACCEPTED = re.compile(rf"Job `({JOB_ID_PATTERN})` is in")
FIRST_LINES = (
    "/imagine-video prompt:a red circle moving right",
    "/loop prompt:a yellow star growing at night",
    "/narrate story:A red boat moves right. The moon rises.",
)
WELCOME_CHANNEL = "studio"


@contextlib.asynccontextmanager
async def open_demo(settings: Settings, *, port: int) -> AsyncGenerator[tuple[Playground, Service]]:
    """Playground and bot, connected; their database is apart from the one for Discord."""
    settings = _with_data_folder(settings, settings.storage.data_folder / "playground")
    settings.storage.data_folder.mkdir(parents=True, exist_ok=True)
    await migrate(settings.storage.database_url)
    async with Playground(
        port=port, attachment_limit_bytes=settings.delivery.attachment_bytes
    ) as playground:
        point_discord_at(playground.url, playground.gateway_url)
        async with open_service(settings, token=playground.bot_token) as service:
            yield playground, service


async def welcome(playground: Playground, service: Service) -> None:
    """Posts what to type, in the channel that the page opens first."""
    embed = discord.Embed(
        title="Welcome to Reelroom",
        description="Type a slash command below; it becomes a clip on this computer.\n"
        + "\n".join(f"`{line}`" for line in FIRST_LINES)
        + "\n`/help` explains the rest.",
        colour=discord.Colour(0x3B82F6),
    )
    for guild in service.client.guilds:
        for channel in guild.text_channels:
            if channel.name == WELCOME_CHANNEL:
                await channel.send(embed=embed)


def announce(playground: Playground, *, open_browser: bool) -> None:
    """Prints the page's address and opens it where there is a screen."""
    print(f"\nReelroom is ready: {playground.page_url}\nPress Ctrl+C to stop.\n", flush=True)
    if open_browser and sys.stdout.isatty():
        webbrowser.open(playground.page_url)


async def once(settings: Settings, line: str, *, out: Path | None, member: str) -> int:
    """Types one command line as a playground member. Prints JSON for a clip, else the reply.

    Returns 0 where the command did what it is for, 1 where it was refused or failed. Unless a
    data folder is configured the database is a new one, thrown away afterwards.
    """
    with contextlib.ExitStack() as stack:
        if settings.storage.data_folder == Settings().storage.data_folder:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reelroom-")))
            settings = _with_data_folder(settings, folder)
        async with (
            open_demo(settings, port=0) as (playground, service),
            await Member.connect(playground.url, name=member) as visitor,
        ):
            return await _once(service, visitor, line, out)


async def _once(service: Service, visitor: Member, line: str, out: Path | None) -> int:
    began = time.monotonic()
    try:
        sent = await visitor.type(line)
        reply = await sent.reply()
    except MemberError as error:
        print(error, file=sys.stderr)
        return 1
    accepted = ACCEPTED.search(reply.text)
    if accepted is None:
        refused = line.split(maxsplit=1)[0].removeprefix("/") in set(Command)
        print(reply.text, file=sys.stderr if refused else sys.stdout)
        return int(refused)
    job_id = accepted[1]
    card = await visitor.wait_for_message(
        lambda message: _is_outcome(message, job_id), timeout_seconds=math.inf
    )
    waited = time.monotonic() - began
    record = await service.database.read(lambda connection: jobs.get(connection, job_id))
    if record.state != JobState.SUCCEEDED.value:
        print(card.text, file=sys.stderr)
        return 1
    if out is not None:
        media = await visitor.download(card.attachments[0])
        await asyncio.to_thread(out.write_bytes, media)
    credits_left = await service.database.read(lambda connection: _available(connection, record))
    print(json.dumps(_summary(record, waited, credits_left), ensure_ascii=False))
    return 0


def _is_outcome(message: SeenMessage, job_id: str) -> bool:
    """Whether this is the card of that job in its last state: clip attached, or reason given."""
    return any(button.get("custom_id") == f"job:delete:{job_id}" for button in message.buttons)


def _summary(record: JobRecord, waited: float, credits_left: int) -> dict[str, Any]:
    facts = ClipFacts.from_json(record.clip_json or "{}")
    return {
        "job_id": record.id,
        "model": record.model,
        "seed": facts.seed,
        "seconds_waited": round(waited, 3),
        "seconds_generated": round(facts.generation_seconds, 3),
        "credits_charged": 0 if record.relaxed else record.price_credits,
        "credits_left": credits_left,
    }


def _available(connection: Connection, record: JobRecord) -> int:
    balance = ledger.balance(
        connection,
        guild_id=record.guild_id,
        user_id=record.user_id,
        allowance_credits=0,
        now=datetime.now(UTC),
    )
    return balance.available_credits


def _with_data_folder(settings: Settings, folder: Path) -> Settings:
    storage = settings.storage.model_copy(
        update={
            "data_folder": folder,
            "database_url": f"sqlite+aiosqlite:///{folder / 'reelroom.db'}",
        }
    )
    return settings.model_copy(update={"storage": storage})
