"""Comparisons over restarts, and those that end otherwise: a clip fails, somebody cancels, Discord
does not take the message."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from generation.errors import GenerationFailed
from generation.inspection import inspect, read_label
from storage import comparisons
from storage.audit import audit
from tests.journeys.moderators import say
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
)
from tests.journeys.test_arena import compare, pressed, showing, voted_on
from tests.journeys.test_error_ladder import stage_that_takes

QUICKLY = {"generation": {"grace_seconds": 0.1}}
EDIT = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
POST = ("POST", "/channels/{channel_id}/messages")
ALWAYS = 10_000


async def called_off(member: Member, comparison_id: str) -> SeenMessage:
    return await showing(member, comparison_id, "Comparison, called off")


async def until_voting(stage: Stage, comparison_id: str) -> None:
    """Both clips are made and kept, whatever the message shows."""
    async with asyncio.timeout(CLIP_SECONDS):
        while True:
            found = await stage.service.database.read(lambda c: comparisons.get(c, comparison_id))
            if found.state == "voting":
                return
            await asyncio.sleep(0.05)


async def alone(member: Member) -> SeenMessage:
    """The card of a clip whose comparison was called off."""
    return await member.wait_for_message(
        lambda message: bool(message.attachments) and "job " in message.text,
        timeout_seconds=CLIP_SECONDS,
    )


async def test_a_restart_at_each_state_loses_neither_clip_nor_vote(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, **QUICKLY)
    async with open_playground() as playground:
        held = ScriptedExecutor()
        held.hold()
        async with open_stage(playground, settings, held) as stage, stage.member("Ada") as ada:
            comparison_id = await compare(ada)
            before = await credits_of(ada)
            making = await showing(ada, comparison_id, "Comparison")

        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
        ):
            playground.faults.drop(*EDIT, times=ALWAYS)
            await until_voting(stage, comparison_id)
        playground.faults.clear()

        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Grace") as grace,
        ):
            both = await voted_on(ada, comparison_id)
            assert both.id == making.id
            assert len(both.attachments) == 2
            await pressed(grace, both, "A is better")

        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Grace") as grace,
        ):
            assert "2 have voted" in (await pressed(ada, both, "A is better")).text
            assert "2 have voted" in (await pressed(grace, both, "Tie")).text
            playground.faults.drop(*EDIT, times=ALWAYS)
            await pressed(ada, both, "Reveal")
        playground.faults.clear()

        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
        ):
            revealed = await showing(ada, comparison_id, "Comparison, revealed")
            assert "2 votes" in revealed.text
            assert len(revealed.attachments) == 2
            assert await credits_of(ada) == before
            shown = [each for each in ada.messages if comparison_id in each.text]
            assert len([each for each in shown if not each.ephemeral]) == 1
            assert await stage.service.database.read(audit) == ()


async def test_a_clip_that_cannot_be_made_calls_it_off_and_costs_nothing(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.faults += [GenerationFailed("the weights are damaged")] * 2
    async with stage.member("Ada") as ada:
        before = await credits_of(ada)
        comparison_id = await compare(ada)
        ended = await called_off(ada, comparison_id)
        assert "the weights are damaged" in ended.text
        assert "3 credits came back" in ended.text
        assert ended.buttons == []
        assert await credits_of(ada) == before
        public = [message for message in ada.messages if not message.ephemeral]
        assert [message.id for message in public] == [ended.id], "and nothing else is posted"


async def test_the_other_clip_is_posted_by_itself_if_it_was_made(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        before = await credits_of(ada)
        comparison_id = await compare(ada)
        await started(executor, 1)
        await say(lin, "/admin pause")
        executor.let_go()
        await showing_text(ada, comparison_id, "One of two clips is made")
        await cancel_what_waits(ada)
        ended = await called_off(ada, comparison_id)
        assert "One of its clips was cancelled" in ended.text
        assert "is posted by itself" in ended.text
        card = await finished_card(ada, executor.log[0].job_id)
        assert card.attachments
        assert {"Remix", "Share to gallery"} <= {str(each.get("label")) for each in card.buttons}
        paid = before - await credits_of(ada)
        assert paid == 2 if executor.log[0].request.preset == "default" else paid == 1
    assert await stage.service.database.read(audit) == ()


async def test_who_asked_may_cancel_it_and_a_stranger_may_not(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        before = await credits_of(ada)
        comparison_id = await compare(ada)
        making = await showing(grace, comparison_id, "Comparison")
        assert "Only the author" in (await pressed(grace, making, "Cancel")).text
        assert "costs nothing" in (await pressed(ada, making, "Cancel")).text
        ended = await called_off(grace, comparison_id)
        assert f"<@{ada.id}> cancelled it" in ended.text
        assert await credits_of(ada) == before


async def test_a_moderator_s_reveal_is_logged_and_a_student_s_is_refused(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        comparison_id = await compare(ada)
        both = await voted_on(lin, comparison_id)
        assert "moderator" in (await pressed(grace, both, "Reveal")).text
        assert "Revealed" in (await pressed(lin, both, "Reveal")).text
        await showing(grace, comparison_id, "Comparison, revealed")
        log = await say(lin, "/admin log")
        assert f"<@{lin.id}> revealed <@{ada.id}>'s comparison `{comparison_id}`" in log


async def test_a_comparison_whose_message_cannot_be_posted_costs_nothing(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        before = await credits_of(ada)
        stage.playground.faults.fail(*POST, status=403, code=50013, message="Missing Permissions")
        await say(ada, "/compare prompt:a red circle")
        assert await credits_of(ada) == before
        assert executor.log == []
        assert [message for message in ada.messages if not message.ephemeral] == []
    assert await stage.service.database.read(audit) == ()


async def test_a_message_that_got_no_answer_is_found_and_not_posted_twice(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        stage.playground.faults.drop(*POST, after_effect=True)
        comparison_id = await compare(ada)
        await voted_on(ada, comparison_id)
        public = [message for message in ada.messages if not message.ephemeral]
        assert len(public) == 1
        assert len(executor.log) == 2


async def test_clips_that_are_too_large_are_made_smaller_together(tmp_path: Path) -> None:
    async with stage_that_takes(tmp_path, 30_000) as stage, stage.member("Ada") as ada:
        both = await voted_on(ada, await compare(ada))
        for attachment in both.attachments:
            media = await ada.download(attachment)
            assert len(media) <= 30_000
            assert inspect(media).frames == 12
            assert read_label(media) is None


async def test_a_restart_says_of_what_was_called_off_before(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, **QUICKLY)
    async with open_playground() as playground:
        executor = ScriptedExecutor()
        executor.hold()
        async with open_stage(playground, settings, executor) as stage, stage.member("Ada") as ada:
            before = await credits_of(ada)
            comparison_id = await compare(ada)
            making = await showing(ada, comparison_id, "Comparison")
            playground.faults.drop(*EDIT, times=ALWAYS)
            await pressed(ada, making, "Cancel")
        playground.faults.clear()
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
        ):
            ended = await called_off(ada, comparison_id)
            assert ended.id == making.id
            assert await credits_of(ada) == before
            assert await stage.service.database.read(audit) == ()


async def test_clips_that_discord_does_not_take_together_are_posted_one_by_one(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada:
        comparison_id = await compare(ada)
        await showing(ada, comparison_id, "Comparison")
        await started(executor, 1)
        stage.playground.faults.fail(*EDIT, status=403, code=50001, message="Missing Access")
        stage.playground.faults.fail(*EDIT, status=403, code=50001, message="Missing Access")
        executor.let_go()
        ended = await called_off(ada, comparison_id)
        assert "cannot be shown together" in ended.text
        cards = [await finished_card(ada, execution.job_id) for execution in executor.log]
        assert all(card.attachments for card in cards)
        assert len({ended.id, *(card.id for card in cards)}) == 3, "each has a message of its own"


async def test_with_nobody_to_compare_nothing_is_spent(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.unable = {"pocket": "its weights are missing"}
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        before = await credits_of(ada)
        said = await say(ada, "/compare prompt:a red circle")
        assert "there is none. Nothing was charged" in said
        executor.unable = {}
        said = await say(ada, "/compare prompt:a red circle model_a:pocket model_b:pocket")
        assert "same as model_a" in said
        assert "no model called" in await say(ada, "/compare prompt:a fox model_a:sora")
        await say(lin, "/admin rules add words:fox")
        assert "do not allow" in await say(ada, "/compare prompt:a fox")
        assert await credits_of(ada) == before
        assert executor.log == []


async def test_the_queue_s_limit_is_asked_for_both(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada:
        await compare(ada)
        await started(executor, 1)
        await compare(ada)
        before = await credits_of(ada)
        assert "4 jobs waiting or running" in await say(ada, "/compare prompt:a red circle")
        assert await credits_of(ada) == before
        executor.let_go()


async def showing_text(member: Member, comparison_id: str, words: str) -> SeenMessage:
    return await member.wait_for_message(
        lambda message: f"comparison {comparison_id}" in message.text and words in message.text,
        timeout_seconds=CLIP_SECONDS,
    )


async def cancel_what_waits(member: Member) -> None:
    """By the only button of /jobs."""
    listed = await (await member.type("/jobs")).reply()
    (button,) = listed.buttons
    await (await member.press(listed, custom_id=str(button["custom_id"]))).reply()


async def started(executor: ScriptedExecutor, executions: int) -> None:
    async with asyncio.timeout(CLIP_SECONDS):
        while len(executor.log) < executions:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
