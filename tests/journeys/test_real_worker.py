"""With the real worker process and the pocket model: what it shows, and what survives a kill."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from generation.executors.local import LocalExecutor
from generation.pocket.measure import background_of as background
from generation.pocket.measure import follow, thing_masks
from tests.generation.moving_pictures import decode
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
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with (
        open_playground() as playground,
        open_stage(playground, make_settings(tmp_path)) as opened,
    ):
        yield opened


def worker_of(stage: Stage) -> int:
    executor = stage.service.executor
    assert isinstance(executor, LocalExecutor)
    pid = executor.worker_pid(0)
    assert pid is not None
    return pid


async def test_a_clip_shows_the_motion_that_was_asked_for(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle moving right seed:7")
        card = await finished_card(ada, job_id)
        media = await ada.download(card.attachments[0])
    frames = decode(media)
    track = follow(thing_masks(frames, background(frames)))
    assert track.x[-1] > track.x[0]


async def test_unknown_words_are_named_on_the_card(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red dragon moving right")
        card = await finished_card(ada, job_id)
        assert "dragon" in card.text.split("does not know")[1]


async def test_a_killed_worker_costs_nothing_and_its_job_is_made_all_the_same(
    stage: Stage,
) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a blue star steps:40 duration:4")
        await card_of(ada, job_id, having="step ")
        first = worker_of(stage)
        os.kill(first, signal.SIGKILL)
        card = await finished_card(ada, job_id)
        assert card.attachments
        assert worker_of(stage) != first
        history = (await (await ada.type("/credits")).reply()).text
        assert history.count(f"spent on a clip `{job_id}`") == 1
        assert await credits_of(ada) == 100 - 8


async def test_a_running_pipeline_is_cancelled_mid_step_and_the_worker_lives_on(
    stage: Stage,
) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a blue star steps:40 duration:4")
        card = await card_of(ada, job_id, having=" of 40")
        first = worker_of(stage)
        await ada.press(card, label="Cancel")
        assert "Cancelled" in (await finished_card(ada, job_id)).text
        assert await credits_of(ada) == 100
        again = await order(ada, "/imagine-video prompt:a red circle duration:1")
        assert (await finished_card(ada, again)).attachments
        assert worker_of(stage) == first
