"""What was typed becomes a complete request, or a refusal that names the option."""

from __future__ import annotations

import json

import pytest

from bot.request_options import AskedKeyframe, RequestOptions, at_their_times, complete
from generation.errors import InvalidRequest, UnknownModel, UnsupportedOption
from generation.models.catalogue import Catalogue
from generation.request import (
    PROMPT_MAX_CHARACTERS,
    SEED_MAX,
    Camera,
    CameraMove,
    Command,
    GenerationRequest,
)

CATALOGUE = Catalogue.load(
    ["pocket", "ltx-video", "animatediff"], accepted_licences=["ltx-video", "animatediff"]
)


def completed(**typed: object) -> GenerationRequest:
    options = RequestOptions(
        **{"command": Command.IMAGINE_VIDEO, "prompt": "a red circle", **typed}  # pyright: ignore[reportArgumentType]
    )
    return complete(options, CATALOGUE, default_model="pocket")


def test_what_was_left_out_takes_the_models_default() -> None:
    request = completed()
    pocket = CATALOGUE.get("pocket")
    assert (request.model, request.seconds, request.steps, request.guidance, request.aspect) == (
        "pocket",
        pocket.seconds_default,
        pocket.default_preset.steps_default,
        pocket.default_preset.guidance_default,
        pocket.aspect_default,
    )


def test_a_preset_brings_its_own_steps_and_guidance() -> None:
    request = completed(model="animatediff", preset="lightning")
    assert (request.preset, request.steps, request.guidance) == ("lightning", 4, 1.0)


def test_a_seed_is_drawn_anew_each_time_and_zero_is_kept() -> None:
    assert completed().seed != completed().seed
    assert completed(seed=0).seed == 0


@pytest.mark.parametrize(
    ("typed", "error", "field"),
    [
        ({"prompt": "   "}, InvalidRequest, "prompt"),
        ({"prompt": "x" * (PROMPT_MAX_CHARACTERS + 1)}, InvalidRequest, "prompt"),
        ({"seed": -1}, InvalidRequest, "seed"),
        ({"seed": SEED_MAX + 1}, InvalidRequest, "seed"),
        ({"motion": 5}, InvalidRequest, "motion"),
        ({"model": "nosuch"}, UnknownModel, "model"),
        ({"seconds": 59.0}, UnsupportedOption, "duration"),
        ({"steps": 1000}, UnsupportedOption, "steps"),
        ({"guidance": float("nan")}, InvalidRequest, "guidance"),
        ({"model": "ltx-video", "aspect": "5:2"}, UnsupportedOption, "aspect"),
        ({"preset": "lcm"}, UnsupportedOption, "preset"),
        ({"camera": Camera.of(CameraMove.ROTATE_COUNTERCLOCKWISE)}, UnsupportedOption, "camera"),
        ({"command": Command.ANIMATE}, InvalidRequest, "image"),
        ({"command": Command.NARRATE, "prompt": "... 😀"}, InvalidRequest, "story"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(
    typed: dict[str, object], error: type[InvalidRequest], field: str
) -> None:
    with pytest.raises(error) as refusal:
        completed(**typed)
    assert refusal.value.field == field


def test_a_request_survives_json() -> None:
    camera = Camera.of(CameraMove.ZOOM_IN)
    request = completed(negative_prompt="blue", seconds=3.0, private=True, camera=camera)
    assert GenerationRequest.from_json(request.to_json()) == request
    request = keyframes(0.0, 1.0, None)
    assert GenerationRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize(
    ("stored", "camera"), [("none", Camera()), ("tilt up", Camera.of(CameraMove.TILT_UP))]
)
def test_a_request_of_before_there_were_four_axes_is_still_read(
    stored: str, camera: Camera
) -> None:
    fields = json.loads(completed().to_json())
    assert GenerationRequest.from_json(json.dumps({**fields, "camera": stored})).camera == camera


def keyframes(*times: float | None, **typed: object) -> GenerationRequest:
    asked = tuple(AskedKeyframe(sha256=f"{n}" * 64, seconds=at) for n, at in enumerate(times))
    return completed(command=Command.KEYFRAMES, prompt="", keyframes=asked, **typed)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ((None, None), [("0", 0), ("1", 4)]),
        ((None, None, None), [("0", 0), ("1", 2), ("2", 4)]),
        ((1, None, None, None), [("0", 1), ("1", 2), ("2", 3), ("3", 4)]),
        ((None, 1, None, 3), [("0", 0), ("1", 1), ("2", 2), ("3", 3)]),
        ((3, 0), [("1", 0), ("0", 3)]),
    ],
)
def test_pictures_without_a_time_are_spread_over_the_clip(
    typed: tuple[float | None, ...], shown: list[tuple[str, float]]
) -> None:
    asked = [AskedKeyframe(sha256=f"{number}", seconds=at) for number, at in enumerate(typed)]
    timed = at_their_times(asked, seconds=4)
    assert [(keyframe.sha256, keyframe.seconds) for keyframe in timed] == shown


def test_a_clip_is_long_enough_for_its_last_picture() -> None:
    assert keyframes(None, None).seconds == 2
    assert keyframes(None, 3.5).seconds == 3.5


@pytest.mark.parametrize(
    ("times", "typed", "error", "said"),
    [
        ((None,), {}, InvalidRequest, "must be 2 to 4, not 1"),
        ((0, 0), {}, InvalidRequest, "must differ"),
        ((None, 3), {"seconds": 2.0}, InvalidRequest, "within the clip's 2 s; 3 s does not"),
        ((0, 0.1), {}, UnsupportedOption, "at least 0.33 s apart"),
        ((1, None), {}, UnsupportedOption, "show one at 0 s"),
        ((None, None), {"model": "animatediff"}, UnsupportedOption, "cannot do /keyframes"),
        ((1, None), {"model": "ltx-video"}, None, ""),
    ],
)
def test_keyframes_that_cannot_be_shown_are_refused_and_models_that_can_are_named(
    times: tuple[float | None, ...],
    typed: dict[str, object],
    error: type[InvalidRequest] | None,
    said: str,
) -> None:
    if error is None:
        assert keyframes(*times, **typed).keyframes
        return
    with pytest.raises(error, match=said) as refusal:
        keyframes(*times, **typed)
    if isinstance(refusal.value, UnsupportedOption) and "apart" not in said:
        assert "ltx-video" in refusal.value.able
