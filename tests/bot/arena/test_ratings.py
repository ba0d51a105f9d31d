"""Ratings: known strengths are found again, and neither names nor order make a difference."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arena.ratings import MEAN_POINTS, POINTS_PER_STRENGTH, PRIOR_WEIGHT, rate, strengths
from storage.votes import CHOICES, Choice, Tally

COUNTS: st.SearchStrategy[dict[Choice, int]] = st.fixed_dictionaries(
    {choice: st.integers(0, 5) for choice in CHOICES}
)
PAIRS = st.sampled_from(list(itertools.permutations("pqrs", 2)))
TALLIES = st.lists(st.tuples(PAIRS, COUNTS), max_size=12).map(
    lambda found: [
        Tally(comparison_id=f"c{number:02}", contender_a=pair[0], contender_b=pair[1], counts=said)
        for number, (pair, said) in enumerate(found)
    ]
)
FEW_ROUNDS = 50


def simulated(
    true_strengths: dict[str, float], *, comparisons: int, votes: int, seed: int = 7
) -> list[Tally]:
    """Votes as the model of Bradley and Terry has them, on pairs drawn uniformly."""
    chance = np.random.default_rng(seed)
    pairs = list(itertools.permutations(true_strengths, 2))
    found: list[Tally] = []
    for number in range(comparisons):
        one, other = pairs[chance.integers(len(pairs))]
        better = 1 / (1 + math.exp(true_strengths[other] - true_strengths[one]))
        wins = int(chance.binomial(votes, better))
        counts: dict[Choice, int] = {"a": wins, "b": votes - wins, "tie": 0, "bad": 0}
        found.append(
            Tally(
                comparison_id=f"c{number:05}",
                contender_a=one,
                contender_b=other,
                counts=counts,
            )
        )
    return found


def points(tallies: Sequence[Tally]) -> dict[str, tuple[float, float, float]]:
    return {
        each.contender: (each.points, each.low, each.high)
        for each in rate(tallies, rounds=FEW_ROUNDS)
    }


def test_known_strengths_are_recovered_within_their_intervals() -> None:
    true_strengths = {"best": 1.0, "good": 0.4, "fair": -0.2, "poor": -1.2}
    found = rate(simulated(true_strengths, comparisons=2000, votes=3))
    assert [each.contender for each in found] == list(true_strengths)
    for each in found:
        wanted = MEAN_POINTS + POINTS_PER_STRENGTH * true_strengths[each.contender]
        assert each.points == pytest.approx(wanted, abs=25)
        assert each.low < each.points < each.high
    covered = sum(
        each.low <= MEAN_POINTS + POINTS_PER_STRENGTH * true_strengths[each.contender] <= each.high
        for each in found
    )
    assert covered >= 3


def test_more_votes_make_an_interval_narrower() -> None:
    def width(comparisons: int) -> float:
        (first, _) = rate(simulated({"p": 0.5, "q": -0.5}, comparisons=comparisons, votes=1))
        return first.high - first.low

    assert width(1600) < width(100) / 2


def test_who_wins_every_vote_has_a_finite_rating_that_grows_with_the_votes() -> None:
    def best(votes: int) -> float:
        counts: dict[Choice, int] = {"a": votes, "b": 0, "tie": 0, "bad": 0}
        tally = Tally(comparison_id="c", contender_a="p", contender_b="q", counts=counts)
        return points([tally])["p"][0]

    assert MEAN_POINTS < best(1) < best(10) < best(1000) < MEAN_POINTS + 2000


def test_ties_and_both_bad_count_alike_and_favour_nobody() -> None:
    found = {
        choice: points(
            [
                Tally(
                    comparison_id="c",
                    contender_a="p",
                    contender_b="q",
                    counts={**dict.fromkeys(CHOICES, 0), choice: 8},
                )
            ]
        )
        for choice in ("tie", "bad")
    }
    assert found["tie"] == found["bad"]
    assert all(each == pytest.approx((1000, 1000, 1000)) for each in found["tie"].values())


def test_without_votes_there_are_no_ratings() -> None:
    nothing: dict[Choice, int] = dict.fromkeys(CHOICES, 0)
    assert rate([]) == ()
    assert rate([Tally(comparison_id="c", contender_a="p", contender_b="q", counts=nothing)]) == ()


@given(TALLIES, st.randoms())
def test_the_order_of_comparisons_makes_no_difference(tallies: list[Tally], random: Random) -> None:
    mixed = list(tallies)
    random.shuffle(mixed)
    assert points(mixed) == points(tallies)


@given(TALLIES, st.permutations("pqrs"))
def test_other_names_have_the_same_ratings(tallies: list[Tally], names: list[str]) -> None:
    called = dict(zip("pqrs", names, strict=True))
    renamed = [
        Tally(
            comparison_id=each.comparison_id,
            contender_a=called[each.contender_a],
            contender_b=called[each.contender_b],
            counts=each.counts,
        )
        for each in tallies
    ]
    wanted = {called[name]: figures for name, figures in points(tallies).items()}
    found = points(renamed)
    assert found.keys() == wanted.keys()
    for name, figures in found.items():
        assert figures == pytest.approx(wanted[name], abs=1e-6)


@given(TALLIES)
def test_which_side_one_was_shown_on_makes_no_difference(tallies: list[Tally]) -> None:
    turned = [
        Tally(
            comparison_id=each.comparison_id,
            contender_a=each.contender_b,
            contender_b=each.contender_a,
            counts={**each.counts, "a": each.counts["b"], "b": each.counts["a"]},
        )
        for each in tallies
    ]
    wanted, found = points(tallies), points(turned)
    assert found.keys() == wanted.keys()
    for name, figures in found.items():
        assert figures == pytest.approx(wanted[name], abs=1e-6)


@given(st.lists(st.lists(st.integers(0, 1000), min_size=3, max_size=3), min_size=3, max_size=3))
def test_no_other_strengths_are_likelier(table: list[list[int]]) -> None:
    """The slope of the penalised likelihood is nought there, and the mean too."""
    wins = np.array(table, dtype=float)
    np.fill_diagonal(wins, 0)
    (found,) = strengths(wins[None])
    chance = 1 / (1 + np.exp(found[None, :] - found[:, None]))
    slope = (wins - (wins + wins.T) * chance).sum(axis=1) - PRIOR_WEIGHT * found
    assert np.abs(slope).max() < 1e-6
    assert abs(found.sum()) < 1e-6
