"""What Discord refuses is made smaller, waited for, or kept, and never asked for in haste."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.playground.exchange import Exchange
from bot.playground.server import Playground
from generation.clip import ClipFacts
from generation.inspection import inspect, read_label
from storage import deliveries, jobs
from storage.audit import audit
from storage.deliveries import DeliveryRecord
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    at_its_end,
    card_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)

CARD = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
ALWAYS = 10_000


@asynccontextmanager
async def stage_that_takes(folder: Path, most_bytes: int) -> AsyncGenerator[Stage]:
    """The bot does not know of this limit until Discord refuses."""
    async with (
        Playground(attachment_limit_bytes=most_bytes) as playground,
        open_stage(playground, make_settings(folder), ScriptedExecutor(noisy=True)) as stage,
    ):
        yield stage


async def outbox_row(stage: Stage, job_id: str, *, tries: int) -> DeliveryRecord:
    """The job's row once it was tried so often and put off."""
    async with asyncio.timeout(CLIP_SECONDS):
        while True:
            rows = await stage.service.database.read(deliveries.unfinished)
            for row in rows:
                # While a try is under way its time is past.
                put_off = row.next_attempt_at > datetime.now(UTC)
                if row.job_id == job_id and row.attempts >= tries and put_off:
                    return row
            await asyncio.sleep(0.05)


async def test_a_clip_that_discord_finds_too_large_is_encoded_again_until_it_fits(
    tmp_path: Path,
) -> None:
    async with stage_that_takes(tmp_path, 30_000) as stage, stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle seed:7")
        card = await finished_card(ada, job_id)
        posted = await ada.download(card.attachments[0])
        record = await stage.service.database.read(lambda c: jobs.get(c, job_id))
    made = ClipFacts.from_json(record.clip_json or "")
    assert len(posted) <= 30_000 < made.size_bytes, "and it was larger when it was made"
    assert inspect(posted).frames == made.frames
    label = read_label(posted)
    assert label is not None
    assert label.seed == 7


async def test_a_clip_that_fits_at_no_size_is_kept_and_jobs_says_why(tmp_path: Path) -> None:
    async with stage_that_takes(tmp_path, 500) as stage, stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        assert (await at_its_end(stage, job_id)).state == "kept"
        listed = await (await ada.type("/jobs")).reply()
        assert "larger than Discord takes" in listed.text
        files = [p for p in stage.settings.storage.media_folder.rglob("*.mp4") if p.is_file()]
        assert len(files) == 1, "the clip is still there"
        assert await stage.service.database.read(audit) == ()


async def test_while_discord_fails_each_try_waits_longer_and_the_last_one_delivers(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await card_of(ada, job_id, having="step 1 of 4")
        stage.playground.faults.fail(*CARD, status=503, times=ALWAYS)
        executor.let_go()
        began = time.monotonic()
        await outbox_row(stage, job_id, tries=3)
        assert time.monotonic() - began >= 1 + 2, "it waited 1 s, then 2 s"
        stage.playground.faults.clear()
        stage.playground.faults.rate_limit(*CARD, retry_after_seconds=0.2)
        assert (await finished_card(ada, job_id)).attachments


async def test_what_discord_refuses_is_asked_for_three_times_in_ten_minutes_then_kept(
    tmp_path: Path,
) -> None:
    settings, executor = make_settings(tmp_path), ScriptedExecutor()
    asked: list[Exchange] = []
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member() as ada,
        ):
            executor.hold()
            job_id = await order(ada, "/imagine-video prompt:a red circle")
            await card_of(ada, job_id, having="step 1 of 4")
            playground.faults.fail(*CARD, status=403, times=ALWAYS)
            playground.exchanges = asked.append
            executor.let_go()
            row = await outbox_row(stage, job_id, tries=2)
            assert row.next_attempt_at - datetime.now(UTC) > timedelta(seconds=30)
            # One a try, and perhaps an edit for the last steps before.
            assert len([one for one in asked if one.status == 403]) <= 2 + 2
            # As if those ten minutes had passed.
            await stage.service.database.write(
                lambda c: c.exec_driver_sql("UPDATE deliveries SET attempts = 3")
            )
        playground.exchanges = None
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            assert (await at_its_end(stage, job_id)).state == "kept"
            listed = await (await ada.type("/jobs")).reply()
            assert "Discord refuses it" in listed.text
