"""What is stored with a clip makes it again, and its author can read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import remaking
from bot.errors import JobUnavailable, NoFinishedClip
from tests.generation.moving_pictures import decode
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


async def test_a_clip_is_made_again_from_its_stored_row_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(tmp_path)
    line = "/imagine-video prompt:a red circle moving right duration:1 steps:4 camera:zoom in"
    async with (
        open_playground() as playground,
        open_stage(playground, settings) as stage,
        stage.member() as ada,
    ):
        job_id = await order(ada, line)
        first = await ada.download((await finished_card(ada, job_id)).attachments[0])
        text = (await (await ada.type(f"/show clip:{job_id}")).reply()).text
        larger = await order(ada, f"/upscale clip:{job_id}")
        await finished_card(ada, larger)
    for said in ("a red circle moving right", "4 steps", "seed", "zoom in", "pocket", "Scheduler",
                 "float32", "whole", "cpu", "torch 2"):  # fmt: skip
        assert said in text, text
    again = tmp_path / "again.mp4"
    capsys.readouterr()
    assert await remaking.run(settings, job_id, out=again) == 0
    assert capsys.readouterr().out == "The pictures are the same.\n"
    assert (decode(again.read_bytes()) == decode(first)).all()
    with pytest.raises(NoFinishedClip):
        await remaking.run(settings, larger, out=None)
    with pytest.raises(JobUnavailable):
        await remaking.run(settings, "nosuchjob", out=None)


async def test_the_settings_of_a_private_clip_are_its_author_s_alone(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        hidden = await order(ada, "/imagine-video prompt:a red circle private:true")
        await finished_card(ada, hidden)
        public = await order(ada, "/imagine-video prompt:a blue star seed:77")
        await finished_card(ada, public)
        refused = await (await grace.type(f"/show clip:{hidden}")).reply()
        assert refused.ephemeral
        assert "Only the author" in refused.text
        assert "red circle" not in refused.text
        shown = await (await grace.type(f"/show clip:{public}")).reply()
        assert shown.ephemeral
        assert "`77`" in shown.text
        assert "does not exist" in (await (await grace.type("/show clip:nosuch")).reply()).text


async def test_settings_are_shown_before_there_is_a_clip(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle seed:5")
        await card_of(ada, job_id, having="step 1 of 4")
        text = (await (await ada.type(f"/show clip:{job_id}")).reply()).text
        assert "seed `5`" in text
        assert "the job is running" in text
        executor.let_go()
        await finished_card(ada, job_id)
