"""A clip reaches its member whatever Discord says, once: in the channel, directly, or in /jobs."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest

from bot import channel_messages
from bot.playground.member import Member
from generation.errors import WorkerCrashed
from storage import jobs
from storage.audit import audit
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

CARD = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
OPEN_DIRECT = ("POST", "/users/@me/channels")
ALWAYS = 100


async def held_job(ada: Member, executor: ScriptedExecutor) -> str:
    """A job that stands half way, its card showing that."""
    executor.hold()
    job_id = await order(ada, "/imagine-video prompt:a red circle")
    await card_of(ada, job_id, having="step 1 of 4")
    return job_id


@pytest.mark.parametrize("code", [10003, 50001])
async def test_a_clip_whose_channel_is_closed_comes_as_a_direct_message(
    stage: Stage, executor: ScriptedExecutor, code: int
) -> None:
    async with stage.member() as ada:
        job_id = await held_job(ada, executor)
        stage.playground.faults.fail(*CARD, status=403, code=code, times=ALWAYS)
        executor.let_go()
        outcome = await at_its_end(stage, job_id)
        assert (outcome.state, outcome.attempts) == ("direct", 1), "and it was not hammered"
        record = await stage.service.database.read(lambda connection: jobs.get(connection, job_id))
        channel = await stage.service.client.create_dm(discord.Object(record.user_id))
        received = [message async for message in channel.history()]
        assert [len(message.attachments) for message in received] == [1]


async def test_a_clip_that_nobody_takes_is_kept_and_jobs_says_why(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada:
        job_id = await held_job(ada, executor)
        stage.playground.faults.fail(*CARD, status=404, code=10003, times=ALWAYS)
        stage.playground.faults.fail(*OPEN_DIRECT, status=403, code=50007, times=ALWAYS)
        executor.let_go()
        assert (await at_its_end(stage, job_id)).state == "kept"
        listed = await (await ada.type("/jobs")).reply()
        assert "the channel is gone" in listed.text
        assert "direct messages" in listed.text
        assert await stage.service.database.read(audit) == ()


async def test_an_answer_that_is_lost_does_not_post_twice(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada:
        job_id = await held_job(ada, executor)
        card = await card_of(ada, job_id)
        channel = stage.service.client.get_partial_messageable(int(card.channel_id))
        await channel.get_partial_message(int(card.id)).delete()
        stage.playground.faults.drop(
            "POST", "/channels/{channel_id}/messages", times=1, after_effect=True
        )
        executor.let_go()
        assert (await at_its_end(stage, job_id)).state == "posted"
        shown = [message for message in ada.messages if f"job {job_id}" in message.text]
        assert len(shown) == 1


async def test_an_outcome_that_was_perhaps_posted_long_ago_is_looked_for(tmp_path: Path) -> None:
    """The bot died after Discord took the message and before it could remember that."""
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            job_id = await order(ada, "/imagine-video prompt:a red circle")
            card = await finished_card(ada, job_id)
            await at_its_end(stage, job_id)
            forget = (
                "UPDATE deliveries SET state = 'sending', sending_since = 1, ended_at = NULL",
                "UPDATE jobs SET card_message_id = NULL",
            )
            for statement in forget:
                await stage.service.database.write(
                    lambda connection, statement=statement: connection.exec_driver_sql(statement)
                )
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            assert (await at_its_end(stage, job_id)).message_id == int(card.id)
            shown = [message for message in ada.messages if f"job {job_id}" in message.text]
            assert [message.id for message in shown] == [card.id]


async def test_a_job_that_kills_its_worker_twice_is_not_tried_again(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.faults += [WorkerCrashed(-9), WorkerCrashed(-9)]
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        assert "came back" in (await finished_card(ada, job_id)).text
        assert await credits_of(ada) == 100
    assert len(executor.log) == 2
    record = await stage.service.database.read(lambda connection: jobs.get(connection, job_id))
    assert (record.state, record.worker_kills) == ("dead", 2)


POST = ("POST", "/channels/{channel_id}/messages")
SEARCH = ("GET", "/channels/{channel_id}/messages")


@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_order_whose_card_got_no_answer_is_made_and_shown_once(
    stage: Stage, executor: ScriptedExecutor, after_effect: bool
) -> None:
    executor.hold()
    async with stage.member() as ada:
        stage.playground.faults.drop(*POST, after_effect=after_effect)
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await card_of(ada, job_id, having="step 1 of 4")
        executor.let_go()
        assert (await finished_card(ada, job_id)).attachments
        shown = [message for message in ada.messages if f"job {job_id}" in message.text]
        assert len(shown) == 1
        assert await credits_of(ada) == 98


async def test_a_lost_card_is_found_beneath_everything_said_since(
    stage: Stage, executor: ScriptedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_messages, "SEARCHED_MESSAGES", 3)
    executor.hold()
    async with stage.member() as ada:
        stage.playground.faults.drop(*POST, after_effect=True)
        stage.playground.faults.fail(*SEARCH, status=403, code=50013)
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        record = await stage.service.database.read(lambda connection: jobs.get(connection, job_id))
        channel = stage.service.client.get_partial_messageable(record.channel_id)
        for word in ("more", "than", "are", "searched"):
            await channel.send(word)
        executor.let_go()
        assert (await finished_card(ada, job_id)).attachments
        shown = [message for message in ada.messages if f"job {job_id}" in message.text]
        assert len(shown) == 1


async def test_an_order_whose_card_is_refused_costs_nothing_and_is_not_made(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada:
        stage.playground.faults.fail(*POST, status=403, code=50013)
        reply = await (await ada.type("/imagine-video prompt:a red circle")).reply()
        assert " is in. " not in reply.text
        assert await credits_of(ada) == 100
    assert executor.log == []
