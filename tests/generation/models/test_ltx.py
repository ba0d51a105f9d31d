from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.device import Device
from generation.errors import GenerationFailed
from generation.models.adapter import Frames, Image, Shot, VideoModel
from generation.models.loading import LoadedModels
from generation.request import Camera, CameraMove
from tests.generation.tiny_ltx import SIDE


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def model(tiny_weights: Path, tiny_catalogue: Path) -> VideoModel:
    device = Device.choose("cpu", threads=1)
    models = LoadedModels(
        catalogue_file=tiny_catalogue, folders={"pocket": tiny_weights}, device=device
    )
    return models.get("pocket").model


def make_shot(**fields: Any) -> Shot:
    defaults: dict[str, Any] = {
        "prompt": "a red circle",
        "negative_prompt": "",
        "width": SIDE,
        "height": SIDE,
        "frames": 17,
        "fps": 8,
        "seed": 1,
        "steps": 3,
        "guidance": 3.0,
        "motion": 2,
        "camera": Camera(),
    }
    return Shot(**{**defaults, **fields})


def picture(left: int, right: int) -> Image:
    image = np.full((SIDE, SIDE, 3), right, np.uint8)
    image[:, : SIDE // 2] = left
    return image


def ignore_steps(step: int, steps: int) -> None:
    pass


def generate(model: VideoModel, **fields: Any) -> Frames:
    return model.generate(make_shot(**fields), ignore_steps).frames


def difference(one: Frames, other: Frames) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@pytest.mark.parametrize(("width", "height", "frames"), [(64, 64, 17), (96, 64, 9), (64, 64, 1)])
def test_a_shot_has_the_asked_size_and_length(
    model: VideoModel, width: int, height: int, frames: int
) -> None:
    made = generate(model, width=width, height=height, frames=frames)
    assert made.shape == (frames, height, width, 3)
    assert made.dtype == np.uint8


def test_the_same_shot_gives_the_same_frames(model: VideoModel) -> None:
    assert np.array_equal(generate(model), generate(model))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"prompt": "a blue square"},
        {"guidance": 5.0},
        {"steps": 4},
        {"camera": Camera.of(CameraMove.ZOOM_IN)},
        {"motion": 4},
        {"negative_prompt": "noise"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_makes_a_difference(model: VideoModel, change: dict[str, Any]) -> None:
    assert difference(generate(model), generate(model, **change)) > 0


def test_every_step_is_told_in_order(model: VideoModel) -> None:
    told: list[tuple[int, int]] = []
    model.generate(make_shot(steps=4), lambda step, steps: told.append((step, steps)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_cancelled_run_leaves_no_trace_in_the_next(model: VideoModel) -> None:
    untouched = generate(model)

    def stop_at_two(step: int, steps: int) -> None:
        if step == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        model.generate(make_shot(steps=5), stop_at_two)
    assert np.array_equal(generate(model), untouched)


def test_the_first_picture_shapes_the_beginning_most(model: VideoModel) -> None:
    bright, dark = picture(200, 0), picture(0, 200)
    one, other = generate(model, first_image=bright), generate(model, first_image=dark)
    assert difference(one[:4], other[:4]) > difference(one[-4:], other[-4:]) > 0


def test_the_last_picture_has_an_effect(model: VideoModel) -> None:
    first, dark = picture(200, 0), picture(0, 200)
    loop = generate(model, first_image=first, last_image=first)
    assert difference(loop, generate(model, first_image=first, last_image=dark)) > 0
    assert difference(loop, generate(model, first_image=first)) > 0


@pytest.mark.parametrize("wrong", [{"frames": 16}, {"width": 65}, {"height": 40}])
def test_what_the_pipeline_would_round_silently_is_refused(
    model: VideoModel, wrong: dict[str, int]
) -> None:
    with pytest.raises(GenerationFailed, match="multiple"):
        generate(model, **wrong)
