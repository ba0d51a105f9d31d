"""The bot stops and starts again: jobs, credits, buttons and outcomes are still there."""

from __future__ import annotations

from pathlib import Path

from generation.errors import GenerationFailed, WorkerCrashed
from storage.media_files import MediaFiles
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
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

QUICKLY = {"generation": {"grace_seconds": 0.1}}


async def test_jobs_that_waited_or_ran_are_made_after_a_restart_and_paid_once(
    tmp_path: Path,
) -> None:
    settings = make_settings(tmp_path, **QUICKLY)
    async with open_playground() as playground:
        before_the_stop = ScriptedExecutor()
        before_the_stop.hold()
        async with (
            open_stage(playground, settings, before_the_stop) as stage,
            stage.member() as ada,
        ):
            running = await order(ada, "/imagine-video prompt:a red circle")
            waiting = await order(ada, "/imagine-video prompt:a blue square")
            await card_of(ada, running, having="step 1 of 4")
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            for job_id in (running, waiting):
                assert (await finished_card(ada, job_id)).attachments
            assert await credits_of(ada) == 96


async def test_buttons_from_before_a_restart_still_work(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, **QUICKLY)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            old = await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            reply = await (await ada.press(old, label="Reroll")).reply()
            assert (await finished_card(ada, reply.text.split("`")[1])).attachments


async def test_a_start_removes_files_that_nothing_refers_to(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    media_folder = settings.storage.media_folder
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            job_id = await order(ada, "/imagine-video prompt:a red circle")
            await at_its_end(stage, job_id)
            kept = [path for path in media_folder.rglob("*.mp4") if path.is_file()]
        media_files = MediaFiles(media_folder)
        await media_files.put(b"made, and killed before the database knew", ".mp4")
        await media_files.put(kept[0].read_bytes(), ".mp4")  # the same clip, made once more
        (media_folder / ".unfinished" / "half").write_bytes(b"hal")
        async with open_stage(playground, settings, ScriptedExecutor()):
            assert [path for path in media_folder.rglob("*") if path.is_file()] == kept


async def test_a_clip_made_while_discord_was_failing_is_posted_in_the_end(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await card_of(ada, job_id, having="step 1 of 4")
        stage.playground.faults.fail(
            "PATCH", "/channels/{channel_id}/messages/{message_id}", status=403, times=1
        )
        executor.let_go()
        finished = await finished_card(ada, job_id)
        assert finished.attachments
        assert finished.id == card.id


async def test_a_card_that_somebody_deleted_is_posted_anew_with_the_clip(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await card_of(ada, job_id, having="step 1 of 4")
        channel = stage.service.client.get_partial_messageable(int(card.channel_id))
        await channel.get_partial_message(int(card.id)).delete()
        executor.let_go()
        finished = await finished_card(ada, job_id)
        assert finished.id != card.id
        assert finished.attachments


async def test_a_crash_of_the_worker_is_tried_again_and_paid_once(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.faults.append(WorkerCrashed(-9))
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        assert (await finished_card(ada, job_id)).attachments
        assert await credits_of(ada) == 98
    assert [execution.attempt for execution in executor.log] == [1, 2]


async def test_a_job_that_cannot_be_made_gives_its_credits_back_and_says_why(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.faults.append(GenerationFailed("the weights are damaged"))
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, job_id)
        assert "the weights are damaged" in card.text
        assert "came back" in card.text
        assert await credits_of(ada) == 100
