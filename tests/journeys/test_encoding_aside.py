"""One member's file is encoded while another's pictures are made: what both see, and what a dying
worker costs them."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.member import Member
from generation.executors.local import ExecutionLimits, LocalExecutor
from storage import attempts, jobs
from storage.audit import audit
from storage.jobs import JobRecord
from tests.generation.executors.test_local import SETUP
from tests.journeys.stage import (
    Stage,
    card_of,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)

PRICE = 2


@pytest.fixture
async def local() -> AsyncGenerator[LocalExecutor]:
    executor = LocalExecutor(
        setup=SETUP,
        limits=ExecutionLimits(),
        environ={"PATH": os.environ["PATH"]},
        program="tests.generation.executors.scripted_worker",
    )
    await executor.start()
    try:
        yield executor
    finally:
        await executor.close()


@pytest.fixture
async def stage(
    tmp_path: Path, local: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Stage]:
    monkeypatch.setattr(attempts, "BACKOFF", tuple(pause * 0 for pause in attempts.BACKOFF))
    async with (
        open_playground() as playground,
        open_stage(playground, make_settings(tmp_path), local) as opened,
    ):
        yield opened


async def record_of(stage: Stage, job_id: str) -> JobRecord:
    return await stage.service.database.read(lambda connection: jobs.get(connection, job_id))


async def order_both(ada: Member, lin: Member) -> tuple[str, str]:
    """Ada's clip is being encoded, and Lin's pictures are being made."""
    first = await order(ada, "/imagine-video prompt:later once wait")
    await card_of(ada, first, having="Encoding")
    second = await order(lin, "/imagine-video prompt:once wait")
    await card_of(lin, second, having="step 1 of 3")
    await card_of(ada, first, having="Encoding")
    return first, second


async def test_a_worker_killed_meanwhile_brings_both_back_and_charges_each_once(
    stage: Stage, local: LocalExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin", guild="Film Club") as lin:
        first, second = await order_both(ada, lin)
        pid = local.worker_pid(0)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        for member, job_id in ((ada, first), (lin, second)):
            assert (await finished_card(member, job_id)).attachments
            assert await credits_of(member) == 100 - PRICE
            record = await record_of(stage, job_id)
            assert (record.state, record.attempt) == ("succeeded", 2)
        lost, crashed = await record_of(stage, first), await record_of(stage, second)
        assert (lost.faults, lost.worker_kills) == (0, 0)
        assert (crashed.faults, crashed.worker_kills) == (1, 1)
        assert await stage.service.database.read(audit) == ()


async def test_a_clip_that_is_encoded_is_cancelled_and_its_credits_come_back(
    stage: Stage, local: LocalExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin", guild="Film Club") as lin:
        first, second = await order_both(ada, lin)
        pid = local.worker_pid(0)
        await ada.press(await card_of(ada, first, having="Encoding"), label="Cancel")
        assert "Cancelled" in (await finished_card(ada, first)).text
        assert await credits_of(ada) == 100
        assert local.worker_pid(0) == pid
        assert (await record_of(stage, second)).state == "running"


async def test_a_restart_in_the_middle_gives_both_back_without_counting(
    tmp_path: Path, local: LocalExecutor
) -> None:
    settings = make_settings(tmp_path, generation={"grace_seconds": 0.1})
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, local) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin", guild="Film Club") as lin,
        ):
            both = await order_both(ada, lin)
        async with open_stage(playground, settings, local) as stage, stage.member("Ada") as ada:
            assert (await finished_card(ada, both[0])).attachments
            async with stage.member("Lin", guild="Film Club") as lin:
                assert (await finished_card(lin, both[1])).attachments
            for job_id in both:
                record = await record_of(stage, job_id)
                assert (record.state, record.attempt, record.faults) == ("succeeded", 2, 0)
            assert await stage.service.database.read(audit) == ()
