"""Ratings of contenders from votes, by the model of Bradley and Terry. Pure; see docs/arena.md.

That i is preferred to j has the probability 1 / (1 + exp(s_j - s_i)); the strengths s are those of
the greatest likelihood, found by Newton's method, with a normal prior that keeps them finite where
somebody won, or lost, every vote. A tie counts as half a win for each, and so does "both bad"
(Chiang and others 2024, "Chatbot Arena", and their published analysis). The intervals are
percentiles of a bootstrap over comparisons, not votes: all votes on one comparison are about the
same two clips, and so not independent.

    R. A. Bradley, M. E. Terry (1952), Rank analysis of incomplete block designs, Biometrika 39
    D. R. Hunter (2004), MM algorithms for generalized Bradley-Terry models, Annals of Statistics 32
    W.-L. Chiang and others (2024), Chatbot Arena, arXiv:2403.04132
    B. Efron, R. Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.votes import Tally

Matrix = NDArray[np.float64]

MEAN_POINTS = 1000.0
POINTS_PER_STRENGTH = 400 / math.log(10)
"""Elo's scale: 400 points more are ten to one."""
PRIOR_POINTS = 400.0
"""The prior's standard deviation: what strengths may well be before anybody has voted."""
PRIOR_WEIGHT = (POINTS_PER_STRENGTH / PRIOR_POINTS) ** 2
BOOTSTRAP_ROUNDS = 1000
BOOTSTRAP_SEED = 20_041_952
"""Fixed, so that the same votes have the same intervals."""
ROUNDS_AT_ONCE = 100
INTERVAL_PERCENT = (2.5, 97.5)
MOST_NEWTON_STEPS = 100
SMALLEST_STEP = 1e-10


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """A contender's points, with a 95 % interval; the mean of all contenders is 1000.

    `votes` are those on all its comparisons, of which so many called both clips bad.
    """

    contender: str
    points: float
    low: float
    high: float
    votes: int
    both_bad: int


def rate(tallies: Sequence[Tally], *, rounds: int = BOOTSTRAP_ROUNDS) -> tuple[Rating, ...]:
    """The rating of everybody who has a vote, the best first."""
    tallies = sorted(
        (tally for tally in tallies if sum(tally.counts.values())),
        key=lambda tally: tally.comparison_id,
    )
    names = sorted({name for tally in tallies for name in (tally.contender_a, tally.contender_b)})
    if not names:
        return ()
    place = {name: index for index, name in enumerate(names)}
    wins = np.zeros((len(tallies), 2))
    sides = np.zeros((len(tallies), 2), dtype=np.intp)
    for row, tally in enumerate(tallies):
        drawn = (tally.counts["tie"] + tally.counts["bad"]) / 2
        wins[row] = tally.counts["a"] + drawn, tally.counts["b"] + drawn
        sides[row] = place[tally.contender_a], place[tally.contender_b]
    points = _points(strengths(_summed(np.ones((1, len(tallies))), sides, wins, len(names))))[0]
    low, high = np.percentile(_resampled(sides, wins, len(names), rounds), INTERVAL_PERCENT, axis=0)
    ratings = [
        Rating(
            contender=name,
            points=float(points[index]),
            low=float(low[index]),
            high=float(high[index]),
            votes=_votes(tallies, name),
            both_bad=_both_bad(tallies, name),
        )
        for name, index in place.items()
    ]
    return tuple(sorted(ratings, key=lambda rating: (-rating.points, rating.contender)))


def strengths(wins: Matrix) -> Matrix:
    """Strengths of the greatest posterior density, their sum 0: (tables, contenders).

    `wins[t, i, j]` is how often i was preferred to j in table t, halves included:
    (tables, contenders, contenders).
    """
    tables, count = wins.shape[:2]
    met: Matrix = wins + wins.transpose(0, 2, 1)
    found: Matrix = np.zeros((tables, count))
    diagonal = range(count)
    for _ in range(MOST_NEWTON_STEPS):
        expected: Matrix = 1 / (1 + np.exp(found[:, None, :] - found[:, :, None]))
        slope: Matrix = (wins - met * expected).sum(axis=2) - PRIOR_WEIGHT * found
        curve: Matrix = -met * expected * (1 - expected)
        curve[:, diagonal, diagonal] = -curve.sum(axis=2) + PRIOR_WEIGHT
        step: Matrix = np.linalg.solve(curve, slope[:, :, None])[:, :, 0].astype(float)
        largest: Matrix = np.abs(step).max(axis=1, keepdims=True)
        # Damped while it is far, since a whole step could go further away.
        found = found + step / np.maximum(1.0, largest)
        if largest.max() < SMALLEST_STEP:
            break
    return found


def _resampled(sides: NDArray[np.intp], wins: Matrix, contenders: int, rounds: int) -> Matrix:
    """Points for as many comparisons drawn anew with replacement: (rounds, contenders)."""
    chance = np.random.default_rng(BOOTSTRAP_SEED)
    count = len(sides)
    found: list[Matrix] = []
    for start in range(0, rounds, ROUNDS_AT_ONCE):
        some = min(ROUNDS_AT_ONCE, rounds - start)
        times = chance.multinomial(count, np.full(count, 1 / count), size=some)
        found.append(_points(strengths(_summed(times.astype(float), sides, wins, contenders))))
    return np.concatenate(found)


def _summed(times: Matrix, sides: NDArray[np.intp], wins: Matrix, contenders: int) -> Matrix:
    """Tables of wins in which each comparison counts so many times: (tables, comparisons) gives
    (tables, contenders, contenders)."""
    cells = contenders * contenders
    first, second = sides[:, 0], sides[:, 1]
    summed = [
        np.bincount(first * contenders + second, weights=row * wins[:, 0], minlength=cells)
        + np.bincount(second * contenders + first, weights=row * wins[:, 1], minlength=cells)
        for row in times
    ]
    return np.stack(summed).astype(float).reshape(len(times), contenders, contenders)


def _points(found: Matrix) -> Matrix:
    return MEAN_POINTS + POINTS_PER_STRENGTH * found


def _votes(tallies: Sequence[Tally], name: str) -> int:
    return sum(sum(each.counts.values()) for each in tallies if _in(each, name))


def _both_bad(tallies: Sequence[Tally], name: str) -> int:
    return sum(each.counts["bad"] for each in tallies if _in(each, name))


def _in(tally: Tally, name: str) -> bool:
    return name in (tally.contender_a, tally.contender_b)
