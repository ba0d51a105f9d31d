"""A token that Discord takes no more: nothing is given up, and Discord is not asked again."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.errors import TokenRefused
from bot.playground.exchange import Exchange
from bot.web.health import serve_health
from config.settings import WebSettings
from storage import deliveries
from storage.audit import audit
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    at_its_end,
    card_of,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)

CLIP = "/imagine-video prompt:a red circle"
CARD = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
POST = ("POST", "/channels/{channel_id}/messages")
ALWAYS = 10_000


async def missing_to_be_ready(stage: Stage) -> list[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    async with (
        serve_health(WebSettings(health_port=port), stage.service),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get("/readyz") as answer,
    ):
        return (await answer.json())["missing"]


async def put_off(stage: Stage, job_id: str) -> str:
    """What the outbox says of a job whose delivery waits."""
    async with asyncio.timeout(CLIP_SECONDS):
        while True:
            for row in await stage.service.database.read(deliveries.unfinished):
                if row.job_id == job_id and row.state == "pending" and row.problem:
                    return row.problem
            await asyncio.sleep(0.05)


async def test_a_revoked_token_gives_up_no_outcome_and_a_restart_with_a_good_one_posts_all(
    tmp_path: Path,
) -> None:
    settings, asked = make_settings(tmp_path), list[Exchange]()
    executor = ScriptedExecutor(slots=2)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            executor.hold()
            made = [await order(ada, CLIP), await order(grace, CLIP)]
            for member, job_id in zip((ada, grace), made, strict=True):
                await card_of(member, job_id, having="step 1 of 4")
            playground.exchanges = asked.append
            for route in (CARD, POST):
                playground.faults.fail(*route, status=401, code=0, times=ALWAYS)
            with capture_logs() as logs:
                executor.let_go()
                for job_id in made:
                    assert "token" in await put_off(stage, job_id)
            assert len([one for one in asked if one.status == 401]) <= 2, "one at a time asks once"
            told = [entry for entry in logs if entry["event"] == "token.refused"]
            assert {entry["log_level"] for entry in told} == {"critical"}
            assert "token" in await missing_to_be_ready(stage)
            asked.clear()
            refused = await (await ada.type(CLIP)).reply()
            assert "new token" in refused.text
            assert await credits_of(ada) == 98
            await asyncio.sleep(3 * settings.delivery.progress_interval_seconds)
            assert [one for one in asked if one.status == 401] == [], "and never again"
        playground.exchanges = None
        playground.faults.clear()
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            for member, job_id in zip((ada, grace), made, strict=True):
                assert (await at_its_end(stage, job_id)).state == "posted"
                assert (await finished_card(member, job_id)).attachments
            assert "token" not in await missing_to_be_ready(stage)
            assert await stage.service.database.read(audit) == ()


async def test_many_tries_without_a_token_are_not_tries_too_many(tmp_path: Path) -> None:
    """Elsewhere the third refusal is the last."""
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        executor = ScriptedExecutor()
        executor.hold()
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            job_id = await order(ada, CLIP)
            await card_of(ada, job_id, having="step 1 of 4")
            playground.faults.fail(*CARD, status=401, code=0, times=ALWAYS)
            executor.let_go()
            await put_off(stage, job_id)
            await stage.service.database.write(
                lambda c: c.exec_driver_sql("UPDATE deliveries SET attempts = 30")
            )
        async with open_stage(playground, settings, ScriptedExecutor()) as stage:
            async with asyncio.timeout(CLIP_SECONDS):
                while not stage.service.messages.token_refused:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert "token" in await put_off(stage, job_id)
        playground.faults.clear()
        async with open_stage(playground, settings, ScriptedExecutor()) as stage:
            assert (await at_its_end(stage, job_id)).state == "posted"


async def test_a_gateway_that_takes_the_token_no_more_ends_the_bot_with_the_reason(
    stage: Stage,
) -> None:
    stage.playground.gateway.disconnect(4004, "Authentication failed.")
    async with asyncio.timeout(CLIP_SECONDS):
        with pytest.raises(TokenRefused, match="does not accept this token"):
            await stage.service.client.wait_closed()
