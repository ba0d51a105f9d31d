"""The leaderboard's ranks, words and picture."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.arena import picture
from bot.arena.leaderboard import Leaderboard, Line, draw_leaderboard, rank_of
from bot.arena.ratings import Rating

EMBED_CHARACTERS = 6000  # Discord's limits
DESCRIPTION_CHARACTERS = 4096


def rating(points: float, *, width: float = 40, name: str = "pocket") -> Rating:
    return Rating(
        contender=name,
        points=points,
        low=points - width,
        high=points + width,
        votes=57,
        both_bad=3,
    )


def board(count: int, *, title: str = "A model of a name") -> Leaderboard:
    ratings = [rating(1400 - 17.3 * number) for number in range(count)]
    return Leaderboard(
        title="Arena of Study Hall",
        lines=tuple(
            Line(rank=rank_of(each, ratings), title=title, rating=each) for each in ratings
        ),
        too_few=tuple((f"{title} {number}", number) for number in range(9)),
        least_votes=10,
        votes=456,
        comparisons=200,
    )


def test_ranks_differ_only_where_intervals_do() -> None:
    ratings = [rating(1100), rating(1050), rating(1000), rating(900)]
    assert [rank_of(each, ratings) for each in ratings] == [1, 1, 2, 4]


def test_those_with_too_few_votes_are_named_without_a_rating() -> None:
    embed = draw_leaderboard(board(0))
    assert embed.description == "No model has enough votes yet."
    assert embed.fields[0].name == "Too few votes yet (fewer than 10)"
    assert "A model of a name 3 (3)" in str(embed.fields[0].value)


@pytest.mark.parametrize("count", [1, 2, 60])
def test_it_fits_discord_s_limits_and_is_drawn(count: int) -> None:
    drawn = board(count, title="A model of a rather long name, preset quick")
    embed = draw_leaderboard(drawn)
    assert len(embed.description or "") <= DESCRIPTION_CHARACTERS
    assert len(embed) <= EMBED_CHARACTERS
    with Image.open(io.BytesIO(picture.draw(drawn))) as image:
        assert image.width == picture.WIDTH
        assert len(image.getcolors(10**6) or ()) > 20, "something is on it"


def test_one_interval_of_no_width_is_drawn_too() -> None:
    alone = rating(1000, width=0)
    lines = (Line(rank=1, title="Pocket", rating=alone),)
    drawn = Leaderboard(
        title="Arena", lines=lines, too_few=(), least_votes=1, votes=1, comparisons=1
    )
    assert picture.draw(drawn)
