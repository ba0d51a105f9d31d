"""Which of several values of an option counts: one order, for every option, whatever is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.precedence import OPTIONS, Layer, Origin, Resolved, resolve
from bot.prompt_flags import FlaggedPrompt, parse, render
from bot.request_options import RequestOptions, complete
from generation.errors import UnknownModel
from generation.models.catalogue import Catalogue
from generation.request import Camera, CameraMove, Command
from storage.conduct import Allowed

CATALOGUE = Catalogue.load(["pocket", "ltx-video"], accepted_licences=["ltx-video"])
LAYERS = (Origin.OPTION_SET, Origin.PREFERENCES, Origin.CHANNEL, Origin.GUILD)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "model": st.sampled_from(["pocket", "ltx-video"]),
    "preset": st.sampled_from(["default", "quick"]),
    "seconds": st.sampled_from([2.0, 3.0, 4.0]),
    "aspect": st.sampled_from([(1.0, 1.0), (16.0, 9.0), (9.0, 16.0)]),
    "camera": st.sampled_from([Camera.of(CameraMove.ZOOM_IN), Camera.of(CameraMove.PAN_LEFT)]),
    "motion": st.sampled_from([parse(f"-motion {n}").motion for n in range(5)]),
    "guidance": st.sampled_from([2.0, 3.0, 5.0]),
    "steps": st.integers(8, 20),
    "seed": st.integers(0, 1000),
    "negative": st.sampled_from(["blue", "dark, red"]),
}
FIELD_OF = {"negative_prompt": "negative"}
flags = st.builds(FlaggedPrompt, **{name: st.none() | values for name, values in VALUES.items()})
privacies = st.sampled_from([None, True, False])


@st.composite
def said(draw: st.DrawFn) -> tuple[RequestOptions, tuple[Layer, ...]]:
    """What was typed, as options and flags, and layers in any order."""
    layers = [
        Layer(origin=origin, flags=draw(flags), private=draw(privacies))
        for origin in draw(st.lists(st.sampled_from(LAYERS), unique=True))
    ]
    typed = replace(draw(flags), words="a red circle")
    command = draw(st.sampled_from([Command.IMAGINE_VIDEO, Command.LOOP]))
    options = RequestOptions(command=command, prompt=render(typed), private=draw(privacies))
    if draw(st.booleans()) and typed.model == "pocket":
        options = replace(options, model="pocket", motion=draw(st.none() | st.integers(0, 4)))
    return options, tuple(layers)


def resolved(options: RequestOptions, *layers: Layer, allowed: Allowed | None = None) -> Resolved:
    if allowed is None:
        return resolve(options, layers, CATALOGUE, default_model="pocket")
    return resolve(options, layers, CATALOGUE, default_model="pocket", allowed=allowed)


def layer(origin: Origin, line: str, private: bool | None = None, name: str = "") -> Layer:
    return Layer(origin=origin, flags=parse(line), private=private, name=name)


def typed(prompt: str = "a fox", **given: object) -> RequestOptions:
    values: dict[str, object] = {"command": Command.IMAGINE_VIDEO, "prompt": prompt, **given}
    return RequestOptions(**values)  # pyright: ignore[reportArgumentType]


@settings(deadline=None)
@given(said())
def test_every_option_has_one_origin_and_the_request_is_always_valid(
    case: tuple[RequestOptions, tuple[Layer, ...]],
) -> None:
    options, layers = case
    found = resolved(options, *layers)
    assert set(found.origins) == set(OPTIONS)
    present = {Origin.TYPED, Origin.DEFAULT, Origin.DRAWN, *(each.origin for each in layers)}
    assert set(found.origins.values()) <= present
    request = complete(found.options, CATALOGUE, default_model="pocket")
    assert request.model == found.options.model
    for name, origin in found.origins.items():
        unsaid = getattr(found.options, name) in (None, "")
        assert unsaid <= (origin in (Origin.DEFAULT, Origin.DRAWN, Origin.TYPED)), name


@settings(deadline=None)
@given(said())
def test_what_is_typed_always_wins(case: tuple[RequestOptions, tuple[Layer, ...]]) -> None:
    options, layers = case
    alone, found = resolved(options), resolved(options, *layers)
    model_is_typed = alone.origins["model"] is Origin.TYPED
    for name, origin in alone.origins.items():
        if origin is Origin.TYPED:
            assert found.origins[name] is Origin.TYPED
            # What is possible depends on the model; a layer may name one where none was typed.
            if model_is_typed or found.options.model == alone.options.model:
                assert getattr(found.options, name) == getattr(alone.options, name)


@settings(deadline=None)
@given(said(), st.randoms())
def test_the_order_in_which_layers_are_read_does_not_matter(
    case: tuple[RequestOptions, tuple[Layer, ...]], random: object
) -> None:
    options, layers = case
    shuffled = list(layers)
    random.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    assert resolved(options, *shuffled) == resolved(options, *layers)


@settings(deadline=None)
@given(said())
def test_the_strongest_layer_that_says_an_option_decides_it(
    case: tuple[RequestOptions, tuple[Layer, ...]],
) -> None:
    """Of options that any model takes; what belongs to one model has rules of its own."""
    options, layers = case
    found, above = resolved(options, *layers), resolved(options)
    for name in ("model", "seconds", "aspect", "motion", "seed", "private"):
        if above.origins[name] is Origin.TYPED:
            continue
        speakers = [
            each.origin
            for each in sorted(layers, key=lambda one: LAYERS.index(one.origin))
            if (each.private if name == "private" else getattr(each.flags, name)) is not None
        ]
        silent = Origin.DRAWN if name == "seed" else Origin.DEFAULT
        assert found.origins[name] is (speakers[0] if speakers else silent), name


def test_a_value_that_is_used_is_said_with_its_origin() -> None:
    found = resolved(
        typed("a fox -ar 9:16"),
        layer(Origin.CHANNEL, "-steps 9", private=True),
        layer(Origin.OPTION_SET, "-dur 3 -ar 16:9", name="noir"),
    )
    assert found.notes == (
        "from your option set “noir”: duration 3",
        "from this channel's defaults: steps 9, private yes",
    )
    assert found.options.aspect == "9:16"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-model nosuch", "is not here any more"),
        ("-model ltx-video", "is not allowed on this server"),
    ],
)
def test_a_model_that_cannot_be_used_is_named_and_passed_over(line: str, why: str) -> None:
    allowed = Allowed(channel_ids=None, models=("pocket",), most_seconds=None, most_credits=None)
    found = resolved(typed(), layer(Origin.PREFERENCES, f"{line} -steps 30"), allowed=allowed)
    assert (found.options.model, found.options.steps) == ("pocket", None)
    assert found.origins["model"] is Origin.DEFAULT
    assert why in found.notes[0]


def test_a_model_that_does_not_do_the_command_is_passed_over() -> None:
    still = replace(typed(), command=Command.STORYBOARD_IMAGE)
    found = resolved(still, layer(Origin.PREFERENCES, "-model ltx-video"))
    assert "does not do /storyboard-image" in found.notes[0]


def test_a_typed_model_is_never_passed_over() -> None:
    with pytest.raises(UnknownModel):
        resolved(typed(model="nosuch"), layer(Origin.PREFERENCES, "-model pocket"))


def test_steps_meant_for_one_model_are_not_given_to_another() -> None:
    found = resolved(typed(model="pocket"), layer(Origin.CHANNEL, "-model ltx-video -steps 40"))
    assert found.options.steps is None
    found = resolved(typed(), layer(Origin.CHANNEL, "-model ltx-video -steps 40"))
    assert (found.options.model, found.options.steps) == ("ltx-video", 40)


def test_a_preset_brings_its_own_steps() -> None:
    found = resolved(typed(preset="quick"), layer(Origin.CHANNEL, "-steps 30"))
    assert found.options.steps is None
    found = resolved(typed(), layer(Origin.CHANNEL, "-preset quick -steps 7"))
    assert (found.options.preset, found.options.steps) == ("quick", 7)


def test_whoever_moves_the_camera_on_one_axis_says_what_it_does() -> None:
    found = resolved(typed("a fox -camera zoom in"), layer(Origin.OPTION_SET, "-pan left"))
    assert found.options.camera == Camera.of(CameraMove.ZOOM_IN)


def test_a_length_beyond_what_moderators_allow_is_cut_unless_it_was_typed() -> None:
    allowed = Allowed(channel_ids=None, models=None, most_seconds=3, most_credits=None)
    found = resolved(typed(), layer(Origin.PREFERENCES, "-dur 4"), allowed=allowed)
    assert found.options.seconds == 3
    assert "4 s became 3 s" in found.notes[0]
    found = resolved(typed("a fox -dur 4"), allowed=allowed)
    assert found.options.seconds == 4, "which is refused when it is ordered"


def test_words_are_added_once_and_never_to_a_story_or_to_nothing() -> None:
    suffix = layer(Origin.PREFERENCES, "soft light")
    noir = layer(Origin.OPTION_SET, "film noir -ar 16:9", name="noir")
    assert resolved(typed("a fox"), suffix, noir).options.prompt == "a fox, film noir, soft light"
    assert resolved(typed("A fox."), suffix).options.prompt == "A fox. soft light"
    assert resolved(typed("a fox, Soft Light"), suffix).options.prompt == "a fox, Soft Light"
    assert resolved(typed("", command=Command.ANIMATE), suffix).options.prompt == ""
    assert resolved(typed("A fox.", command=Command.NARRATE), suffix).options.prompt == "A fox."
    long = resolved(typed("a" * 1495), suffix)
    assert long.options.prompt == "a" * 1495
    assert "too long" in long.notes[-1]


def test_what_has_no_meaning_for_a_command_is_not_brought_up_by_preferences() -> None:
    found = resolved(
        typed("A fox.", command=Command.NARRATE), layer(Origin.PREFERENCES, "-dur 3 -ar 16:9")
    )
    assert found.notes == ("from your preferences: aspect 16:9",)
    found = resolved(
        typed("A fox.", command=Command.NARRATE), layer(Origin.OPTION_SET, "-dur 3", name="x")
    )
    assert "`-dur` does nothing" in found.notes[0]
