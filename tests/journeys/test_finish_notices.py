"""Direct messages about finished clips, when things go wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from generation.errors import GenerationFailed
from storage import finish_notices
from storage.finish_notices import FinishNotice
from tests.journeys.moderators import CLIP, say
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    at_its_end,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)

OPEN = ("POST", "/users/@me/channels")


async def notices(stage: Stage) -> tuple[FinishNotice, ...]:
    return await stage.service.database.read(finish_notices.due)


async def problems(stage: Stage) -> list[str]:
    """Why notices ended that were not sent."""

    def read(connection: Connection) -> list[str]:
        rows = connection.execute(text("SELECT problem FROM finish_notices"))
        return [problem for (problem,) in rows if problem]

    return await stage.service.database.read(read)


async def until_problem(stage: Stage, count: int) -> list[str]:
    async with asyncio.timeout(CLIP_SECONDS):
        while True:
            if len(found := await problems(stage)) >= count:
                return found
            await asyncio.sleep(0.05)


async def until_none_is_due(stage: Stage) -> None:
    """Sends again and again, as the rounds do."""
    async with asyncio.timeout(CLIP_SECONDS):
        while await notices(stage):
            await stage.service.finish_notices.sweep()


async def test_who_takes_no_messages_is_told_once_and_not_written_to_again(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        await say(ada, "/prefer set direct_messages:true")
        stage.playground.close_direct_messages(ada.id)
        await finished_card(ada, await order(ada, CLIP))
        assert "direct messages" in (await until_problem(stage, 1))[0]
        assert "stopped, since Discord took none" in await say(ada, "/prefer show")
        said = await say(ada, CLIP)
        assert "Discord took no direct message from me for you" in said
        await finished_card(ada, said.split("`")[1])
        again = await say(ada, CLIP)
        assert "Discord took no direct message" not in again
        await finished_card(ada, again.split("`")[1])
        assert len(await problems(stage)) == 1
        assert not [seen for seen in ada.messages if seen.channel_id != ada.channel_id]

        stage.playground.close_direct_messages(ada.id, closed=False)
        await say(ada, "/prefer set direct_messages:true")
        job_id = await order(ada, CLIP)
        await ada.wait_for_message(
            lambda seen: seen.channel_id != ada.channel_id and job_id in seen.text
        )


async def test_what_could_not_be_sent_is_sent_once_after_a_restart(
    tmp_path: Path, executor: ScriptedExecutor
) -> None:
    """With the message out and its answer lost: by its nonce within Discord's memory of it, and by
    looking for it later on."""
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member("Ada") as ada:
            await say(ada, "/prefer set direct_messages:true")
            first = await order(ada, CLIP)
            before = await ada.wait_for_message(
                lambda seen: seen.channel_id != ada.channel_id and first in seen.text
            )
        async with open_stage(playground, settings, executor) as stage, stage.member("Ada") as ada:
            job_id = await order(ada, CLIP)
            await finished_card(ada, job_id)
            sent = await ada.wait_for_message(
                lambda seen: seen.channel_id == before.channel_id and job_id in seen.text
            )
            await until_none_is_due(stage)
            for minutes in (0, 10):
                since = int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp() * 1e6)
                await forget_the_answer(stage, job_id, since)
                await stage.service.finish_notices.sweep()
                assert await notices(stage) == ()
            shown = [seen for seen in ada.messages if job_id in seen.text]
            assert [seen.id for seen in shown if seen.channel_id == before.channel_id] == [sent.id]


async def forget_the_answer(stage: Stage, job_id: str, since: int) -> None:
    """As if the bot had died after it sent the message."""

    def forget(connection: Connection) -> None:
        connection.execute(
            text(
                "UPDATE finish_notices SET ended_at = NULL, sending_since = :since"
                " WHERE job_id = :job_id"
            ),
            {"since": since, "job_id": job_id},
        )

    await stage.service.database.write(forget)


async def test_a_clip_that_could_not_be_made_is_told_of_too(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.faults.append(GenerationFailed("the words are too long for it"))
    async with stage.member("Ada") as ada:
        await say(ada, "/prefer set direct_messages:true")
        job_id = await order(ada, CLIP)
        sent = await ada.wait_for_message(
            lambda seen: seen.channel_id != ada.channel_id and job_id in seen.text
        )
        assert "Your /imagine-video could not be made" in sent.text


async def test_a_failing_discord_is_asked_again_and_the_message_comes_once(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        await say(ada, "/prefer set direct_messages:true")
        stage.playground.faults.fail(*OPEN, status=400, code=50035, message="Invalid Form Body")
        await finished_card(ada, await order(ada, CLIP))
        assert "Invalid Form Body" in (await until_problem(stage, 1))[0]
        assert await notices(stage) == ()
        assert "when a clip is finished" in await say(ada, "/prefer show")

        stage.playground.faults.drop(*OPEN, times=1)
        job_id = await order(ada, CLIP)
        await at_its_end(stage, job_id)
        await until_none_is_due(stage)
    async with stage.member("Ada") as ada_anew:
        sent = [
            seen
            for seen in ada_anew.messages
            if seen.channel_id != ada_anew.channel_id and job_id in seen.text
        ]
        assert len(sent) == 1
