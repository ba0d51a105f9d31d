"""What flags come to with a model, and what the member is told."""

from __future__ import annotations

import pytest

from bot.flag_effects import understand
from bot.request_options import RequestOptions, complete
from bot.text import cleaned
from generation.errors import InvalidRequest, UnknownModel
from generation.models.catalogue import Catalogue
from generation.request import SEED_MAX, Camera, CameraMove, Command, GenerationRequest

CATALOGUE = Catalogue.load(
    ["pocket", "ltx-video", "hunyuan-video"], accepted_licences=["ltx-video", "hunyuan-video"]
)


def understood(prompt: str, **typed: object) -> tuple[GenerationRequest, str]:
    given = RequestOptions(
        **{"command": Command.IMAGINE_VIDEO, "prompt": prompt, **typed}  # pyright: ignore[reportArgumentType]
    )
    options, notes = understand(given, CATALOGUE, default_model="pocket")
    return complete(options, CATALOGUE, default_model="pocket"), " | ".join(notes)


def test_a_prompt_without_flags_is_taken_as_it_is() -> None:
    request, notes = understood("a red circle\n- soft light")
    assert (request.prompt, notes) == ("a red circle\n- soft light", "")


def test_flags_become_the_options_of_one_request() -> None:
    request, notes = understood(
        "a red circle -motion 4 -gs 5 -ar 9:16 -camera zoom in -seed 7 -neg “blue” -steps 8 -dur 3"
    )
    assert notes == ""
    assert request.prompt == "a red circle"
    assert (request.motion, request.guidance, request.aspect) == (4, 5.0, "9:16")
    assert (request.seed, request.negative_prompt) == (7, "blue")
    assert (request.steps, request.seconds) == (8, 3.0)
    assert request.camera == Camera.of(CameraMove.ZOOM_IN)


@pytest.mark.parametrize(
    ("flag", "field", "value", "said"),
    [
        ("-gs 33", "guidance", 12.0, "`-gs` goes from 1 to 12 here: 33 became 12"),
        ("-gs 0", "guidance", 1.0, "0 became 1"),
        ("-ar 5:1", "aspect", "16:9", "`-ar 5:1` became 16:9"),
        ("-ar 4:5", "aspect", "1:1", "became 1:1"),
        ("-seed 18446744073709551615", "seed", SEED_MAX, "18446744073709551615 became"),
        ("-seed -1", "seed", 0, "-1 became 0"),
        ("-motion 9", "motion", 4, "9 became 4"),
        ("-dur 50", "seconds", 4.0, "50 became 4"),
        ("-steps 999", "steps", 40, "999 became 40"),
    ],
)
def test_what_is_out_of_range_is_clamped_and_said(
    flag: str, field: str, value: object, said: str
) -> None:
    request, notes = understood(f"a red circle {flag}")
    assert getattr(request, field) == value
    assert said in notes
    assert request.prompt == "a red circle"


@pytest.mark.parametrize(
    ("prompt", "words", "said"),
    [
        ("fox --v 5", "fox --v 5", "I do not know `-v`, so it stays in the words"),
        ("fox -sg 24", "fox -sg 24", "did you mean `-gs`?"),
        ("fox -motion fast", "fox -motion fast", "cannot read the value of `-motion`"),
        ("fox -fps 24", "fox", "makes 12 frames a second, not 24"),
        ("fox -w 0.7", "fox", "`-w` is for hidden text"),
        ("fox -hide", "fox", "the option `private`"),
        ("fox -gs 4 -gs 5", "fox", "more than once"),
        ("fox &amp; hound", "fox & hound", ""),
        ("fox\x00\x1b[31m", "fox  [31m", "control characters"),
        ("fox \u202eevil", "fox evil", "control characters"),
        ("ثعلب 🦊‍🔥 狐", "ثعلب 🦊‍🔥 狐", ""),
    ],
)
def test_nothing_is_dropped_silently(prompt: str, words: str, said: str) -> None:
    request, notes = understood(prompt)
    assert request.prompt == words
    assert said in notes
    assert bool(notes) == bool(said)


def test_a_camera_that_the_model_cannot_do_is_left_out_and_said() -> None:
    request, notes = understood("fox -camera rotate ccw")
    assert request.camera == Camera()
    assert "Pocket cannot rotate counterclockwise" in notes
    request, notes = understood("fox -camera pan up left")
    assert len(request.camera.moves) == 1
    assert "makes 1 camera move at once" in notes
    request, notes = understood("fox -camera pan up left zoom out", model="ltx-video")
    assert len(request.camera.moves) == 3
    assert notes == ""


def test_keyframes_become_what_the_model_can_do() -> None:
    request, notes = understood("fox -motion 0:(0), 24:(4) -zoom 0:(1.0), 30:(1.2) -pan 0:(0)")
    assert request.motion == 2
    assert request.camera == Camera.of(CameraMove.ZOOM_IN)
    assert "takes one motion for the whole clip" in notes
    assert "takes one zoom for the whole clip" in notes
    assert "`-pan` comes to no movement" in notes


def test_a_model_without_a_negative_prompt_is_given_none() -> None:
    request, notes = understood("fox -neg blurry -model hunyuan-video")
    assert request.negative_prompt == ""
    assert "`-neg` is left out" in notes
    with pytest.raises(UnknownModel):
        understood("fox -model nosuch")


def test_an_option_that_was_typed_goes_before_a_flag() -> None:
    request, notes = understood("fox -gs 8 -motion 1", guidance=3.0, motion=1)
    assert request.guidance == 3.0
    assert notes == "the option `guidance` goes before `-gs`"


def test_only_flags_and_no_words_is_refused_before_anything_is_charged() -> None:
    with pytest.raises(InvalidRequest, match="is empty"):
        understood("-gs 8 -motion 1")


def test_the_longest_prompt_that_was_seen_is_refused_with_its_length() -> None:
    with pytest.raises(InvalidRequest, match="29233 characters; 1500 are allowed"):
        understood("x" * 29_233)


def test_a_lone_half_of_a_character_is_left_out() -> None:
    assert cleaned("a\ud800b")[0].encode() == b"a b"
