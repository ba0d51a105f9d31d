"""/help teaches: topics and commands in the reader's language, and examples that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.guide import content
from bot.guide.pages import PRICED
from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
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

CONTENT = content.load()


async def help_about(member: Member, topic: str) -> SeenMessage:
    return await (await member.type(f"/help topic:{topic}")).reply()


async def run_example(member: Member, example_id: str) -> SeenMessage:
    """Opens the topic of the example and presses its button."""
    topic = next(one for one in CONTENT.topics if CONTENT.example(example_id) in one.examples)
    page = await help_about(member, topic.id)
    return await (await member.press(page, custom_id=f"help:try:{example_id}")).reply()


async def test_an_example_shows_its_price_and_is_ordered_by_generate(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        before = await credits_of(ada)
        preview = await run_example(ada, "first-camera")
        assert preview.ephemeral
        assert "before you spend anything" in preview.text
        assert "a blue star over a city" in preview.text
        assert "**seed** `7`" in preview.text
        assert await credits_of(ada) == before
        assert executor.log == []
        reply = await (await ada.press(preview, label="Generate")).reply()
        card = await finished_card(grace, reply.text.split("`")[1])
        assert "a blue star over a city" in card.text
        assert await credits_of(ada) == before - 2


async def test_every_example_runs(stage: Stage) -> None:
    """Each by somebody who may, and who has made a clip and a picture before."""
    async with stage.member("Lin") as lin:
        await finished_card(lin, await order(lin, "/imagine-video prompt:a red circle"))
        await finished_card(lin, await order(lin, "/storyboard-image prompt:a red circle"))
        for example in CONTENT.examples:
            reply = await run_example(lin, example.id)
            priced = "before you spend anything" in reply.text
            assert priced == (example.command in PRICED), f"{example.id}: {reply.text}"
            assert "wrong on my side" not in reply.text, example.id


async def test_an_example_on_the_newest_clip_says_when_there_is_none(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        reply = await run_example(ada, "clip-extend")
        assert "you have made none here yet" in reply.text
        reply = await run_example(ada, "picture-move")
        assert "takes a picture of yours" in reply.text


async def test_a_student_cannot_run_a_moderators_example(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        reply = await run_example(ada, "admin-log")
        assert "for moderators" in reply.text


async def test_the_menu_turns_to_a_topic_and_its_button_works_after_a_restart(
    tmp_path: Path, executor: ScriptedExecutor
) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            overview = await (await ada.type("/help")).reply()
            assert "Your first clip" in overview.text
            await (await ada.select(overview, ["loops"])).acknowledged()
            page = await ada.wait_for_message(lambda one: "seam" in one.text)
            assert page.id == overview.id
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            preview = await (await ada.press(page, custom_id="help:try:loop-star")).reply()
            assert "/loop before you spend anything" in preview.text


@pytest.mark.parametrize("typed", ["imagine-video", "/imagine-video", "Imagine Video"])
async def test_a_command_is_explained_with_its_options_and_examples(
    stage: Stage, typed: str
) -> None:
    async with stage.member() as ada:
        page = await help_about(ada, typed)
        assert "Turn words into a video clip" in page.text
        assert "`prompt` **needed** What the clip shows" in page.text
        assert "Seconds (1 to 60)" in page.text
        assert "/imagine-video prompt:a red circle moving right" in page.text
        assert any(one["custom_id"] == "help:try:first-clip" for one in page.buttons)


async def test_a_group_lists_its_commands(stage: Stage) -> None:
    async with stage.member() as ada:
        page = await help_about(ada, "admin rules")
        assert "`/admin rules test` Whether a prompt would be refused" in page.text
        assert "Only moderators can use it." in page.text


async def test_what_there_is_no_help_about_is_said_with_what_is_near(stage: Stage) -> None:
    async with stage.member() as ada:
        reply = await help_about(ada, "imagine-vidoe")
        assert "no help about “imagine-vidoe”" in reply.text
        assert "imagine-video" in reply.text


async def test_help_is_suggested_while_typing(stage: Stage) -> None:
    async with stage.member() as ada:
        first = await ada.autocomplete("/help topic:", "topic")
        assert first[0]["name"] == "🎬 Your first clip"
        found = await ada.autocomplete("/help topic:anim", "topic")
        assert found[0]["value"] == "animate"


async def test_help_is_in_the_servers_language_before_the_members(stage: Stage) -> None:
    stage.playground.prefer_locale("Film Club", "de")
    stage.playground.prefer_locale("Study Hall", "fr")
    async with (
        await Member.connect(stage.playground.url, guild="Film Club", locale="en-GB") as british,
        await Member.connect(stage.playground.url, name="Grace", locale="de") as german,
        await Member.connect(stage.playground.url, name="Lin", locale="it") as italian,
    ):
        assert "So funktioniert Reelroom" in (await (await british.type("/help")).reply()).text
        page = await help_about(german, "Schleifen")
        assert "Eine Schleife kann endlos laufen" in page.text
        assert "How Reelroom works" in (await (await italian.type("/help")).reply()).text


async def test_commands_are_described_in_german(stage: Stage) -> None:
    async with await Member.connect(stage.playground.url, locale="de") as ada:
        commands = {command["name"]: command for command in await ada.commands()}
        assert commands["loop"]["description_localized"].startswith("Einen Clip machen")
        camera = next(
            option for option in commands["imagine-video"]["options"] if option["name"] == "camera"
        )
        assert camera["choices"][0]["name_localized"] == "heranzoomen"
        reply = await (await ada.type("/help topic:loop")).reply()
        assert "Einen Clip machen, dessen Ende an seinen Anfang anschließt" in reply.text
        suggested = await ada.autocomplete("/help topic:bild", "topic")
        assert any("Bilder, die sich bewegen" in one["name"] for one in suggested)
