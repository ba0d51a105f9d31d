"""Events told twice or in the wrong order, a disk or a database that takes nothing, a bad file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.playground.member import Member
from storage import jobs
from storage.audit import audit
from storage.jobs import JobRecord
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    at_its_end,
    card_of,
    credits_of,
    finished_card,
    order,
)

CARD = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
TOLD = "INTERACTION_CREATE"
ALWAYS = 10_000


def damage(file: Path) -> None:
    file.write_bytes(b"not what was made")


async def jobs_of(stage: Stage, member: Member) -> tuple[JobRecord, ...]:
    return await stage.service.database.read(
        lambda connection: jobs.of_user(
            connection, guild_id=int(member.guild_id), user_id=int(member.id), limit=100
        )
    )


async def test_a_command_that_discord_tells_twice_makes_one_job(stage: Stage) -> None:
    async with stage.member() as ada:
        stage.playground.event_faults.repeat(TOLD)
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await at_its_end(stage, job_id)
        assert [record.id for record in await jobs_of(stage, ada)] == [job_id]
        assert await credits_of(ada) == 98
        shown = [message for message in ada.messages if f"job {job_id}" in message.text]
        assert len(shown) == 1


async def test_a_button_press_that_discord_tells_twice_counts_once(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, job_id)
        stage.playground.event_faults.repeat(TOLD)
        reply = await (await ada.press(card, label="Reroll")).reply()
        await finished_card(ada, reply.text.split("`")[1])
        assert len(await jobs_of(stage, ada)) == 2
        assert await credits_of(ada) == 96


async def test_commands_that_discord_tells_in_the_wrong_order_are_both_served(
    stage: Stage,
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        stage.playground.event_faults.delay(TOLD)
        first = await ada.type("/imagine-video prompt:a red circle")
        second = await order(grace, "/imagine-video prompt:a blue star")
        late = (await first.reply()).text.split("`")[1]
        for member, job_id in ((grace, second), (ada, late)):
            assert (await finished_card(member, job_id)).attachments


async def test_an_outcome_waits_while_the_disk_has_no_room_for_it(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    """The database is told that it has no more pages, which SQLite treats as a full disk."""
    database = stage.service.database
    executor.hold()
    executor.notes = ("x" * 100_000,)  # more than fits into the pages that it has
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await card_of(ada, job_id, having="step 1 of 4")
        await database.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1").close())
        with capture_logs() as logs:
            executor.let_go()
            await logged(logs, "database.refuses")
        record = await database.read(lambda c: jobs.get(c, job_id))
        assert record.state == "running"
        await database.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1000000").close())
        assert (await finished_card(ada, job_id)).attachments
        assert await credits_of(ada) == 98
        assert await database.read(audit) == ()


async def test_an_outcome_waits_while_another_program_holds_the_database(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await card_of(ada, job_id, having="step 1 of 4")
        holder = sqlite3.connect(stage.service.database.place, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with capture_logs() as logs:
            executor.let_go()
            await logged(logs, "database.refuses")
        holder.execute("ROLLBACK")
        holder.close()
        assert (await finished_card(ada, job_id)).attachments
        assert await credits_of(ada) == 98
        assert await stage.service.database.read(audit) == ()


async def logged(logs: list[MutableMapping[str, Any]], event: str) -> None:
    async with asyncio.timeout(60):
        while True:
            if any(entry["event"] == event for entry in logs):
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [(damage, "damaged on disk"), (Path.unlink, "file is lost")],
    ids=["damaged", "lost"],
)
async def test_a_clip_whose_file_went_bad_before_it_was_posted_is_kept_and_jobs_says_why(
    stage: Stage, executor: ScriptedExecutor, harm: Callable[[Path], None], reason: str
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await card_of(ada, job_id, having="step 1 of 4")
        stage.playground.faults.fail(*CARD, status=503, times=ALWAYS)
        with capture_logs() as logs:
            executor.let_go()
            await logged(logs, "delivery.retrying")
        harm(await clip_file(stage))
        stage.playground.faults.clear()
        assert (await at_its_end(stage, job_id)).state == "kept"
        listed = await (await ada.type("/jobs")).reply()
        assert reason in listed.text
        assert await stage.service.database.read(audit) == ()


async def clip_file(stage: Stage) -> Path:
    """The one clip that is on disk, once its job has succeeded."""
    async with asyncio.timeout(60):
        while True:
            found = [p for p in stage.settings.storage.media_folder.rglob("*.mp4") if p.is_file()]
            claimed = [path for path in found if path.parent.name != ".unclaimed"]
            if len(found) == len(claimed) == 1:
                return claimed[0]
            await asyncio.sleep(0.02)
