"""The whole service on a playground, in this process, for one test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import Service, open_service
from bot.discord_endpoint import point_discord_at
from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from bot.playground.server import Playground
from config.settings import Settings
from generation.executor import Executor
from storage import deliveries
from storage.database import migrate
from storage.deliveries import DeliveryRecord
from storage.errors import UnknownJob
from tests.bot.playground.openapi_contract import validate_exchange

CLIP_SECONDS = 60.0  # patience for a clip; a bound for broken runs, not an expectation


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A playground with the bot on it."""

    playground: Playground
    service: Service
    settings: Settings

    @contextlib.asynccontextmanager
    async def member(
        self, name: str = "Ada", guild: str = "Study Hall", channel: str = "studio"
    ) -> AsyncGenerator[Member]:
        member = await Member.connect(self.playground.url, name=name, guild=guild, channel=channel)
        async with member:
            yield member


def make_settings(folder: Path, **groups: dict[str, Any]) -> Settings:
    """Defaults with this data folder, and these groups' settings changed."""
    values: dict[str, dict[str, Any]] = {
        "storage": {"data_folder": folder},
        "delivery": {"progress_interval_seconds": 1},
    }
    for group, changes in groups.items():
        values[group] = {**values.get(group, {}), **changes}
    return Settings.model_validate(values)


@contextlib.asynccontextmanager
async def open_playground() -> AsyncGenerator[Playground]:
    """A playground whose every exchange is held against Discord's own description."""
    async with Playground() as playground:
        playground.exchanges = validate_exchange
        yield playground


@contextlib.asynccontextmanager
async def open_stage(
    playground: Playground, settings: Settings, executor: Executor | None = None
) -> AsyncGenerator[Stage]:
    """The service on this playground; may be opened again after it was closed."""
    await migrate(settings.storage.database_url)
    point_discord_at(playground.url, playground.gateway_url)
    async with open_service(settings, token=playground.bot_token, executor=executor) as service:
        yield Stage(playground=playground, service=service, settings=settings)


async def card_of(member: Member, job_id: str, *, having: str = "") -> SeenMessage:
    """The job's card once it reads `having` somewhere."""
    return await member.wait_for_message(
        lambda message: f"job {job_id}" in message.text and having in message.text,
        timeout_seconds=CLIP_SECONDS,
    )


async def finished_card(member: Member, job_id: str) -> SeenMessage:
    """The job's card in its last state."""
    return await member.wait_for_message(
        lambda message: any(
            button.get("custom_id") == f"job:delete:{job_id}" for button in message.buttons
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def at_its_end(stage: Stage, job_id: str) -> DeliveryRecord:
    """The job's row in the outbox, once nothing more will be tried."""
    async with asyncio.timeout(CLIP_SECONDS):
        while True:
            try:
                found = await stage.service.database.read(
                    lambda connection: deliveries.get(connection, job_id)
                )
                if found.ended_at is not None:
                    return found
            except UnknownJob:
                pass  # It has not ended.
            await asyncio.sleep(0.05)


async def order(member: Member, line: str) -> str:
    """Types the line and returns the id of the job that it made."""
    reply = await (await member.type(line)).reply()
    assert " is in. " in reply.text, reply.text
    return reply.text.split("`")[1]


async def credits_of(member: Member) -> int:
    """What `/credits` says the member can spend."""
    reply = await (await member.type("/credits")).reply()
    return int(reply.text.split("**")[1].split()[0])
