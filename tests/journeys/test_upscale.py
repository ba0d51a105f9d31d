"""Which way /upscale takes: what suits the clip, what this machine and this server have, else none
but resampling."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.generation.moving_pictures import turning
from tests.generation.test_uploaded_videos import video
from tests.journeys.moderators import say
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
from tests.journeys.test_refusals import refused

REASON = "it needs a graphics card, and this machine has none to compute on"


@pytest.fixture
async def stage(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    settings = make_settings(
        tmp_path,
        generation={
            "enabled_models": ("pocket", "ltx-video", "swin2sr", "swin2sr-light", "ltx-upscaler"),
            "accepted_licences": ("ltx-video", "ltx-upscaler"),
        },
    )
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as opened,
    ):
        yield opened


async def test_a_clip_is_made_larger_by_what_suits_the_model_that_made_it(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    file = tmp_path / "mine.mp4"
    file.write_bytes(video(turning(12)))
    async with stage.member() as ada:
        for line, best in (
            ("model:ltx-video", "ltx-upscaler"),
            ("", "swin2sr"),
        ):
            made = await order(ada, f"/imagine-video prompt:a red circle {line}")
            await finished_card(ada, made)
            card = await finished_card(ada, await order(ada, f"/upscale clip:{made}"))
            assert executor.log[-1].request.model == best
            assert "twice as large" in card.text
        assert "Swin2SR" in card.text
        labels = [button["label"] for button in card.buttons]
        assert "Reroll" not in labels
        assert {"Extend", "Restyle"} <= set(labels)
        larger = await finished_card(ada, await order(ada, f"/upscale video:@{file}"))
        assert executor.log[-1].request.model == "swin2sr"
        assert "AI-generated" in larger.text, "a model had a part in it"


async def test_a_typed_method_is_taken_and_what_cannot_run_or_is_not_allowed_is_not(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada, stage.member("Lin") as lin:
        made = await order(ada, "/imagine-video prompt:a red circle")
        await finished_card(ada, made)
        line = f"/upscale clip:{made}"

        async def method(line: str) -> str:
            await finished_card(ada, await order(ada, line))
            return executor.log[-1].request.model

        offered = await ada.autocomplete(f"{line} model:", "model")
        assert [choice["value"] for choice in offered] == [
            "swin2sr", "swin2sr-light", "ltx-upscaler", "Lanczos",
        ]  # fmt: skip
        before = await credits_of(ada)
        assert await method(f"{line} model:lanczos") == "Lanczos"
        assert await credits_of(ada) == before - 1
        assert await method(f"{line} model:ltx-upscaler") == "ltx-upscaler"
        executor.unable = {"swin2sr": REASON, "ltx-upscaler": REASON}
        assert await method(line) == "swin2sr-light"
        await say(lin, "/admin models model:pocket")
        assert await method(line) == "Lanczos"
        assert [
            choice["value"] for choice in await ada.autocomplete(f"{line} model:", "model")
        ] == ["Lanczos"]
        said = await refused(ada, f"{line} model:swin2sr-light")
        assert "Moderators do not allow swin2sr-light" in said
        await say(lin, "/admin models")
        assert f"swin2sr cannot run here: {REASON}" in await refused(ada, f"{line} model:swin2sr")
        said = await refused(ada, f"{line} model:pocket")
        assert "cannot do /upscale" in said
        assert "These can: swin2sr-light" in said
        assert "no model called" in await refused(ada, f"{line} model:nosuch")


async def test_a_dear_one_is_previewed_with_its_size_first(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada, stage.member("Lin") as lin:
        await say(lin, "/admin preview above:0")
        preview = await (await ada.type("/imagine-video prompt:a red circle")).reply()
        reply = await (await ada.press(preview, label="Generate")).reply()
        made = reply.text.split("`")[1]
        await finished_card(ada, made)
        preview = await (await ada.type(f"/upscale clip:{made}")).reply()
        assert "64 × 64 becomes 128 × 128 pixels" in preview.text
        reply = await (await ada.press(preview, label="Generate")).reply()
        await finished_card(ada, reply.text.split("`")[1])
        assert executor.log[-1].request.model == "swin2sr"


async def test_what_a_server_does_not_allow_is_not_offered_priced_or_taken_by_itself(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    line = "/imagine-video prompt:a red circle"
    async with stage.member() as ada, stage.member("Lin") as lin:

        async def offered(line: str) -> list[str]:
            return [choice["value"] for choice in await ada.autocomplete(line, "model")]

        made = await finished_card(ada, await order(ada, line))
        await say(lin, "/admin models model:ltx-video")
        for typed in (line, "/price prompt:a fox", "/extend clip:x", "/keyframes"):
            assert await offered(f"{typed} model:") == ["ltx-video"], typed
        assert await offered("/gallery model:pocket") == ["pocket"], "what was made once"
        said = await say(ada, "/price prompt:a fox model:pocket")
        assert "Moderators do not allow pocket on this server. You can choose ltx-video" in said
        preview = await say(ada, "/price prompt:a fox")
        assert "LTX-Video 2B" in preview
        await finished_card(ada, await order(ada, line))
        assert executor.log[-1].request.model == "ltx-video", "not the default, which is forbidden"
        menu = await (await ada.press(made, label="Other model")).reply()
        assert "LTX-Video 2B" in str(menu.body["components"])
        assert "Swin2SR" not in str(menu.body["components"])
        assert "do not allow pocket" in await refused(ada, f"{line} model:pocket")
        reroll = await (await ada.press(made, label="Reroll")).reply()
        assert "Moderators do not allow pocket" in reroll.text
    async with stage.member("Ada", guild="Film Club") as elsewhere:
        assert len(await elsewhere.autocomplete(f"{line} model:", "model")) == 2
