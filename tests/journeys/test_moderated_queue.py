"""Pause, drain, resume and clear: one server's queue in its moderators' hands."""

from __future__ import annotations

from pathlib import Path

from storage.audit import audit
from tests.journeys.moderators import CLIP, asked, say
from tests.journeys.scripted_executor import ScriptedExecutor
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


async def test_a_paused_queue_waits_also_over_a_restart_and_others_do_not_notice(
    tmp_path: Path,
) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
            stage.member("Ada", guild="Film Club") as ada_elsewhere,
        ):
            assert "Paused" in await say(lin, "/admin pause")
            assert "It is paused already" in await say(lin, "/admin pause")
            receipt = await say(ada, CLIP)
            assert "Moderators have paused the queue" in receipt
            job_id = receipt.split("`")[1]
            await card_of(ada, job_id, having="moderators have paused the queue")
            assert "the queue is paused" in await say(ada, "/jobs")
            elsewhere = await order(ada_elsewhere, CLIP)
            assert (await finished_card(ada_elsewhere, elsewhere)).attachments
        executor = ScriptedExecutor()
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            await card_of(ada, job_id, having="moderators have paused the queue")
            assert not executor.log
            assert "goes on" in await say(lin, "/admin resume")
            assert (await finished_card(ada, job_id)).attachments
            log = await say(lin, "/admin log what:queue")
            assert "paused the queue (it was open)" in log
            assert "let the queue go on (it was paused)" in log


async def test_a_draining_queue_makes_what_waits_and_takes_nothing_new(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        jobs = [await order(ada, CLIP) for _ in range(2)]
        assert "Draining" in await say(lin, "/admin drain")
        before = await credits_of(ada)
        assert "let no new jobs in" in await say(ada, CLIP)
        assert await credits_of(ada) == before
        executor.let_go()
        for job_id in jobs:
            assert (await finished_card(ada, job_id)).attachments
        await say(lin, "/admin resume")
        assert (await finished_card(ada, await order(ada, CLIP))).attachments


async def test_clearing_is_asked_once_and_gives_every_credit_back(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        assert "The queue is empty" in await say(lin, "/admin clear")
        running = await order(ada, CLIP)
        await card_of(ada, running, having="step 1 of 4")
        await say(lin, "/admin pause")
        waiting = [await order(ada, CLIP), await order(lin, CLIP)]
        question = await say(lin, "/admin clear")
        assert "Cancel 2 waiting jobs of 2 members? Their 4 credits go back" in question
        assert "Nothing was changed" in await asked(lin, "/admin clear", "Leave it")
        assert await credits_of(ada) == 96
        cleared = await asked(lin, "/admin clear", "Clear the queue")
        assert "Cleared: 2 waiting jobs; 4 credits went back" in cleared
        for job_id in waiting:
            await card_of(ada, job_id, having="Cancelled")
        executor.let_go()
        assert (await finished_card(ada, running)).attachments, "what ran was let alone"
        assert (await credits_of(ada), await credits_of(lin)) == (98, 100)
        assert "cleared the queue of 2 jobs; 4 credits went back" in await say(lin, "/admin log")
    assert await stage.service.database.read(audit) == ()
