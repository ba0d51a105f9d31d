"""A clip through given pictures: in one shot, or from picture to picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from generation.clip import Clip
from generation.job import Stage
from generation.request import Command, Keyframe
from tests.generation.builders import make_request
from tests.generation.moving_pictures import decode
from tests.generation.test_clip_recipes import difference
from tests.generation.test_production import Produce, producer
from tests.generation.tiny_ltx import write_tiny_catalogue

COLOURS = ("red", "green", "blue")
STEP_FRAMES = 8


@pytest.fixture(scope="module")
def in_one_shot(tiny_weights: Path, tiny_catalogue: Path) -> Produce:
    return producer(tiny_weights, tiny_catalogue)


@pytest.fixture(scope="module")
def shot_by_shot(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Produce:
    catalogue = write_tiny_catalogue(tmp_path_factory.mktemp("ends") / "catalogue.toml")
    catalogue.write_text(catalogue.read_text().replace(', "keyframes"', ""))
    return producer(tiny_weights, catalogue)


def made(
    make: Produce, times: Sequence[float], *, colours: Sequence[str] = COLOURS, **fields: Any
) -> tuple[Clip, list[int]]:
    """The clip, and the steps that were told."""
    files = {str(number) * 64: picture(colour) for number, colour in enumerate(colours)}
    shown = tuple(Keyframe(sha256=str(number) * 64, seconds=at) for number, at in enumerate(times))
    request = make_request(
        **{"command": Command.KEYFRAMES, "seconds": 2.0, "steps": 2, "keyframes": shown, **fields}
    )
    clip, told = make(request, files=files)
    return clip, [event.step for event in told if event.stage is Stage.GENERATING]


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    PillowImage.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("way", ["in_one_shot", "shot_by_shot"])
def test_the_clip_has_the_asked_length_and_every_picture_counts(
    way: str, request: pytest.FixtureRequest
) -> None:
    make: Produce = request.getfixturevalue(way)
    clip, _ = made(make, (0, 1, 2))
    assert abs(clip.facts.seconds - 2.0) < 0.01
    assert clip.facts.frames == 2 * STEP_FRAMES + 1
    for number in range(len(COLOURS)):
        colours = [*COLOURS[:number], "white", *COLOURS[number + 1 :]]
        other, _ = made(make, (0, 1, 2), colours=colours)
        assert difference(decode(other.media), decode(clip.media)) > 0, number


def test_a_model_that_places_pictures_makes_one_shot(in_one_shot: Produce) -> None:
    clip, steps = made(in_one_shot, (0, 1, 2))
    assert steps == [0, 1, 2]
    assert clip.facts.notes == ()


def test_a_model_that_does_not_makes_a_shot_between_each_two(shot_by_shot: Produce) -> None:
    clip, steps = made(shot_by_shot, (0, 1, 2))
    assert steps == [0, 1, 2, 2, 3, 4]
    assert clip.facts.notes == ("Made in 2 shots, from picture to picture.",)


def test_what_is_before_a_picture_does_not_hang_on_what_comes_after_it(
    shot_by_shot: Produce,
) -> None:
    one, _ = made(shot_by_shot, (0, 1, 2))
    other, _ = made(shot_by_shot, (0, 1, 2), colours=("red", "green", "white"))
    a, b = decode(one.media), decode(other.media)
    changed = [difference(x[np.newaxis], y[np.newaxis]) for x, y in zip(a, b, strict=True)]
    assert max(changed[:STEP_FRAMES]) < 2 < max(changed[STEP_FRAMES:])


def test_after_its_last_picture_a_clip_goes_on(shot_by_shot: Produce) -> None:
    clip, steps = made(shot_by_shot, (0, 1))
    assert clip.facts.frames == 2 * STEP_FRAMES + 1
    assert steps[-1] == 4


def test_two_pictures_at_the_ends_are_one_shot(shot_by_shot: Produce) -> None:
    clip, steps = made(shot_by_shot, (0, 2))
    assert steps == [0, 1, 2]
    assert clip.facts.notes == ()


def test_a_time_that_the_frame_rule_moves_is_told(in_one_shot: Produce) -> None:
    clip, _ = made(in_one_shot, (0.05, 1.3, 2))
    assert clip.facts.notes == (
        "Picture 2 is shown at 1.00 s, not 1.3 s: this model places pictures every 1.00 s.",
    )
