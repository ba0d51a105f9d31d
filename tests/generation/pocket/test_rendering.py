import pytest
import torch

from generation.pocket.rendering import render
from generation.pocket.world import (
    CAMERAS,
    MOTIONS,
    THINGS,
    CameraName,
    MotionName,
    Scene,
    StyleName,
    Thing,
)

RED_CIRCLE = Thing(name="circle", colour="red")


def redness(clip: torch.Tensor) -> torch.Tensor:
    """How red each pixel is: (frames, height, width)."""
    return (clip[0] - clip[1]).clamp(min=0)


def middle(clip: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The red thing's column and row in each frame, in pixels."""
    weight = redness(clip)
    total = weight.sum(dim=(1, 2))
    columns = (weight.sum(1) * torch.arange(clip.shape[3])).sum(1) / total
    rows = (weight.sum(2) * torch.arange(clip.shape[2])).sum(1) / total
    return columns, rows


def draw(scene: Scene, frames: int = 25, height: int = 64, width: int = 64) -> torch.Tensor:
    return render([scene], frames=frames, height=height, width=width)[0]


def test_clips_have_the_asked_shape_and_colours_from_0_to_1() -> None:
    clips = render([Scene(thing=RED_CIRCLE)] * 2, frames=5, height=64, width=96)
    assert clips.shape == (2, 3, 5, 64, 96)
    assert clips.dtype == torch.float32
    assert clips.min() >= 0
    assert clips.max() <= 1


def test_the_same_scene_gives_the_same_picture() -> None:
    scene = Scene(thing=RED_CIRCLE, background="city", camera="rotate", motion="spin")
    assert torch.equal(draw(scene), draw(scene))


@pytest.mark.parametrize(
    ("motion", "axis", "sign"), [("right", 0, 1), ("left", 0, -1), ("down", 1, 1), ("up", 1, -1)]
)
def test_a_thing_moves_the_way_its_motion_says(motion: MotionName, axis: int, sign: int) -> None:
    course = middle(draw(Scene(thing=RED_CIRCLE, motion=motion)))
    steps = course[axis].diff() * sign
    assert (steps > 0).all()
    assert course[1 - axis].diff().abs().max() < 0.2


def test_a_growing_thing_covers_more_and_a_shrinking_one_less() -> None:
    grown = redness(draw(Scene(thing=RED_CIRCLE, motion="grow"))).sum(dim=(1, 2))
    shrunk = redness(draw(Scene(thing=RED_CIRCLE, motion="shrink"))).sum(dim=(1, 2))
    assert grown[-1] > 2 * grown[0]
    assert shrunk[0] > 2 * shrunk[-1]


def test_fast_things_go_farther_than_slow_ones() -> None:
    slow, _ = middle(draw(Scene(thing=RED_CIRCLE, motion="right", speed="slow")))
    fast, _ = middle(draw(Scene(thing=RED_CIRCLE, motion="right", speed="fast")))
    assert fast[-1] - fast[0] > 2 * (slow[-1] - slow[0])


def test_zooming_in_enlarges_and_panning_right_moves_the_world_left() -> None:
    zoomed = redness(draw(Scene(thing=RED_CIRCLE, camera="zoom in"))).sum(dim=(1, 2))
    panned, _ = middle(draw(Scene(thing=RED_CIRCLE, camera="pan right")))
    assert zoomed[-1] > 1.5 * zoomed[0]
    assert panned[-1] < panned[0] - 5


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("camera", CAMERAS)
def test_a_loops_last_frame_is_its_first(motion: MotionName, camera: CameraName) -> None:
    thing = Thing(name="fish", colour="red", phase=0.3)
    clip = draw(
        Scene(thing=thing, motion=motion, camera=camera, background="meadow", loop=True), 13
    )
    assert (clip[:, 0] - clip[:, -1]).abs().max() < 0.02


def test_every_thing_has_an_outline_of_its_own() -> None:
    drawn = [
        redness(draw(Scene(thing=Thing(name=name, colour="red", size="big")), frames=1))
        for name in THINGS
    ]
    for number, one in enumerate(drawn):
        for other in drawn[number + 1 :]:
            assert (one - other).abs().mean() > 0.008


@pytest.mark.parametrize("style", ["outline", "pixel art"])
def test_styles_change_the_picture(style: StyleName) -> None:
    plain = draw(Scene(thing=RED_CIRCLE), frames=1)
    styled = draw(Scene(thing=RED_CIRCLE, style=style), frames=1)
    assert (plain - styled).abs().mean() > 0.003


def test_edges_are_smooth() -> None:
    shades = redness(draw(Scene(thing=RED_CIRCLE), frames=1)).unique()
    assert len(shades) > 20
