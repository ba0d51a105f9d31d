"""The price is what the card shows and the ledger charges."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.pricing import credits_for
from generation.models.catalogue import Catalogue
from generation.request import Command, GenerationRequest, SourceClip
from tests.generation.builders import make_request

POCKET = Catalogue.load(["pocket"]).get("pocket")
PRESET = POCKET.default_preset


def price(request: GenerationRequest) -> int:
    return credits_for(request, POCKET, max_scenes=12)


def priced(**fields: Any) -> GenerationRequest:
    return make_request(**{"seconds": 2.0, "steps": PRESET.steps_default, **fields})


def test_two_seconds_of_the_pocket_model_cost_two_credits() -> None:
    assert price(priced()) == 2


def test_twice_the_steps_cost_twice() -> None:
    assert price(priced(steps=2 * PRESET.steps_default)) == 4


def test_a_loop_from_words_costs_half_as_much_again() -> None:
    assert price(priced(command=Command.LOOP)) == 3
    assert price(priced(command=Command.LOOP, image_sha256="0" * 64)) == 2


def test_a_restyled_clip_costs_the_share_of_the_steps_that_are_run() -> None:
    source = SourceClip(sha256="0" * 64, width=96, height=96, fps=12.0, seconds=4.0)
    restyled = priced(command=Command.RESTYLE, source=source, seconds=4.0, strength=0.5)
    assert price(restyled) == 2


def test_a_still_costs_a_frame_but_at_least_one_credit() -> None:
    assert price(priced(command=Command.STORYBOARD_IMAGE, seconds=0)) == 1
    sdxl = Catalogue.load(["sdxl"], accepted_licences=["sdxl"]).get("sdxl")
    asked = make_request(command=Command.STORYBOARD_IMAGE, seconds=0, model="sdxl", steps=40)
    assert credits_for(asked, sdxl, max_scenes=12) == 2


def test_a_longer_story_costs_more() -> None:
    short = priced(command=Command.NARRATE, seconds=0, prompt="A boat sails on the sea today.")
    long = priced(
        command=Command.NARRATE,
        seconds=0,
        prompt=short.prompt + " The moon rises over the dark hills.",
    )
    assert 0 < price(short) < price(long)


@given(seconds=st.floats(1, 4), steps=st.integers(PRESET.steps_min, PRESET.steps_max))
def test_nothing_is_free_and_more_never_costs_less(seconds: float, steps: int) -> None:
    cost = price(priced(seconds=seconds, steps=steps))
    assert cost >= 1
    assert price(priced(seconds=seconds, steps=steps + 1)) >= cost
