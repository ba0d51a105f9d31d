"""Attempts that nobody works at any more, pauses that outlive a restart, and too little memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.playground.member import Member
from generation.errors import OutOfMemory, WorkerCrashed
from storage import attempts, booking, jobs
from storage.audit import audit
from storage.database import Connection
from storage.jobs import JobRecord
from tests.journeys.scripted_executor import ForgetfulExecutor, ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    card_of,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)

CLIP = "/imagine-video prompt:a red circle"


async def record_of(stage: Stage, job_id: str) -> JobRecord:
    return await stage.service.database.read(lambda connection: jobs.get(connection, job_id))


async def let_the_lease_run_out(stage: Stage, job_id: str) -> None:
    record = await record_of(stage, job_id)
    long_ago = datetime.now(UTC) - 2 * attempts.LEASE
    await stage.service.database.write(
        lambda connection: attempts.renew(
            connection, job_id=job_id, attempt=record.attempt, now=long_ago
        )
    )


async def held(ada: Member, executor: ScriptedExecutor) -> str:
    executor.hold()
    job_id = await order(ada, CLIP)
    await card_of(ada, job_id, having="step 1 of 4")
    return job_id


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "pause" not in request.node.name:
        monkeypatch.setattr(attempts, "BACKOFF", tuple(pause * 0 for pause in attempts.BACKOFF))


@pytest.fixture
def executor() -> ForgetfulExecutor:
    return ForgetfulExecutor()


async def test_an_attempt_that_its_executor_has_forgotten_counts_as_a_crash_and_is_tried_again(
    stage: Stage, executor: ForgetfulExecutor
) -> None:
    async with stage.member() as ada:
        job_id = await held(ada, executor)
        await let_the_lease_run_out(stage, job_id)
        executor.forgotten.add(1)
        await stage.service.leases.sweep()
        executor.let_go()
        assert (await finished_card(ada, job_id)).attachments
        record = await record_of(stage, job_id)
        assert (record.attempt, record.faults, record.worker_kills) == (2, 1, 1)
        assert await credits_of(ada) == 98


async def test_forgotten_twice_a_job_is_dead_and_its_credits_are_back(
    stage: Stage, executor: ForgetfulExecutor
) -> None:
    executor.forgotten |= {1, 2}
    async with stage.member() as ada:
        job_id = await held(ada, executor)
        for attempt in (1, 2):
            async with asyncio.timeout(CLIP_SECONDS):
                while (job_id, attempt) not in stage.service.dispatcher.executing():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await let_the_lease_run_out(stage, job_id)
            await stage.service.leases.sweep()
        await card_of(ada, job_id, having="came back")
        assert (await record_of(stage, job_id)).state == "dead"
        assert await credits_of(ada) == 100


async def test_a_silent_attempt_that_its_executor_vouches_for_keeps_its_lease(
    stage: Stage, executor: ForgetfulExecutor
) -> None:
    """Also when this whole process slept for an hour: it renews before it looks for the lost."""
    async with stage.member() as ada:
        job_id = await held(ada, executor)
        await let_the_lease_run_out(stage, job_id)
        await stage.service.leases.sweep()
        record = await record_of(stage, job_id)
        assert record.lease_until is not None
        assert record.lease_until > datetime.now(UTC)
        executor.let_go()
        await finished_card(ada, job_id)
        assert (await record_of(stage, job_id)).attempt == 1


async def test_a_job_that_storage_alone_believes_to_run_is_taken_up_without_a_restart(
    stage: Stage, executor: ForgetfulExecutor
) -> None:
    """As when the outcome of an attempt could not be written."""
    async with stage.member() as ada:
        first = await finished_card_of_an_order(ada)
        long_ago = datetime.now(UTC) - 2 * attempts.LEASE
        model = await record_of(stage, first)
        orphan = JobRecord(
            id="aaaaaaaaaaaab",
            interaction_id=1,
            guild_id=model.guild_id,
            user_id=model.user_id,
            channel_id=model.channel_id,
            command=model.command,
            model=model.model,
            request_json=model.request_json,
            price_credits=model.price_credits,
            created_at=long_ago,
        )

        def run_nowhere(connection: Connection) -> None:
            booking.admit(connection, orphan, may_be_relaxed=False, now=long_ago)
            attempts.start(connection, job_id=orphan.id, attempt=1, now=long_ago)

        await stage.service.database.write(run_nowhere)
        await stage.service.leases.sweep()
        assert (await finished_card(ada, orphan.id)).attachments
        assert (await record_of(stage, orphan.id)).attempt == 2
        assert await credits_of(ada) == 96
    assert await stage.service.database.read(audit) == ()
    assert b"reelroom_leases_lost_total 1.0" in stage.service.metrics.render()


async def finished_card_of_an_order(ada: Member) -> str:
    job_id = await order(ada, CLIP)
    await finished_card(ada, job_id)
    return job_id


async def test_the_pause_after_a_fault_outlives_a_restart(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, generation={"grace_seconds": 0.1})
    async with open_playground() as playground:
        executor = ScriptedExecutor()
        executor.faults.append(WorkerCrashed(-9))
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            job_id = await order(ada, CLIP)
            async with asyncio.timeout(CLIP_SECONDS):
                while (await record_of(stage, job_id)).not_before is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            until = datetime.now(UTC) + timedelta(seconds=3)
            set_pause = "UPDATE jobs SET not_before = " + str(int(until.timestamp() * 1_000_000))
            await stage.service.database.write(lambda c: c.exec_driver_sql(set_pause))
        executor = ScriptedExecutor()
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            assert (await finished_card(ada, job_id)).attachments
            started = (await record_of(stage, job_id)).started_at
            assert started is not None
            assert started >= until - timedelta(milliseconds=50)


async def test_after_running_out_of_memory_a_job_is_made_in_less_of_it_and_nothing_counts(
    stage: Stage, executor: ForgetfulExecutor
) -> None:
    executor.faults.append(OutOfMemory("the device is full"))
    async with stage.member() as ada:
        job_id = await order(ada, CLIP)
        assert (await finished_card(ada, job_id)).attachments
        assert [each.spare_memory for each in executor.log] == [False, True]
        assert (await record_of(stage, job_id)).faults == 0


async def test_too_little_memory_even_then_fails_after_all_attempts_with_a_reason(
    stage: Stage, executor: ForgetfulExecutor
) -> None:
    executor.faults += [OutOfMemory("full")] * 4
    async with stage.member() as ada:
        job_id = await order(ada, CLIP)
        card = await card_of(ada, job_id, having="came back")
        assert "more memory than this machine has" in card.text
        assert len(executor.log) == 4
        assert await credits_of(ada) == 100
