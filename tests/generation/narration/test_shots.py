from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.models.adapter import Frames
from generation.narration.shots import SceneShot, film_scene, shot_frames, to_and_fro


@given(st.integers(1, 2000), st.integers(2, 200))
def test_shots_add_up_to_the_scene(frames: int, longest: int) -> None:
    lengths = shot_frames(frames, shot_frames_max=longest)
    assert sum(lengths) - (len(lengths) - 1) == frames
    assert max(lengths) <= longest
    assert max(lengths) - min(lengths) <= 1


def test_shot_of_one_frame_cannot_go_on() -> None:
    with pytest.raises(ValueError, match="at least 2 frames"):
        shot_frames(10, shot_frames_max=1)


def numbered(start: int, count: int) -> Frames:
    """Frames that carry their own number as grey."""
    return np.stack([np.full((4, 6, 3), start + number, np.uint8) for number in range(count)])


def test_long_scene_goes_on_from_its_last_frame() -> None:
    asked: list[SceneShot] = []

    def make_scene(shot: SceneShot) -> Frames:
        asked.append(shot)
        first = 0 if shot.first_image is None else int(shot.first_image[0, 0, 0])
        return numbered(first, round(shot.seconds * 10))

    frames = film_scene(
        "a fox",
        (5, 5, 4),
        fps=10,
        size=(6, 4),
        numbers=itertools.count(3),
        count=9,
        make_scene=make_scene,
    )
    assert frames[:, 0, 0, 0].tolist() == list(range(12))
    assert [shot.number for shot in asked] == [3, 4, 5]
    assert [shot.first_image is None for shot in asked] == [True, False, False]
    assert {(shot.prompt, shot.count) for shot in asked} == {("a fox", 9)}


def test_too_few_frames_are_played_to_and_fro() -> None:
    shown = to_and_fro(numbered(0, 4), 9)[:, 0, 0, 0]
    assert shown.tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2]


@pytest.mark.parametrize("given_frames", [1, 2])
def test_one_or_two_frames_still_fill_a_scene(given_frames: int) -> None:
    assert len(to_and_fro(numbered(0, given_frames), 7)) == 7


def test_too_many_frames_are_cut_off() -> None:
    assert to_and_fro(numbered(0, 9), 4)[:, 0, 0, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("shape", [(5, 6, 4, 3), (0, 4, 6, 3), (5, 4, 6, 4)])
def test_frames_of_another_size_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a shot of 6 x 4 pixels has the shape"):
        film_scene(
            "a fox",
            (5,),
            fps=10,
            size=(6, 4),
            numbers=itertools.count(1),
            count=1,
            make_scene=lambda _: np.zeros(shape, np.uint8),
        )
