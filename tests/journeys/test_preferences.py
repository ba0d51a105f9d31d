"""Preferences, option sets and channels' defaults, from what is typed to the clip."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.member import Member
from storage import option_sets
from storage.option_sets import MOST_SETS, OptionSet
from tests.journeys.moderators import CLIP, say
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    card_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)
from tests.storage.builders import NOW

TWO_MODELS = {"enabled_models": ("pocket", "ltx-video"), "accepted_licences": ("ltx-video",)}


@pytest.fixture
async def two_models(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    chosen = make_settings(
        tmp_path,
        generation=TWO_MODELS,
    )
    async with open_playground() as playground, open_stage(playground, chosen, executor) as stage:
        yield stage


async def made(member: Member, line: str) -> str:
    """What the member reads, once the clip is there."""
    said = await say(member, line)
    assert " is in. " in said, said
    await finished_card(member, said.split("`")[1])
    return said


async def test_preferences_count_until_something_else_is_typed_and_are_said(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        said = await say(ada, "/prefer set aspect:16:9 duration:3 suffix:in the snow private:true")
        assert "Aspect: 16:9\nDuration: 3 s\nSuffix: `in the snow`\nPrivate: yes" in said
        said = await made(ada, CLIP)
        assert "From your preferences: duration 3, aspect 16:9, private yes" in said
        assert "“in the snow” is added to the words" in said
        request = executor.log[-1].request
        assert request.prompt == "a red circle, in the snow"
        assert (request.aspect, request.seconds, request.private) == ("16:9", 3.0, True)

        await made(ada, f"{CLIP} -dur 2 aspect:9:16 private:false")
        request = executor.log[-1].request
        assert (request.aspect, request.seconds, request.private) == ("9:16", 2.0, False)
        assert "preferences" not in await made(grace, CLIP)
        assert not executor.log[-1].request.private

        shown = await say(ada, "/prefer show")
        assert "Duration: 3 s" in shown
        assert "Duration: not set" in await say(ada, "/prefer reset what:duration")
        shown = await say(ada, "/prefer reset what:everything")
        assert "Suffix: not set\nPrivate: not set" in shown
        assert "preferences" not in await made(ada, CLIP)


async def test_preferences_survive_a_restart_and_a_model_that_went_is_named(
    tmp_path: Path, executor: ScriptedExecutor
) -> None:
    both = make_settings(
        tmp_path,
        generation=TWO_MODELS,
    )
    async with open_playground() as playground:
        async with open_stage(playground, both, executor) as stage, stage.member("Ada") as ada:
            assert "no model called “nosuch”" in await say(ada, "/prefer set model:nosuch")
            await say(ada, "/prefer set model:ltx-video aspect:16:9")
            await made(ada, CLIP)
            assert executor.log[-1].request.model == "ltx-video"
        one = make_settings(tmp_path)
        async with open_stage(playground, one, executor) as stage, stage.member("Ada") as ada:
            said = await made(ada, CLIP)
            assert "the model `ltx-video` is not here any more, so it is left out" in said
            request = executor.log[-1].request
            assert (request.model, request.aspect) == ("pocket", "16:9")
            said = await say(ada, "/prefer set duration:2")
            assert "Model: ltx-video, which is not here any more" in said
            assert "Model: not set" in await say(ada, "/prefer reset what:model")


async def test_flags_are_no_suffix(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        said = await say(ada, "/prefer set suffix:soft light -ar 16:9")
        assert "has flags in it; keep those as an option set" in said
        assert "Suffix: not set" in await say(ada, "/prefer show")


async def test_an_option_set_is_saved_listed_used_and_deleted(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        said = await say(ada, "/options save name:Noir options:film noir --AR 16:9, -gs 99 -fps 60")
        assert "Saved **noir**: `film noir -gs 99 -ar 16:9`" in said
        assert "99 became 12" in said
        assert "60" in said
        choices = await ada.autocomplete("/imagine-video prompt:a fox options:no", "options")
        assert [choice["value"] for choice in choices] == ["noir"]
        assert await grace.autocomplete("/imagine-video prompt:a fox options:no", "options") == []

        said = await made(ada, "/imagine-video prompt:a fox -gs 5 options:noir")
        assert "From your option set “noir”: aspect 16:9" in said
        request = executor.log[-1].request
        assert (request.prompt, request.aspect, request.guidance) == (
            "a fox, film noir",
            "16:9",
            5.0,
        )
        assert "no option set “noir”" in await say(grace, f"{CLIP} options:noir")
        assert "film noir" in await say(ada, "/options list")

        question = await (await ada.type("/options delete name:noir")).reply()
        await ada.press(question, label="Keep it")
        await ada.wait_for_message(lambda seen: seen.id == question.id and "Kept" in seen.text)
        question = await (await ada.type("/options delete name:noir")).reply()
        await ada.press(question, label="Delete")
        gone = await ada.wait_for_message(
            lambda seen: seen.id == question.id and "Deleted" in seen.text
        )
        assert "it was `film noir" in gone.text
        assert "None yet" in await say(ada, "/options list")
        assert "no option set" in await say(ada, "/options delete name:noir")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("name:a b options:-gs 8", "letters, digits"),
        ("name:x", "either options, or a clip"),
        ("name:x options:-gs 8 from:abc", "either options, or a clip"),
        ("name:x options:-arr 16:9", "did you mean `-ar`"),
        ("name:x options:-ar wide", "`-ar` without a value"),
        ("name:x options:-fps 24", "says nothing"),
        ("name:x options:-model nosuch", "no model called “nosuch”"),
        ("name:x options:-preset slow", "knows default, quick"),
        ("name:x from:aaaaaaaaaaaaa", "does not exist"),
    ],
)
async def test_what_cannot_be_saved_is_said(stage: Stage, typed: str, why: str) -> None:
    async with stage.member("Ada") as ada:
        assert why in await say(ada, f"/options save {typed}")
        assert "None yet" in await say(ada, "/options list")


async def test_a_set_is_taken_from_a_clip_but_not_from_another_s_private_one(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        line = "/imagine-video prompt:a fox preset:quick seed:7 aspect:9:16 duration:3"
        job_id = await order(ada, f"{line} negative:blue")
        card = await finished_card(ada, job_id)
        choices = await ada.autocomplete("/options save name:x from:fox", "from")
        assert [choice["value"] for choice in choices] == [job_id]
        said = await say(grace, f"/options save name:hers from:{job_id}")
        assert "-ar 9:16" in said
        assert "-seed" not in said
        assert "a fox" not in said
        link = f"https://discord.com/channels/{ada.guild_id}/{ada.channel_id}/{card.id}"
        again = await say(grace, f"/options save name:hers from:{link}")
        assert "before" not in again
        await made(grace, "/imagine-video prompt:a dog options:hers")
        hers, request = (each.request for each in executor.log)
        assert (request.preset, request.aspect, request.seconds, request.negative_prompt) == (
            "quick",
            "9:16",
            3.0,
            "blue",
        )
        assert (request.steps, request.guidance) == (hers.steps, hers.guidance)
        assert request.seed != 7
        replaced = await say(grace, "/options save name:hers options:-gs 5")
        assert "It was `-motion 2" in replaced

        job_id = await order(ada, f"{CLIP} private:true")
        await finished_card(ada, job_id)
        assert "Only the author" in await say(grace, f"/options save name:x from:{job_id}")


async def test_sets_are_listed_page_by_page_and_there_are_only_so_many(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        for number in range(MOST_SETS):
            wanted = OptionSet(name=f"set{number:02}", options=f"-seed {number}")
            await stage.service.database.write(
                lambda c, wanted=wanted: option_sets.save(c, wanted, user_id=int(ada.id), now=NOW)
            )
        assert "as many as there may be" in await say(ada, "/options save name:x options:-gs 8")
        first = await (await ada.type("/options list")).reply()
        assert "set09" in first.text
        assert "set10" not in first.text
        await ada.press(first, label="Next")
        second = await ada.wait_for_message(lambda seen: "set10" in seen.text)
        assert "Page 2 of 5" in second.text
        await ada.press(second, label="Back")
        await ada.wait_for_message(lambda seen: seen.id == first.id and "set09" in seen.text)
        assert "None yet" in await say(grace, "/options list")


async def test_moderators_set_what_counts_in_a_channel_and_it_is_logged(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Ada", channel="showcase") as elsewhere,
        stage.member("Lin") as lin,
    ):
        here = f"<#{ada.channel_id}>"
        said = await say(lin, "/admin defaults set channel:#studio preset:quick steps:6 duration:2")
        assert f"{here} now: `-steps 6 -dur 2 -preset quick`" in said
        assert "knows default, quick" in await say(lin, "/admin defaults set preset:slow")
        await say(lin, "/admin defaults set aspect:9:16 private:true")
        said = await made(ada, CLIP)
        assert "From this channel's defaults: preset quick, duration 2, steps 6" in said
        assert "From this server's defaults: aspect 9:16, private yes" in said
        await say(ada, "/prefer set duration:3 private:false")
        await made(ada, f"{CLIP} steps:7")
        request = executor.log[-1].request
        assert (request.steps, request.preset, request.seconds, request.aspect) == (
            7,
            "quick",
            3.0,
            "9:16",
        )
        assert not request.private
        assert "this channel" not in await made(elsewhere, CLIP)

        listed = await say(lin, "/admin defaults list")
        assert "Every channel: `-ar 9:16`, private" in listed
        assert f"{here}: `-steps 6" in listed
        shown = await say(ada, "/prefer show")
        assert "-steps 6 -dur 2 -preset quick" in shown
        assert "now: none" in await say(lin, "/admin defaults clear channel:#studio")
        assert "had no default options" in await say(lin, "/admin defaults clear channel:#studio")
        log = await say(lin, "/admin log what:defaults")
        assert f"options of {here} to none (before: `-steps 6 -dur 2 -preset quick`)" in log
        assert "options of every channel to `-ar 9:16`, private (before: none)" in log


async def test_a_price_says_where_each_value_is_from(two_models: Stage) -> None:
    async with two_models.member("Ada") as ada, two_models.member("Lin") as lin:
        await say(lin, "/admin defaults set channel:#studio steps:20 model:ltx-video")
        await say(ada, "/prefer set aspect:16:9")
        await say(ada, "/options save name:calm options:-motion 1")
        said = await say(ada, "/price prompt:a fox -dur 2 options:calm")
        for words in (
            "LTX-Video 2B *(this channel's defaults)*, preset default *(default)*",
            "a second *(typed)*",
            "pixels *(your preferences)*",
            "1 of 4 *(your option set)*",
            "**Steps** 20 *(this channel's defaults)*",
            "*(drawn)*",
        ):
            assert words in said, said


async def test_what_moderators_allow_still_counts_after_preferences(two_models: Stage) -> None:
    async with two_models.member("Ada") as ada, two_models.member("Lin") as lin:
        await say(ada, "/prefer set model:ltx-video duration:4")
        await say(lin, "/admin models model:pocket")
        await say(lin, "/admin limits seconds:2")
        said = await made(ada, CLIP)
        assert "the model `ltx-video` is not allowed on this server" in said
        assert "moderators allow 2 s, so 4 s became 2 s" in said
        assert "do not allow ltx-video" in await say(ada, f"{CLIP} model:ltx-video")
        assert "at most 2 seconds" in await say(ada, f"{CLIP} duration:3")


async def test_private_by_default_holds_where_no_model_makes_the_clip(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        job_id = await order(ada, CLIP)
        await finished_card(ada, job_id)
        await say(ada, "/prefer set private:true")
        for line, private in (("", True), (" private:false", False)):
            said = await say(ada, f"/upscale clip:{job_id}{line}")
            card = await finished_card(ada, said.split("`")[1])
            labels = [button["label"] for button in card.buttons]
            assert ("Share to gallery" not in labels) is private


async def test_a_message_comes_once_when_a_clip_is_finished_and_only_to_who_asked(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        said = await say(ada, "/prefer set direct_messages:true")
        assert "Direct messages: when a clip is finished" in said
        job_id = await order(ada, CLIP)
        card = await finished_card(ada, job_id)
        sent = await ada.wait_for_message(
            lambda seen: seen.channel_id != ada.channel_id and job_id in seen.text
        )
        assert "Your /imagine-video is finished" in sent.text
        assert f"/channels/{ada.guild_id}/{ada.channel_id}/{card.id}" in sent.text
        assert not sent.attachments
        other = await order(grace, CLIP)
        await finished_card(grace, other)
        await say(ada, "/prefer reset what:direct messages")
        silent = await order(ada, CLIP)
        await finished_card(ada, silent)
        executor.hold()
        cancelled = await order(ada, CLIP)
        await ada.press(await card_of(ada, cancelled, having="step 1 of 4"), label="Cancel")
        await finished_card(ada, cancelled)
        direct = [seen for seen in ada.messages if seen.channel_id == sent.channel_id]
        assert [seen.id for seen in direct] == [sent.id]
        assert not [seen for seen in grace.messages if seen.channel_id != grace.channel_id]
