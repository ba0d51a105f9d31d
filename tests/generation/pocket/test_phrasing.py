import pytest

from generation.pocket import phrasing
from generation.pocket.vocabulary import unknown_words


@pytest.mark.parametrize(
    ("prompt", "camera", "motion", "phrased"),
    [
        ("a red circle moving right", "", 2, "a red circle moving right"),
        ("a red circle moving right", "", 1, "a red circle moving slowly right"),
        ("a red circle moving right at night.", "", 3, "a red circle moving fast right at night"),
        ("a red circle moving slowly right", "", 4, "a red circle moving slowly right"),
        ("a red circle", "", 0, "a red circle, standing still"),
        ("a red circle", "", 4, "a red circle"),
        ("a fish rising", "zoom_in", 2, "a fish rising, the camera zooms in"),
        ("a fish rising", "Pan left", 2, "a fish rising, the camera pans left"),
        ("a fish rising", "none", 2, "a fish rising"),
        ("", "rotate", 2, "the camera rotates"),
    ],
)
def test_options_become_words(prompt: str, camera: str, motion: int, phrased: str) -> None:
    assert phrasing.phrase(prompt, camera=camera, motion=motion) == phrased


@pytest.mark.parametrize("camera", ["zoom in", "zoom_out", "pan right", "tilt up", "tilt-down"])
def test_the_model_knows_every_added_word(camera: str) -> None:
    for motion in range(5):
        assert unknown_words(phrasing.phrase("a boat sailing", camera=camera, motion=motion)) == ()


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValueError, match="camera"):
        phrasing.phrase("a star", camera="dolly")
    with pytest.raises(ValueError, match="motion"):
        phrasing.phrase("a star", motion=5)


@pytest.mark.parametrize(("seconds", "frames"), [(1, 13), (2, 25), (2.1, 25), (3, 37), (4, 49)])
def test_lengths_are_4n_plus_1_frames(seconds: float, frames: int) -> None:
    assert phrasing.frames_for(seconds) == frames


@pytest.mark.parametrize("seconds", [0, 0.5, 4.5, 60])
def test_lengths_out_of_reach_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="1 to 4 s"):
        phrasing.frames_for(seconds)
