"""The time of day is set, forwards and backwards: nothing is lost, nobody waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import recovery
from bot.wall_clock import WallClock
from storage import attempts, jobs
from storage.audit import audit
from storage.database import Database
from tests.journeys.scripted_executor import ForgetfulExecutor, ScriptedExecutor
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

CLIP = "/imagine-video prompt:a red circle"
DAY_MICROSECONDS = 86_400_000_000


@pytest.fixture
def executor() -> ForgetfulExecutor:
    return ForgetfulExecutor()


class SetClock:
    """The machine's clock after somebody set it; time passes only as the test says."""

    def __init__(self) -> None:
        self.wall = datetime.now(UTC)
        self.steady = 0.0

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


@pytest.mark.parametrize("days", [-1, 1])
async def test_an_attempt_keeps_its_lease_when_the_clock_is_set_and_is_lost_30_s_later(
    stage: Stage,
    executor: ForgetfulExecutor,
    days: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "BACKOFF", tuple(pause * 0 for pause in attempts.BACKOFF))
    leases, database, machine = stage.service.leases, stage.service.database, SetClock()
    leases.clock = WallClock(lambda: machine.wall, lambda: machine.steady)
    executor.hold()
    executor.forgotten.add(1)
    async with stage.member() as ada:
        job_id = await order(ada, CLIP)
        await card_of(ada, job_id, having="step 1 of 4")
        machine.wall += timedelta(days=days)
        await leases.sweep()
        machine.advance(20)
        await leases.sweep()
        assert (await database.read(lambda c: jobs.get(c, job_id))).faults == 0
        machine.advance(20)
        await leases.sweep()
        executor.let_go()
        assert (await finished_card(ada, job_id)).attachments
        record = await database.read(lambda c: jobs.get(c, job_id))
        assert (record.attempt, record.faults) == (2, 1)
        assert await credits_of(ada) == 98


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_clip_during_which_the_clock_was_set_spoils_no_estimate(
    tmp_path: Path, days: int
) -> None:
    """It seems to have ended a day before it began, or to have taken a day."""
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            await finished_card(ada, await order(ada, CLIP))
            for statement in (
                f"UPDATE jobs SET finished_at = finished_at + {days * DAY_MICROSECONDS}",
                "UPDATE jobs SET clip_json = json_set(clip_json, '$.generation_seconds', 40.0)",
            ):
                await stage.service.database.write(
                    lambda c, statement=statement: c.exec_driver_sql(statement)
                )
        executor = ScriptedExecutor()
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            executor.hold()
            first = await order(grace, CLIP)
            await card_of(grace, first, having="step 1 of 4")
            second = await order(ada, CLIP)
            await card_of(ada, second, having="about 40 s left")
            executor.let_go()
            assert (await finished_card(ada, second)).attachments
        # Whatever the two times say, the books agree.
        async with open_stage(playground, settings, ScriptedExecutor()) as stage:
            assert await stage.service.database.read(audit) == ()


@pytest.mark.parametrize("days", [-400, 400])
async def test_what_a_wrong_clock_left_behind_is_made_and_posted_at_the_next_start(
    tmp_path: Path, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One job was killed while it ran, one waited in its pause after a fault."""
    monkeypatch.setattr(recovery, "BACKOFF", (timedelta(seconds=1),))
    settings = make_settings(tmp_path, generation={"grace_seconds": 0.1})
    async with open_playground() as playground:
        executor = ScriptedExecutor()
        executor.hold()
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            ran, paused = await order(ada, CLIP), await order(grace, CLIP)
            await card_of(ada, ran, having="step 1 of 4")
        wrong = int((datetime.now(UTC) + timedelta(days=days)).timestamp() * 1_000_000)
        database = await Database.open(settings.storage.database_url)
        for statement in (
            f"UPDATE jobs SET created_at = {wrong}",
            f"UPDATE jobs SET state = 'running', started_at = {wrong}, lease_until = {wrong} "
            f"WHERE id = '{ran}'",
            f"UPDATE jobs SET not_before = {wrong}, faults = 1 WHERE id = '{paused}'",
        ):
            await database.write(lambda c, statement=statement: c.exec_driver_sql(statement))
        await database.close()
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            assert (await finished_card(ada, ran)).attachments
            assert (await finished_card(grace, paused)).attachments
            assert await stage.service.database.read(audit) == ()
