"""A clip made anew by other words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from generation.decoding import sound
from generation.errors import InvalidRequest
from generation.inspection import read_label
from generation.job import Stage
from generation.request import Command
from tests.generation.moving_pictures import decode, turning
from tests.generation.test_clip_recipes import asked, clip_of, difference, files_of
from tests.generation.test_production import DISPLAY_SCALE, Produce, producer
from tests.generation.tiny_ltx import SIDE

MODEL_FPS = 8


@pytest.fixture(scope="module")
def make(tiny_weights: Path, tiny_catalogue: Path) -> Produce:
    return producer(tiny_weights, tiny_catalogue)


def test_a_restyled_clip_has_the_length_of_the_given_one_and_the_models_size(make: Produce) -> None:
    given = clip_of(turning(15))
    request = asked(Command.RESTYLE, given, seconds=1.25, strength=0.5, steps=4)
    clip, told = make(request, files=files_of(request, given))
    facts = clip.facts
    assert (facts.fps, facts.frames) == (MODEL_FPS, 10)
    assert (facts.width, facts.height) == (SIDE * DISPLAY_SCALE, SIDE * DISPLAY_SCALE)
    assert facts.notes == ("12 frames a second became the model's 8.",)
    steps = [event.step for event in told if event.stage is Stage.GENERATING]
    assert steps[-1] == 2, "half of the four steps at strength 0.5"
    label = read_label(clip.media)
    assert label is not None
    assert (label.prompt, label.command) == (request.prompt, "restyle")


def test_other_clips_give_other_restyled_ones_but_at_full_strength(make: Produce) -> None:
    def restyled(media: bytes, strength: float) -> bytes:
        request = asked(Command.RESTYLE, media, strength=strength)
        return make(request, files=files_of(request, media))[0].media

    there, back = clip_of(turning(12)), clip_of(turning(12)[::-1])
    assert restyled(there, 0.5) == restyled(there, 0.5)
    assert difference(decode(restyled(there, 0.5)), decode(restyled(back, 0.5))) > 0
    assert restyled(there, 1.0) == restyled(back, 1.0)


def test_a_restyled_clip_keeps_the_sound_as_far_as_it_goes(make: Produce) -> None:
    given = clip_of(turning(24), with_sound=True)
    for seconds in (2.0, 1.0):
        request = asked(Command.RESTYLE, given, seconds=seconds, strength=0.5)
        heard = sound(make(request, files=files_of(request, given))[0].media)
        assert heard is not None
        assert abs(heard.seconds - seconds) < 0.1
        assert np.abs(heard.samples[10_000:40_000].astype(float)).mean() > 1000


def test_a_clip_that_is_shorter_than_the_model_s_shortest_is_restyled_too(make: Produce) -> None:
    given = clip_of(turning(3))
    request = asked(Command.RESTYLE, given, seconds=0.25, strength=0.5)
    clip, _ = make(request, files=files_of(request, given))
    assert clip.facts.frames == 2


def test_a_clip_of_other_proportions_is_cut_and_that_is_said(make: Produce) -> None:
    given = clip_of(np.pad(turning(12), ((0, 0), (0, 0), (40, 0), (0, 0))))
    request = asked(Command.RESTYLE, given, strength=0.5, aspect="1:1")
    clip, _ = make(request, files=files_of(request, given))
    assert clip.facts.notes[-1] == "The clip was cut to the model's proportions, 1:1."


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"strength": None}, "strength"),
        ({"strength": 0.05}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"strength": 0.2, "steps": 4}, "strength"),
        ({"strength": 0.5, "seconds": 1.5}, "duration"),
        ({"strength": 0.5, "prompt": " "}, "prompt"),
        ({"strength": 0.5, "source": None}, "clip"),
    ],
)
def test_what_cannot_be_restyled_is_refused_by_name(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        asked(Command.RESTYLE, clip_of(turning(12)), **fields)
    assert refusal.value.field == field
