"""A film of any length in parts that a model can make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.models.adapter import Image
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.windows import Joint, windows

CARDS = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}


@given(
    model=st.sampled_from(sorted(CARDS)),
    total=st.integers(1, 1500),
    steps=st.integers(0, 3),
)
def test_every_part_is_one_that_the_model_makes_and_together_they_are_long_enough(
    model: str, total: int, steps: int
) -> None:
    card = CARDS[model]
    plan = windows(card, total, overlap=steps * card.frame_multiple + 1)
    assert plan.frames <= card.frames_generated(card.seconds_max)
    assert plan.frames % card.frame_multiple == 1 % card.frame_multiple
    assert plan.count * plan.step + plan.overlap >= total
    assert plan.step > 0
    assert (plan.overlap == 0) == (plan.count == 1) or card.seconds_max * card.fps < 2


def test_a_film_that_fits_is_one_part() -> None:
    card = replace(CARDS["pocket"], fps=12, frame_multiple=4, seconds_max=4)
    assert windows(card, 48, overlap=9) == windows(card, 46, overlap=5)
    plan = windows(card, 50, overlap=9)
    assert (plan.count, plan.overlap) == (2, 9)
    assert plan.frames < 40, "about equally long, not one long and one short"


@pytest.mark.parametrize(("overlap", "length"), [(0, 4), (2, 5), (3, 4)])
def test_parts_that_agree_come_together_as_they_were(overlap: int, length: int) -> None:
    film = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1).repeat(3, axis=3)
    joint, begin = Joint(overlap), 0
    seen: list[Image] = []
    while True:
        last = begin + length >= len(film)
        seen += list(joint.joined(film[begin : begin + length], last=last))
        if last:
            break
        assert (0 if joint.tail is None else len(joint.tail)) == overlap
        begin += length - overlap
    assert np.array_equal(np.stack(seen), film)


def test_parts_that_differ_fade_into_each_other() -> None:
    joint = Joint(3)
    dark, bright = np.zeros((5, 1, 1, 3), np.uint8), np.full((5, 1, 1, 3), 200, np.uint8)
    seen = [*joint.joined(dark, last=False), *joint.joined(bright, last=True)]
    assert [int(frame[0, 0, 0]) for frame in seen] == [0, 0, 50, 100, 150, 200, 200]
