"""A disk without a free byte, the real thing: clear errors, and nothing is lost."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from storage import jobs
from storage.audit import audit
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    card_of,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)
from tests.small_disk import SmallDisk

CLIP = "/imagine-video prompt:a red circle"


async def test_a_clip_that_the_disk_cannot_keep_costs_nothing_and_the_next_one_is_made(
    disk: SmallDisk,
) -> None:
    settings, executor = make_settings(disk.folder), ScriptedExecutor(noisy=True)
    executor.hold()
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as stage,
        stage.member() as ada,
    ):
        job_id = await order(ada, CLIP)
        await card_of(ada, job_id, having="step 1 of 4")
        disk.fill()
        with capture_logs() as logs:
            executor.let_go()
            async with asyncio.timeout(60):
                while not any(entry["event"] == "job.clip_not_kept" for entry in logs):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        disk.make_room()
        card = await card_of(ada, job_id, having="came back")
        assert "The bot's disk is full" in card.text
        assert await credits_of(ada) == 100
        files = [path for path in settings.storage.media_folder.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) == 0, "no half clip"
        again = await order(ada, CLIP)
        assert (await finished_card(ada, again)).attachments
        assert await credits_of(ada) == 98
        assert await stage.service.database.read(audit) == ()


async def test_while_the_disk_is_full_orders_are_refused_and_what_was_accepted_is_made_later(
    disk: SmallDisk,
) -> None:
    settings, executor = make_settings(disk.folder), ScriptedExecutor()
    executor.hold()
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as stage,
        stage.member() as ada,
        stage.member("Grace") as grace,
    ):
        job_id = await order(ada, CLIP)
        await card_of(ada, job_id, having="step 1 of 4")
        await credits_of(grace)
        disk.fill()
        # What SQLite has of its log already takes a few more commits; then there is no more room.
        accepted: list[str] = []
        async with asyncio.timeout(60):
            while True:
                reply = (await (await grace.type(CLIP + " seed:7")).reply()).text
                if "disk is full" in reply:
                    break
                accepted.append(reply.split("`")[1])
                await asyncio.to_thread(disk.fill)
        assert "nothing was started" in reply
        disk.make_room()
        executor.let_go()
        assert (await finished_card(ada, job_id)).attachments
        for each in accepted:
            assert (await finished_card(grace, each)).attachments
        assert await credits_of(grace) == 100 - 2 * len(accepted)
        assert not await stage.service.database.read(jobs.unfinished)
        assert await stage.service.database.read(audit) == ()
