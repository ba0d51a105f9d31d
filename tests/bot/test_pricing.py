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


def test_a_clip_made_larger_costs_by_its_pixels_and_rate() -> None:
    card = Catalogue.load(["swin2sr"]).get("swin2sr")  # 2 credits a second of 704 x 480 at 24

    def price_of(width: int, height: int, fps: float, seconds: float) -> int:
        source = SourceClip(sha256="0" * 64, width=width, height=height, fps=fps, seconds=seconds)
        asked = make_request(
            command=Command.UPSCALE, model=card.id, source=source, seconds=seconds, steps=1
        )
        return credits_for(asked, card, max_scenes=12)

    assert price_of(704, 480, 24, 3) == 6
    assert price_of(352, 480, 24, 3) == 3
    assert price_of(704, 480, 60, 2) == 10
    assert price_of(64, 64, 8, 1) == 1, "the least there is"


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
