"""Whole films, with shapes drawn in place of a model's pictures."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from generation.clip_label import ClipLabel
from generation.encoding import Sound
from generation.errors import InvalidRequest, TooLargeToDeliver
from generation.inspection import inspect, read_label
from generation.job import Stage
from generation.models.adapter import Frames
from generation.narration.film import CROSSFADE_SECONDS, Film, shoot_film
from generation.narration.loudness import loudness
from generation.narration.shots import SceneShot

SIZE, FPS, SCALE = 64, 12, 3
STORY = (
    "A red square slid along. "
    "One day a blue square came by and asked it, where does the wind go when it sleeps? "
    "Then the green square was late."
)
COLOURS = {"red": (220, 40, 40), "blue": (40, 70, 230), "green": (40, 190, 80)}
LABEL = ClipLabel(
    prompt=STORY,
    negative_prompt="",
    model="drawn",
    model_revision="1",
    seed=5,
    steps=2,
    guidance=1.0,
    command="narrate",
)


def draw_scene(shot: SceneShot) -> Frames:
    """A band that wanders down over the colour that the scene names, going on where it was."""
    colour = next((rgb for name, rgb in COLOURS.items() if name in shot.prompt), (90, 90, 90))
    start = 0
    if shot.first_image is not None:
        start = int(np.argmax(shot.first_image.astype(int).sum(axis=(1, 2))))
    frames = np.full((round(shot.seconds * FPS), SIZE, SIZE, 3), colour, np.uint8)
    for number in range(len(frames)):
        row = (start + number) % (SIZE // 2)
        frames[number, row : row + 4] = 255
    return frames


def unheard(stage: Stage, step: int, steps: int) -> None:
    """Progress that nobody asks for."""


def tell(story: str = STORY, **changes: Any) -> Film:
    settings: dict[str, Any] = {
        "max_scenes": 8,
        "width": SIZE,
        "height": SIZE,
        "fps": FPS,
        "display_scale": SCALE,
        "shot_seconds_max": 2.0,
        "max_bytes": 4 * 2**20,
        "label": LABEL,
        "make_scene": draw_scene,
        "on_stage": unheard,
    }
    return shoot_film(story, **(settings | changes))()


@pytest.fixture(scope="module")
def film() -> Film:
    return tell()


@pytest.fixture(scope="module")
def pictures(film: Film) -> Frames:
    with av.open(io.BytesIO(film.media), "r") as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(shown).astype(np.uint8)


@pytest.fixture(scope="module")
def sound(film: Film) -> NDArray[np.float32]:
    with av.open(io.BytesIO(film.media), "r") as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(blocks).astype(np.float32)


def test_film_is_one_playable_file_with_sound(film: Film) -> None:
    facts = inspect(film.media)
    assert (facts.codec, facts.pixel_format, facts.faststart) == ("h264", "yuv420p", True)
    assert facts.audio_codec == "aac"
    assert (facts.width, facts.height, facts.fps) == (SIZE * SCALE, SIZE * SCALE, FPS)
    assert (film.width, film.height, film.fps) == (facts.width, facts.height, facts.fps)
    assert (film.frames, film.seconds) == (facts.frames, facts.seconds)
    assert read_label(film.media) == LABEL
    assert film.notes == ()


def test_picture_and_sound_end_together(film: Film) -> None:
    facts = inspect(film.media)
    assert facts.audio_seconds is not None
    assert abs(facts.audio_seconds - facts.seconds) <= 1 / FPS
    assert facts.seconds == pytest.approx(film.scenes[-1].end_seconds)


def test_scenes_follow_each_other_without_a_gap(film: Film) -> None:
    assert [scene.text for scene in film.scenes] == [
        "A red square slid along.",
        "One day a blue square came by and asked it, where does the wind go when it sleeps?",
        "Then the green square was late.",
    ]
    assert film.scenes[0].start_seconds == 0
    assert [scene.end_seconds for scene in film.scenes[:-1]] == [
        scene.start_seconds for scene in film.scenes[1:]
    ]


def test_scenes_last_as_long_as_their_speech_needs(film: Film, sound: NDArray[np.float32]) -> None:
    """In each scene there is a short silence, then speech, then a short silence."""
    for scene in film.scenes:
        place = sound[round(scene.start_seconds * 48_000) : round(scene.end_seconds * 48_000)]
        heard = np.flatnonzero(np.abs(place) > 0.02) / 48_000
        assert 0.1 < heard[0] < 0.5
        assert 0.2 < scene.end_seconds - scene.start_seconds - heard[-1] < 0.7


def test_speech_is_at_the_usual_loudness(sound: NDArray[np.float32]) -> None:
    samples = (sound * 32767).clip(-32768, 32767).astype(np.int16)
    assert loudness(Sound(samples=samples, sample_rate=48_000)) == pytest.approx(-16, abs=1)


def test_each_scene_shows_its_own_picture(film: Film, pictures: Frames) -> None:
    for scene, colour in zip(film.scenes, COLOURS.values(), strict=True):
        middle = pictures[round((scene.start_seconds + scene.end_seconds) / 2 * FPS)]
        corner = middle[SIZE * SCALE // 2 + 16 : SIZE * SCALE // 2 + 26, 4:14].reshape(-1, 3)
        assert np.abs(np.median(corner, axis=0) - colour).max() < 12


def test_scenes_fade_into_each_other(film: Film, pictures: Frames) -> None:
    cut = round(film.scenes[1].start_seconds * FPS)
    fade = round(CROSSFADE_SECONDS * FPS)
    blues = pictures[cut - fade - 2 : cut + 2, 100:110, 4:14, 2].mean(axis=(1, 2))
    assert blues[0] == pytest.approx(COLOURS["red"][2], abs=12)
    assert blues[-1] == pytest.approx(COLOURS["blue"][2], abs=12)
    steps = np.diff(blues[1:-1])
    assert (steps > 20).all()
    assert steps.max() < 100


def test_motion_goes_on_where_one_shot_ends_and_the_next_begins(
    film: Film, pictures: Frames
) -> None:
    """The second scene takes several shots; its band moves on by one row in every frame."""
    first = round(film.scenes[1].start_seconds * FPS)
    last = round(film.scenes[1].end_seconds * FPS) - round(CROSSFADE_SECONDS * FPS) - 1
    columns = pictures[first:last, : SIZE * SCALE // 2 + 12, 4].astype(int).sum(axis=-1)
    centres = [int(np.flatnonzero(c > 600).mean()) for c in columns]
    moves = [move for move in np.diff(centres) if move > -50]  # from the bottom back to the top
    assert len(moves) >= len(centres) - 4
    assert np.mean(moves) == pytest.approx(SCALE, abs=0.3)
    assert max(moves) <= 2 * SCALE


def test_spoken_words_are_marked_in_the_burned_captions(film: Film, pictures: Frames) -> None:
    red, green, blue = (pictures[..., channel].astype(int) for channel in range(3))
    yellow = ((red > 190) & (green > 150) & (blue < 120)).sum(axis=(1, 2))
    for scene in film.scenes:
        first, last = round(scene.start_seconds * FPS), round(scene.end_seconds * FPS)
        assert (yellow[first + 4 : last - 6] > 5).mean() > 0.8
        assert yellow[last - 1] == 0


def test_progress_tells_of_scenes_then_of_frames() -> None:
    told: list[tuple[Stage, int, int]] = []

    def on_stage(stage: Stage, step: int, steps: int) -> None:
        told.append((stage, step, steps))

    film = tell("The red square slid.", on_stage=on_stage)
    assert told[:2] == [(Stage.SPEAKING, 0, 1), (Stage.SPEAKING, 1, 1)]
    assert told[-1] == (Stage.COMPOSING, film.frames, film.frames)


def test_all_shots_are_counted_before_the_first_is_made() -> None:
    asked: list[SceneShot] = []

    def make_scene(shot: SceneShot) -> Frames:
        asked.append(shot)
        return draw_scene(shot)

    tell("The red square slid along the wall. It was green.", make_scene=make_scene)
    assert [shot.number for shot in asked] == list(range(1, len(asked) + 1))
    assert {shot.count for shot in asked} == {len(asked)}
    assert all(shot.seconds <= 2.0 for shot in asked)


def test_film_can_be_stopped_from_the_callables() -> None:
    class Cancelled(Exception):
        pass

    def stop(*_: object) -> Any:
        raise Cancelled

    with pytest.raises(Cancelled):
        tell(make_scene=stop)
    with pytest.raises(Cancelled):
        tell(on_stage=stop)


def test_film_fits_into_the_limit() -> None:
    assert len(tell("The red square slid.", max_bytes=40_000).media) <= 40_000
    with pytest.raises(TooLargeToDeliver):
        tell("The red square slid.", max_bytes=2_000)


def test_script_without_a_font_is_told_without_captions() -> None:
    film = tell("赤い円が動く")
    assert film.notes == ("Captions are left out: their font lacks this script.",)
    assert inspect(film.media).audio_codec == "aac"


def test_story_without_words_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="has no words to say"):
        tell("... 😀")
