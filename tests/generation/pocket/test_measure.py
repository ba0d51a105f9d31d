"""The measurements must be right about rendered clips before they may judge generated ones."""

import dataclasses

import numpy as np
import pytest

from generation.pocket.evaluate import similarity
from generation.pocket.measure import Clip, background_of, look, thing_masks
from generation.pocket.measure_camera import camera_of
from generation.pocket.rendering import render
from generation.pocket.world import (
    BACKGROUNDS,
    CAMERAS,
    Scene,
    is_visible,
    sample_any_scene,
)


def pixels(scene: Scene) -> Clip:
    clip = render([scene], frames=25, height=128, width=128)[0]
    return (clip.permute(1, 2, 3, 0).numpy() * 255).round().astype(np.uint8)


def resting_camera(count: int) -> list[Scene]:
    rng = np.random.default_rng(11)
    return [dataclasses.replace(sample_any_scene(rng), camera="none") for _ in range(count)]


def test_rendered_clips_are_seen_as_what_they_are() -> None:
    wrong: list[str] = []
    for scene in resting_camera(24):
        assert scene.thing is not None
        sight = look(pixels(scene))
        seen = (sight.background, sight.colour, sight.thing, sight.motion)
        told = (scene.background, scene.thing.colour, scene.thing.name, scene.motion)
        if seen != told:
            wrong.append(f"{told} was seen as {seen}")
    assert not wrong


def test_camera_moves_are_seen_on_patterned_backgrounds() -> None:
    wrong: list[str] = []
    for number, scene in enumerate(resting_camera(32)):
        assert scene.thing is not None
        camera, background = CAMERAS[number % 8], BACKGROUNDS[3 + number % 6]
        if not is_visible(scene.thing.colour, background):
            continue
        clip = pixels(dataclasses.replace(scene, camera=camera, background=background))
        seen = camera_of(clip, thing_masks(clip, background_of(clip)))
        if seen != camera:
            wrong.append(f"{camera} over {background} was seen as {seen}")
    assert not wrong


def test_an_empty_clip_shows_no_thing() -> None:
    sight = look(np.full((25, 128, 128, 3), (205, 212, 220), np.uint8))
    assert sight.background == "plain"
    assert sight.colour is None
    assert sight.thing is None
    assert sight.motion is None


def test_a_plain_background_cannot_show_a_camera_move() -> None:
    clip = np.full((25, 128, 128, 3), (205, 212, 220), np.uint8)
    assert camera_of(clip, np.zeros((25, 128, 128), bool)) is None


def test_noise_is_no_thing_of_the_world_that_moves() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (25, 128, 128, 3), dtype=np.uint8)
    assert look(noise).motion not in ("right", "left", "up", "down")


def test_similarity_is_one_for_equal_pictures_and_less_for_others() -> None:
    clip = pixels(resting_camera(1)[0])
    assert similarity(clip[0], clip[0]) == pytest.approx(1.0)
    assert similarity(clip[0], 255 - clip[0]) < 0.9
