"""Commands that make a clip of what a member has already: pictures, or another clip."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from PIL import Image

from generation.inspection import inspect
from tests.generation.moving_pictures import turning
from tests.generation.test_uploaded_videos import video
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    card_of,
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
            "enabled_models": ("pocket", "animatediff"),
            "accepted_licences": ("animatediff",),
        },
    )
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as opened,
    ):
        yield opened


def picture(file: Path, colour: str) -> Path:
    Image.new("RGB", (40, 30), colour).save(file)
    return file


async def test_animate_brings_its_two_pictures_to_the_model(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    first, last = picture(tmp_path / "a.png", "red"), picture(tmp_path / "b.png", "blue")
    async with stage.member() as ada:
        job_id = await order(ada, f"/animate image:@{first} end:@{last}")
        card = await finished_card(ada, job_id)
        assert "ends with the second picture" in card.text
        reply = await (await ada.press(card, label="Reroll")).reply()
        await finished_card(ada, reply.text.split("`")[1])
    made, again = executor.log
    assert made.request.last_image_sha256 is not None
    assert set(made.files) == {made.request.image_sha256, made.request.last_image_sha256}
    assert again.files == made.files


async def test_keyframes_brings_its_pictures_in_order_of_time(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    red, green, blue = (
        picture(tmp_path / f"{name}.png", name) for name in ("red", "green", "blue")
    )
    async with stage.member() as ada:
        before = await credits_of(ada)
        job_id = await order(
            ada,
            f"/keyframes image1:@{red} image2:@{green} image3:@{blue} at2:1 duration:3 "
            "prompt:a red circle",
        )
        card = await finished_card(ada, job_id)
        assert "through 3 pictures, at 0, 1, 3 s" in card.text
        assert await credits_of(ada) == before - 3
        for line, said in (
            (f"/keyframes image1:@{red} image2:@{green} at3:1", "at3 is a time without image3"),
            (f"/keyframes image1:@{red} image2:@{green} at1:1 at2:1", "times must differ"),
            (f"/keyframes image1:@{red} image2:@{green} at1:1", "show one at 0 s"),
            (f"/keyframes image1:@{red} image2:@{green} at2:50", "duration"),
        ):
            reply = await (await ada.type(line)).reply()
            assert said in reply.text, (line, reply.text)
        assert await credits_of(ada) == before - 3
    request = executor.log[-1].request
    assert [keyframe.seconds for keyframe in request.keyframes] == [0, 1, 3]
    assert set(executor.log[-1].files) == {keyframe.sha256 for keyframe in request.keyframes}


async def test_extend_goes_on_from_the_clip_of_a_job(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada:
        first = await order(ada, "/imagine-video prompt:a red circle duration:1")
        media = await ada.download((await finished_card(ada, first)).attachments[0])
        before = await credits_of(ada)
        job_id = await order(ada, f"/extend clip:{first} seed:3")
        card = await finished_card(ada, job_id)
        assert f"the clip of job {first} (1.0 s), and 2 s more" in card.text
        assert "a red circle" in card.text, "the words of the clip are taken over"
        assert await credits_of(ada) == before - 2
    request = executor.log[-1].request
    assert request.source is not None
    assert dict(executor.log[-1].files) == {request.source.sha256: media}


async def test_upscale_and_smooth_cost_the_least_price_and_cannot_be_rerolled(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada:
        first = await order(ada, "/imagine-video prompt:a red circle duration:2")
        await finished_card(ada, first)
        before = await credits_of(ada)
        for line, said in (
            (f"/upscale clip:{first}", "twice as large"),
            (f"/smooth clip:{first} fps:48", "at 48 frames a second"),
        ):
            card = await finished_card(ada, await order(ada, line))
            assert said in card.text
            assert "Reroll" not in [button.get("label") for button in card.buttons]
        assert await credits_of(ada) == before - 2
    assert [execution.request.model for execution in executor.log[1:]] == [
        "Lanczos",
        "motion compensation",
    ]


async def test_restyle_brings_clip_words_and_strength_to_the_model(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    file = tmp_path / "mine.mp4"
    file.write_bytes(video(turning(24)))
    async with stage.member() as ada:
        first = await order(ada, "/imagine-video prompt:a red circle duration:1")
        await finished_card(ada, first)
        before = await credits_of(ada)
        job_id = await order(ada, f"/restyle clip:{first} prompt:a blue star strength:0.5")
        card = await finished_card(ada, job_id)
        assert f"made anew from the clip of job {first}" in card.text
        assert "strength 0.5" in card.text
        assert await credits_of(ada) == before - 1, "half of the steps of one second"
        again = await order(ada, f"/restyle video:@{file} prompt:a blue star duration:1.5")
        card = await finished_card(ada, again)
        assert "made anew from the first 1.5 s of the uploaded clip" in card.text
        assert "strength 0.7" in card.text
    request, other = (execution.request for execution in executor.log[1:])
    assert (request.prompt, request.strength, request.seconds) == ("a blue star", 0.5, 1.0)
    assert other.source is not None
    assert set(executor.log[-1].files) == {other.source.sha256}


async def test_a_clip_that_cannot_be_restyled_is_refused_and_costs_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "long.mp4"
    file.write_bytes(video(turning(60)))
    async with stage.member() as ada:
        before = await credits_of(ada)
        for line, said in (
            (f"/restyle video:@{file} prompt:a star duration:9", "more than the clip's 5.00 s"),
            (f"/restyle video:@{file} prompt:a star model:nosuch", "no model called"),
            ("/restyle prompt:a star", "name a job, or upload a video"),
        ):
            reply = await (await ada.type(line)).reply()
            assert said in reply.text, (line, reply.text)
        assert await credits_of(ada) == before


async def test_a_clip_of_more_than_one_shot_is_restyled_whole_or_refused_for_what_it_is(
    two_models: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    file = tmp_path / "long.mp4"
    file.write_bytes(video(turning(120)))
    async with two_models.member() as ada:
        before = await credits_of(ada)
        line = f"/restyle video:@{file} prompt:a star"
        card = await finished_card(ada, await order(ada, line))
        assert "made anew from the uploaded clip" in card.text
        assert executor.log[-1].request.seconds == 10
        assert await credits_of(ada) == before - 7, "10 s at strength 0.7"
        reply = await (await ada.press(card, label="Reroll")).reply()
        await finished_card(ada, reply.text.split("`")[1])
        modal = await (await ada.press(card, label="Edit options")).modal()
        assert "-dur 10" in modal.fields[0]["value"]
        reply = await (await ada.submit_modal(modal, {})).reply()
        await finished_card(ada, reply.text.split("`")[1])
        assert executor.log[-1].request.seconds == 10, "not cut to one shot"
        before = await credits_of(ada)
        refusal = await (await ada.type(f"{line} model:animatediff strength:0.9")).reply()
        assert "up to 4 s anew at a strength above 0.8, not 10 s" in refusal.text
        assert "pocket" in refusal.text, "which can"
        assert await credits_of(ada) == before


async def test_an_uploaded_video_is_worked_on_after_a_restart_too(
    tmp_path: Path, executor: ScriptedExecutor
) -> None:
    file = tmp_path / "mine.webm"
    file.write_bytes(video(turning(12), codec="libvpx", kind="webm"))
    settings = make_settings(tmp_path)
    executor.hold()
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            job_id = await order(ada, f"/upscale video:@{file}")
            await card_of(ada, job_id, having="step 1 of 4")
        again = ScriptedExecutor()
        async with open_stage(playground, settings, again) as stage, stage.member() as ada:
            card = await finished_card(ada, job_id)
            assert card.attachments
            assert "the uploaded clip, twice as large" in card.text
    assert again.log[-1].files == executor.log[-1].files
    assert inspect(next(iter(again.log[-1].files.values()))).codec == "h264"


async def test_a_clip_is_named_by_the_link_of_its_card_too(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, job_id)
        guild, channel = card.body.get("guild_id", "1"), card.channel_id
        link = f"https://discord.com/channels/{guild}/{channel}/{card.id}"
        larger = await finished_card(ada, await order(ada, f"/upscale clip:{link}"))
        assert f"the clip of job {job_id}" in larger.text
        reply = await (await ada.type(f"/upscale clip:{link[:-3]}")).reply()
        assert "no card of mine" in reply.text


async def test_only_what_a_model_had_a_part_in_is_called_ai_generated(
    stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "mine.mp4"
    file.write_bytes(video(turning(12)))
    async with stage.member() as ada:
        larger = await order(ada, f"/upscale video:@{file}")
        assert "AI-generated" not in (await finished_card(ada, larger)).text
        smoother = await order(ada, f"/smooth clip:{larger} fps:24")
        assert "AI-generated" not in (await finished_card(ada, smoother)).text
        restyled = await order(ada, f"/restyle clip:{larger} prompt:a blue star")
        assert "AI-generated" in (await finished_card(ada, restyled)).text
        again = await order(ada, f"/upscale clip:{restyled}")
        assert "AI-generated" in (await finished_card(ada, again)).text


async def test_a_clip_that_cannot_be_worked_on_is_refused_and_costs_nothing(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    words = tmp_path / "words.mp4"
    words.write_bytes(b"no video")
    async with stage.member() as ada, stage.member("Grace") as grace:
        hidden = await order(grace, "/imagine-video prompt:a red circle private:true")
        await finished_card(ada, hidden)
        own = await order(ada, "/imagine-video prompt:a red circle")
        await finished_card(ada, own)
        executor.hold()
        running = await order(ada, "/imagine-video prompt:a blue star")
        before = await credits_of(ada)
        for line, said in (
            ("/extend", "name a job, or upload a video"),
            ("/upscale clip:nosuchjob", "does not exist"),
            (f"/upscale clip:{hidden}", "Only the author"),
            (f"/smooth clip:{running}", "has no finished clip"),
            (f"/extend video:@{words}", "I cannot use that video"),
            (f"/upscale clip:{own} video:@{words}", "not both"),
            (f"/extend clip:{own} duration:59", "duration"),
        ):
            reply = await (await ada.type(line)).reply()
            assert said in reply.text, (line, reply.text)
            assert reply.ephemeral
        assert await credits_of(ada) == before
        executor.let_go()
        await finished_card(ada, running)
    async with stage.member("Ada", guild="Film Club") as elsewhere:
        reply = await (await elsewhere.type(f"/upscale clip:{own}")).reply()
        assert "does not exist" in reply.text


async def test_ones_own_clips_are_offered(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await finished_card(ada, job_id)
        offered = await ada.autocomplete("/smooth clip:red", "clip")
        assert [choice["value"] for choice in offered] == [job_id]
        assert [each["value"] for each in await ada.autocomplete("/extend model:", "model")] == [
            "pocket"
        ]
