"""What was typed becomes a complete request, or a refusal that names the option."""

from __future__ import annotations

import json

import pytest

from bot.request_options import RequestOptions, complete
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


@pytest.mark.parametrize(
    ("stored", "camera"), [("none", Camera()), ("tilt up", Camera.of(CameraMove.TILT_UP))]
)
def test_a_request_of_before_there_were_four_axes_is_still_read(
    stored: str, camera: Camera
) -> None:
    fields = json.loads(completed().to_json())
    assert GenerationRequest.from_json(json.dumps({**fields, "camera": stored})).camera == camera
