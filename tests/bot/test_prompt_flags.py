"""The grammar of flags: what people really type, and that nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.keyframes import Schedule
from bot.prompt_flags import FlaggedPrompt, parse, render, suggestion
from generation.request import AXES, Camera, CameraMove

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6) + 0.0)
positive = st.integers(1, 4000).map(lambda value: value / 100)
schedules = st.dictionaries(st.integers(0, 999_999), numbers, min_size=1, max_size=5).map(
    lambda keys: Schedule(tuple(sorted(keys.items())))
)
letters = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1)


def flagless(word: str) -> bool:
    return word[0] not in "-–—−" and "&" not in word


words = st.lists(letters.filter(flagless), max_size=6).map(" ".join)
negatives = (
    st.lists(letters, min_size=1, max_size=5)
    .map(" ".join)
    .filter(lambda text: not set(text) & set('"“”„'))
)
cameras = st.builds(
    Camera, **{axis: st.sampled_from((-1, 0, 1)) for axis in ("zoom", "pan", "tilt", "rotate")}
).filter(lambda camera: bool(camera.moves))


def perhaps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


prompts = st.builds(
    FlaggedPrompt,
    words=words,
    motion=perhaps(schedules),
    guidance=perhaps(numbers),
    aspect=perhaps(st.tuples(positive, positive)),
    camera=perhaps(cameras),
    zoom=perhaps(schedules),
    pan=perhaps(schedules),
    tilt=perhaps(schedules),
    rotate=perhaps(schedules),
    seed=perhaps(st.integers(-(2**70), 2**70)),
    steps=perhaps(st.integers(-10, 1000)),
    seconds=perhaps(numbers),
    model=perhaps(st.sampled_from(["pocket", "wan-2.1-1.3b", "ltx-2"])),
    preset=perhaps(st.sampled_from(["quick", "ltx-2-distilled"])),
    negative=perhaps(negatives),
    fps=perhaps(numbers),
    weight=perhaps(numbers),
    size=perhaps(numbers),
    hide=perhaps(st.just(value=True)),
)


@given(prompts)
def test_what_is_rendered_reads_as_it_was(prompt: FlaggedPrompt) -> None:
    assert parse(render(prompt)) == prompt


@given(st.text(max_size=400))
def test_any_text_is_read_and_none_of_its_words_vanish(text: str) -> None:
    found = parse(text)
    if found == FlaggedPrompt(
        words=found.words, unknown=found.unknown, unreadable=found.unreadable
    ):
        assert found.words == text.strip()


TYPED = """fox red -gs 8 33 -motion1 -motion -neg “bad ugly” -ar 16:9 5:1, -camera pan zoom in up
left - -v 5 -seed 99 –fps 24. -w0.7 --AR"""
tokens = st.lists(st.sampled_from(TYPED.split()), max_size=14)


@given(tokens)
def test_each_word_is_kept_or_is_the_value_of_a_flag(typed: list[str]) -> None:
    found = parse(" ".join(typed))
    flags = render(FlaggedPrompt(**{
        name: getattr(found, name) for name in FlaggedPrompt.__slots__
        if name not in ("words", "unknown", "unreadable", "repeated")
    }))  # fmt: skip
    for word in ("fox", "red", "bad", "ugly", "-v"):
        if any(word in one for one in typed) and not found.repeated:
            assert word in f"{found.words} {flags}"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a fox -gs8 -motion1", {"words": "a fox", "guidance": 8.0, "motion": 1.0}),
        ("a fox -w0.7", {"words": "a fox", "weight": 0.7}),
        ("a fox --ar 16:9 --v 5", {"words": "a fox --v 5", "aspect": (16, 9), "unknown": ("v",)}),
        ("a fox --AR 16:9", {"words": "a fox", "aspect": (16, 9)}),
        ("a fox —ar 16:9", {"words": "a fox", "aspect": (16, 9)}),
        ("a fox -ar 16:9, -gs 12", {"words": "a fox", "aspect": (16, 9), "guidance": 12.0}),
        ("a fox -motion 2.", {"words": "a fox", "motion": 2.0}),
        ("a fox -sg 24 -m 2", {"words": "a fox -sg 24 -m 2", "unknown": ("sg", "m")}),
        ("-seed 7 -gs 12", {"words": "", "seed": 7, "guidance": 12.0}),
        ("fox -seed 18446744073709551615", {"words": "fox", "seed": 2**64 - 1}),
        ("fox -seed -5", {"words": "fox", "seed": -5}),
        ('fox -neg "blurry, -gs 3" -gs 4', {"negative": "blurry, -gs 3", "guidance": 4.0}),
        ("fox -neg “blurry” asleep", {"words": "fox asleep", "negative": "blurry"}),
        ("fox -neg blurry, text -ar 1:1", {"negative": "blurry, text", "aspect": (1, 1)}),
        ("fox -neg ugly --v 5", {"words": "fox", "negative": "ugly --v 5"}),
        ("fox -neg", {"words": "fox -neg", "unreadable": ("neg",)}),
        ("- Natural light - Soft light", {"words": "- Natural light - Soft light", "unknown": ()}),
        ("a close-up -5 degrees", {"words": "a close-up -5 degrees", "unknown": ()}),
        ("fox -motion fast", {"words": "fox -motion fast", "unreadable": ("motion",)}),
        ("fox -gs 8 -gs 9", {"guidance": 9.0, "repeated": ("gs",)}),
        ("fox -hide -size 80", {"words": "fox", "hide": True, "size": 80.0}),
        ("fox -dur 3s asleep", {"words": "fox asleep", "seconds": 3.0}),
        ("النص -gs 8 🦊", {"words": "النص 🦊", "guidance": 8.0}),
    ],
)
def test_habits_are_understood(typed: str, expected: dict[str, Any]) -> None:
    found = parse(typed)
    if isinstance(expected.get("motion"), float):
        expected["motion"] = Schedule.constant(expected["motion"])
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("typed", "moves", "words"),
    [
        ("-camera zoom in on a cat", {CameraMove.ZOOM_IN}, "on a cat"),
        ("cat -camera pan right up", {CameraMove.PAN_RIGHT, CameraMove.TILT_UP}, "cat"),
        ("cat -camera pan up left", {CameraMove.PAN_LEFT, CameraMove.TILT_UP}, "cat"),
        ("cat -camera rotate acw.", {CameraMove.ROTATE_COUNTERCLOCKWISE}, "cat"),
        ("cat -camera zoom out, tilt down, tall", {CameraMove.ZOOM_OUT, CameraMove.TILT_DOWN},
         "cat tall"),
        ("cat -zoom in -camera pan left", {CameraMove.ZOOM_IN, CameraMove.PAN_LEFT}, "cat"),
    ],
)  # fmt: skip
def test_the_camera_has_four_axes(typed: str, moves: set[CameraMove], words: str) -> None:
    found = parse(typed)
    assert found.camera == Camera.of(*moves)
    assert (found.words, found.repeated) == (words, ())


def test_a_camera_that_moves_both_ways_is_not_understood() -> None:
    assert parse("cat -camera pan left right").unreadable == ("camera",)
    assert set(Camera.of(*(move for move, (_, way) in AXES.items() if way == 1)).moves) == {
        move for move, (_, way) in AXES.items() if way == 1
    }


def test_keyframes_are_linear_between_their_keys() -> None:
    found = parse('fox -zoom "0:(1.0), 30:(1.2)" -motion 10:(4), 0:(2)')
    assert found.words == "fox"
    assert found.zoom is not None
    assert [found.zoom.at(frame) for frame in (0, 15, 30, 99)] == pytest.approx([1, 1.1, 1.2, 1.2])
    assert found.motion is not None
    assert found.motion.mean(11) == pytest.approx(3)


@pytest.mark.parametrize("typed", ["0:(1), 0:(2)", "0:(1e999)", "0:()", "1e999"])
def test_keyframes_that_make_no_sense_stay_in_the_words(typed: str) -> None:
    assert parse(f"fox -motion {typed}").unreadable == ("motion",)


@pytest.mark.parametrize(
    ("name", "meant"), [("sg", "gs"), ("m", "motion"), ("seeds", "seed"), ("v", None)]
)
def test_a_mistyped_flag_is_guessed(name: str, meant: str | None) -> None:
    assert suggestion(name) == meant


def test_a_text_of_many_flags_is_read_in_no_time_to_speak_of() -> None:
    """29,233 characters, the longest prompt that was seen, in the form that is worst to read."""
    text = ('-neg "' * 5000)[:29_233]
    assert parse(text).words or parse(text).negative
