"""What a supervisor is told: alive, ready, and in numbers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from bot.web.health import serve_health
from config.settings import WebSettings
from generation.errors import WorkerCrashed
from storage import attempts
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
async def stage(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    async with (
        open_playground() as playground,
        open_stage(playground, make_settings(tmp_path), executor) as opened,
    ):
        yield opened


@pytest.fixture
async def page(stage: Stage) -> AsyncGenerator[aiohttp.ClientSession]:
    port = free_port()
    async with (
        serve_health(WebSettings(health_port=port), stage.service),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def ask(page: aiohttp.ClientSession, path: str) -> tuple[int, list[str]]:
    async with page.get(path) as answer:
        return answer.status, (await answer.json())["missing"]


async def numbers(page: aiohttp.ClientSession) -> dict[str, float]:
    """Every sample of the metrics page, by its name and labels."""
    async with page.get("/metrics") as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


async def test_a_bot_that_serves_is_alive_and_ready(
    page: aiohttp.ClientSession, stage: Stage
) -> None:
    assert await ask(page, "/livez") == (200, [])
    async with asyncio.timeout(60):
        await stage.service.client.wait_until_ready()
    assert await ask(page, "/readyz") == (200, [])


async def test_a_bot_that_takes_no_jobs_any_more_lives_and_is_not_ready(
    page: aiohttp.ClientSession, stage: Stage
) -> None:
    await stage.service.client.wait_until_ready()
    stage.service.submission.drain()
    assert await ask(page, "/livez") == (200, [])
    assert await ask(page, "/readyz") == (503, ["admission"])


async def test_a_bot_whose_connection_ended_for_good_is_not_alive(
    page: aiohttp.ClientSession, stage: Stage
) -> None:
    await stage.service.client.close()
    status, missing = await ask(page, "/livez")
    assert (status, missing) == (503, ["gateway"])
    assert (await ask(page, "/readyz"))[0] == 503


async def test_a_bot_whose_dispatcher_stopped_is_not_alive(
    page: aiohttp.ClientSession, stage: Stage
) -> None:
    await stage.service.dispatcher.close(0)
    assert await ask(page, "/livez") == (503, ["dispatcher"])


async def test_jobs_and_their_faults_are_counted(
    page: aiohttp.ClientSession,
    stage: Stage,
    executor: ScriptedExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "BACKOFF", tuple(pause * 0 for pause in attempts.BACKOFF))
    executor.faults.append(WorkerCrashed(-9))
    async with stage.member() as ada:
        await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
    found = await numbers(page)
    assert found['reelroom_jobs_ended_total{model="pocket",outcome="succeeded"}'] == 1
    assert found['reelroom_job_faults_total{reason="worker_crashed"}'] == 1
    assert found['reelroom_job_run_seconds_count{model="pocket",outcome="succeeded"}'] == 1


async def test_a_difference_in_the_books_shows_after_the_next_audit(
    page: aiohttp.ClientSession, stage: Stage
) -> None:
    async with stage.member() as ada:
        await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
    assert (await numbers(page))["reelroom_ledger_drift"] == 0
    spoil = "UPDATE accounts SET credits_posted = credits_posted + 7 WHERE kind = 'user'"
    await stage.service.database.write(lambda connection: connection.exec_driver_sql(spoil))
    await stage.service.gauges.audit()
    assert (await numbers(page))["reelroom_ledger_drift"] > 0


async def test_what_waits_is_counted(
    page: aiohttp.ClientSession, stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        for prompt in ("a red circle", "a blue square"):
            await order(ada, f"/imagine-video prompt:{prompt}")
        await stage.service.gauges.count(stage.service.dispatcher)
        found = await numbers(page)
        assert (found["reelroom_jobs_running"], found["reelroom_jobs_waiting"]) == (1, 1)
        assert found["reelroom_jobs_dead"] == 0
        assert found["reelroom_outbox_oldest_seconds"] == 0


async def test_without_a_port_nothing_is_served(stage: Stage) -> None:
    async with serve_health(WebSettings(health_port=0), stage.service):
        pass
