"""A clip made anew by other words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from generation.decoding import sound
from generation.errors import InvalidRequest, UnsupportedOption
from generation.inspection import read_label
from generation.job import Stage
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.request import Command
from generation.windows import windows
from tests.generation.moving_pictures import decode, turning
from tests.generation.test_clip_recipes import asked, clip_of, difference, files_of
from tests.generation.test_production import DISPLAY_SCALE, Produce, producer
from tests.generation.tiny_ltx import SIDE

MODEL_FPS = 8
SHIPPED = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}


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


def test_a_clip_longer_than_a_shot_is_made_in_parts_that_go_on_from_each_other(
    make: Produce,
) -> None:
    given = clip_of(turning(108, turns=3), with_sound=True)
    request = asked(Command.RESTYLE, given, seconds=9.0, strength=0.5, steps=2)
    clip, told = make(request, files=files_of(request, given))
    assert (clip.facts.fps, clip.facts.frames) == (MODEL_FPS, 72)
    assert clip.facts.has_audio
    assert "Made in 3 parts, each from the end of the one before" in clip.facts.notes[-1]
    steps = [(event.step, event.steps) for event in told if event.stage is Stage.GENERATING]
    assert steps[-1] == (3, 3), "one of two steps in each part"
    assert make(request, files=files_of(request, given))[0].media == clip.media


def test_parts_of_a_clip_meet_as_smoothly_as_the_clip_moves(
    make: Produce, tiny_catalogue: Path
) -> None:
    """The tiny model's pictures mean nothing, so only the joints are looked at."""
    given = clip_of(turning(72, turns=2))
    request = asked(Command.RESTYLE, given, seconds=6.0, strength=0.3, steps=4)
    frames = decode(make(request, files=files_of(request, given))[0].media).astype(float)
    changes = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    (card,) = read_catalogue(tiny_catalogue)
    plan = windows(card, 48, overlap=9)
    assert plan.count == 2
    joint = changes[plan.step - 1 : plan.frames + 1]
    assert joint.max() <= changes.max(), "no cut where the parts meet"
    assert joint.mean() < 1.5 * np.median(changes)


@pytest.mark.parametrize(("model", "able"), [("ltx-video", True), ("animatediff", False)])
def test_only_a_model_that_goes_on_from_a_clip_joins_parts_of_which_nothing_stays(
    model: str, able: bool
) -> None:
    card = SHIPPED[model]
    source = clip_of(turning(180, turns=5))
    preset = card.default_preset
    options = {"model": model, "steps": preset.steps_default, "aspect": card.aspect_default}
    for strength in (0.8, 1.0):
        request = asked(Command.RESTYLE, source, seconds=15.0, strength=strength, **options)
        if able or strength <= 0.8:
            card.check(request)
            continue
        with pytest.raises(UnsupportedOption, match=r"up to 4 s anew at a strength above 0\.8"):
            card.check(request)


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
