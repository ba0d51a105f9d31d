"""The card's buttons that build on a clip, report it, or send it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from generation.request import Command
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)


@pytest.fixture
async def two_models(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    settings = make_settings(
        tmp_path,
        generation={
            "enabled_models": ("pocket", "ltx-video"),
            "accepted_licences": ("ltx-video",),
        },
    )
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as opened,
    ):
        yield opened


async def made_by(member: Member, sent_text: str) -> SeenMessage:
    assert " is in. " in sent_text, sent_text
    return await finished_card(member, sent_text.split("`")[1])


async def test_vary_takes_the_neighbouring_seed_and_names_whose_clip_it_is(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        first = await order(ada, "/imagine-video prompt:a red circle seed:7")
        card = await finished_card(grace, first)
        varied = await made_by(grace, (await (await grace.press(card, label="Vary")).reply()).text)
        assert "seed `8`" in varied.text
        assert f"a remix of {first} by <@{ada.id}>" in varied.text


async def test_a_clip_becomes_a_loop_that_begins_with_its_first_picture(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        card = await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
        reply = await (await ada.press(card, label="Make it a loop")).reply()
        looped = await made_by(ada, reply.text)
        assert looped.text.startswith("Loop")
        request = executor.log[-1].request
        assert request.command is Command.LOOP
        assert request.image_sha256 in executor.log[-1].files


async def test_a_frame_of_a_clip_is_animated_with_other_words(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        card = await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
        modal = await (await ada.press(card, label="Animate a frame")).modal()
        refused = await (await ada.submit_modal(modal, {"second": "9"})).reply()
        assert "second must be from 0 to 1.00" in refused.text
        modal = await (await ada.press(card, label="Animate a frame")).modal()
        typed = {"second": "0.5", "prompt": "it turns blue -seed 5"}
        await made_by(ada, (await (await ada.submit_modal(modal, typed)).reply()).text)
        request = executor.log[-1].request
        assert (request.command, request.prompt, request.seed) == (
            Command.ANIMATE,
            "it turns blue",
            5,
        )


async def test_options_are_edited_in_one_line_of_words_and_flags(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        line = "/imagine-video prompt:a red circle seed:7 camera:zoom in negative:blue"
        card = await finished_card(ada, await order(ada, line))
        modal = await (await ada.press(card, label="Edit options")).modal()
        shown = modal.fields[0]["value"]
        assert shown.startswith("a red circle -motion 2 -gs 4 -ar 1:1 -camera zoom in -seed 7")
        typed = {"prompt": shown.replace("-ar 1:1", "-ar 16:9").replace("-seed 7", "")}
        await made_by(ada, (await (await ada.submit_modal(modal, typed)).reply()).text)
        before, after = (execution.request for execution in executor.log)
        assert (after.aspect, after.camera) == ("16:9", before.camera)
        assert (after.negative_prompt, after.steps) == ("blue", before.steps)
        assert after.seed != 7


async def test_the_same_seed_is_tried_on_another_model(
    two_models: Stage, executor: ScriptedExecutor
) -> None:
    async with two_models.member("Ada") as ada:
        card = await finished_card(
            ada, await order(ada, "/imagine-video prompt:a red circle seed:7")
        )
        menu = await (await ada.press(card, label="Other model")).reply()
        await made_by(ada, (await (await ada.select(menu, ["ltx-video"])).reply()).text)
        request = executor.log[-1].request
        assert (request.model, request.seed, request.prompt) == ("ltx-video", 7, "a red circle")


async def test_with_one_model_there_is_no_other(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        card = await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
        reply = await (await ada.press(card, label="Other model")).reply()
        assert "No other model" in reply.text


async def test_a_report_reaches_moderators_once(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(lin, job_id)
        for answer in ("Moderators see it", "reported this before"):
            modal = await (await lin.press(card, label="Report")).modal()
            reply = await (await lin.submit_modal(modal, {"reason": "it is *rude*"})).reply()
            assert answer in reply.text
        log = await (await lin.type("/admin log")).reply()
        assert log.text.count(f"reported job `{job_id}`") == 1


async def test_a_clip_is_sent_to_whoever_asks_with_seed_and_settings(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        job_id = await order(ada, "/imagine-video prompt:a red circle seed:7")
        card = await finished_card(grace, job_id)
        reply = await (await grace.press(card, label="Send to me")).reply()
        assert "direct messages" in reply.text
        sent = await grace.wait_for_message(
            lambda message: message.channel_id != card.channel_id and job_id in message.text
        )
        assert "seed `7`" in sent.text
        assert await grace.download(sent.attachments[0])


async def test_others_build_nothing_on_a_private_clip(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        job_id = await order(ada, "/imagine-video prompt:a red circle private:true")
        card = await finished_card(grace, job_id)
        before = await credits_of(grace)
        for label in ("Vary", "Remix", "Edit options", "Make it a loop", "Animate a frame",
                      "Other model", "Send to me"):  # fmt: skip
            refusal = await (await grace.press(card, label=label)).reply()
            assert "Only the author" in refusal.text, label
        assert await credits_of(grace) == before
