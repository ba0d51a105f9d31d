"""With the real worker process and the pocket model: what it shows, and what survives a kill."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

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


async def test_an_extended_clip_keeps_moving_the_same_way_and_can_be_smoothed_and_enlarged(
    stage: Stage,
) -> None:
    async with stage.member() as ada:
        first = await order(
            ada, "/imagine-video prompt:a red circle moving right duration:1 seed:7"
        )
        await finished_card(ada, first)
        longer = await order(ada, f"/extend clip:{first} duration:1 seed:8")
        card = await finished_card(ada, longer)
        assert "went on from its last 5 frames" in card.text
        frames = decode(await ada.download(card.attachments[0]))
        smooth = await finished_card(ada, await order(ada, f"/smooth clip:{longer} fps:24"))
        smoothed = decode(await ada.download(smooth.attachments[0]))
        large = await finished_card(ada, await order(ada, f"/upscale clip:{longer}"))
        enlarged = decode(await ada.download(large.attachments[0]))
    assert len(frames) == 24
    track = follow(thing_masks(frames, background(frames)))
    assert track.x[-1] > track.x[12] > track.x[0]
    assert smoothed.shape == (48, *frames.shape[1:])
    assert enlarged.shape == (24, 2 * frames.shape[1], 2 * frames.shape[2], 3)


async def test_a_still_moves_through_keyframes_and_is_restyled(
    stage: Stage, tmp_path: Path
) -> None:
    async with stage.member() as ada:
        still = await order(ada, "/storyboard-image prompt:a red circle steps:8 seed:7")
        card = await finished_card(ada, still)
        image = tmp_path / "still.png"
        image.write_bytes(await ada.download(card.attachments[0]))
        with Image.open(image) as opened:
            picture = np.asarray(opened.convert("RGB"))
        other = tmp_path / "other.png"
        Image.fromarray(255 - picture).save(other)
        through = await order(
            ada,
            f"/keyframes image1:@{image} image2:@{other} image3:@{image} duration:2 "
            "prompt:a red circle",
        )
        card = await finished_card(ada, through)
        assert "Made in 2 shots" in card.text
        frames = decode(await ada.download(card.attachments[0]))
        faint = await finished_card(
            ada, await order(ada, f"/restyle clip:{through} prompt:a blue star strength:0.1 seed:1")
        )
        free = await finished_card(
            ada, await order(ada, f"/restyle clip:{through} prompt:a blue star strength:1 seed:1")
        )
        restyled = [decode(await ada.download(card.attachments[0])) for card in (faint, free)]
    negative = 255 - picture
    middle = len(frames) // 2
    assert difference(frames[0], picture) < difference(frames[0], negative)
    assert difference(frames[middle], negative) < difference(frames[middle], picture)
    count = min(len(frames), len(restyled[0]))
    near, far = (difference(each[:count], frames[:count]) for each in restyled)
    assert near < far


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


async def test_real_workers_make_a_clip_larger_by_a_network_and_a_long_one_anew(
    tmp_path: Path,
) -> None:
    from tests.generation.tiny.upscalers import save_swin2sr_light

    save_swin2sr_light(tmp_path / "weights")
    settings = make_settings(
        tmp_path,
        generation={
            "enabled_models": ("pocket", "swin2sr-light"),
            "model_folders": {"swin2sr-light": tmp_path / "weights"},
        },
    )
    async with (
        open_playground() as playground,
        open_stage(playground, settings) as stage,
        stage.member() as ada,
    ):
        line = "/imagine-video prompt:a red circle steps:4 duration:"
        short, long = await order(ada, f"{line}1"), await order(ada, f"{line}4")
        await finished_card(ada, short)
        card = await finished_card(ada, await order(ada, f"/upscale clip:{short}"))
        assert "Enlarged from 384 × 384 by Swin2SR light, picture by picture." in card.text
        assert "768 × 768" in card.text
        await finished_card(ada, long)
        longer = await order(ada, f"/extend clip:{long} duration:1")
        await finished_card(ada, longer)
        line = f"/restyle clip:{longer} prompt:a blue star strength:0.5 seed:5"
        card = await finished_card(ada, await order(ada, line))
        assert "5.00 s" in card.text
        assert "Made in 2 parts, each from the end of the one before" in card.text
