import dataclasses

import numpy as np

from generation.pocket.world import (
    BACKGROUNDS,
    CAMERAS,
    COLOURS,
    MOTIONS,
    STYLES,
    THINGS,
    Scene,
    Thing,
    is_held_out,
    is_visible,
    sample_scene,
)


def test_the_world_is_as_large_as_promised() -> None:
    assert len(THINGS) >= 12
    assert len(COLOURS) == 10
    assert len(BACKGROUNDS) >= 8
    assert len(MOTIONS) >= 10
    assert len(CAMERAS) == 8
    assert len(STYLES) == 3


def test_the_same_seed_draws_the_same_scenes() -> None:
    first = [sample_scene(np.random.default_rng(3)) for _ in range(5)]
    again = [sample_scene(np.random.default_rng(3)) for _ in range(5)]
    assert first == again


def test_training_never_sees_a_held_out_combination() -> None:
    rng = np.random.default_rng(0)
    assert not any(is_held_out(sample_scene(rng)) for _ in range(500))


def test_about_an_eighth_of_all_combinations_is_held_out() -> None:
    scenes = [
        Scene(thing=Thing(name=thing, colour=colour), motion=motion, background=background)
        for thing in THINGS
        for colour in COLOURS
        for motion in MOTIONS
        for background in BACKGROUNDS
    ]
    share = sum(is_held_out(scene) for scene in scenes) / len(scenes)
    assert 0.11 < share < 0.14


def test_the_split_ignores_place_size_and_camera() -> None:
    scene = Scene(thing=Thing(name="fish", colour="red"), motion="left")
    assert scene.thing is not None
    moved = dataclasses.replace(
        scene, thing=dataclasses.replace(scene.thing, x=0.4, size="big"), camera="zoom in"
    )
    assert is_held_out(scene) == is_held_out(moved)


def test_things_are_never_drawn_where_they_cannot_be_seen() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        scene = sample_scene(rng)
        assert scene.thing is not None
        assert is_visible(scene.thing.colour, scene.background)
