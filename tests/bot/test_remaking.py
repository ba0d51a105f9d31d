from __future__ import annotations

from bot.remaking import changes
from generation.clip import ClipFacts, Making
from tests.generation.builders import make_clip


def facts(*, revision: str = "1", torch: str = "2.13.0", **making: object) -> ClipFacts:
    made = {
        "scheduler": "EulerDiscreteScheduler",
        "dtype": "float32",
        "tier": "whole",
        "device": "cpu",
        "width": 64,
        "height": 64,
        "max_bytes": 1000,
        "versions": {"torch": torch},
        **making,
    }
    return make_clip(model_revision=revision, making=Making(**made)).facts  # pyright: ignore


def test_what_is_not_as_it_was_is_named() -> None:
    assert list(changes(facts(), facts())) == []
    now = facts(
        revision="2", torch="2.14.0", tier="decoded in tiles", step_cache="TaylorSeer (x=1)"
    )
    assert list(changes(facts(), now)) == [
        "revision: was 1, is 2",
        "step cache: was nothing, is TaylorSeer (x=1)",
        "tier: was whole, is decoded in tiles",
        "torch: was 2.13.0, is 2.14.0",
    ]


def test_facts_of_before_the_making_was_kept_can_be_read() -> None:
    old = make_clip().facts
    assert ClipFacts.from_json(old.to_json().replace(', "making": null', "")) == old
    new = facts()
    assert ClipFacts.from_json(new.to_json()) == new
    assert ClipFacts.from_json(new.to_json().replace('"step_cache": "", ', "")) == new
