"""The leaderboard: what the votes of a server, or of all servers of this bot, come to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.arena.contenders import Contender
from bot.arena.ratings import Rating, rate
from bot.errors import NoVotesYet
from generation.models.catalogue import Catalogue
from storage import votes
from storage.database import Database

MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One contender with enough votes. `rank` is 1 more than how many are surely better: whose
    interval lies wholly above this one's."""

    rank: int
    title: str
    rating: Rating


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaderboard:
    """The best first. `too_few` are titles of those with too few votes, and how many they have."""

    title: str
    lines: tuple[Line, ...]
    too_few: tuple[tuple[str, int], ...]
    least_votes: int
    votes: int
    comparisons: int


class Leaderboards:
    """`least_votes` is from how many votes on a contender is shown."""

    def __init__(self, *, database: Database, catalogue: Catalogue, least_votes: int) -> None:
        self._database = database
        self._catalogue = catalogue
        self._least_votes = least_votes

    async def of_guild(self, guild_id: int, guild_name: str) -> Leaderboard:
        """Of the votes of one server. Raises NoVotesYet."""
        return await self._leaderboard(guild_id, f"Arena of {guild_name}")

    async def of_all(self) -> Leaderboard:
        """Of the votes of all servers. Raises NoVotesYet."""
        return await self._leaderboard(None, "Arena of all servers")

    async def _leaderboard(self, guild_id: int | None, title: str) -> Leaderboard:
        tallies = await self._database.read(
            lambda connection: votes.rated(connection, guild_id=guild_id)
        )
        if not tallies:
            raise NoVotesYet
        ratings = await asyncio.to_thread(rate, tallies)
        shown = [each for each in ratings if each.votes >= self._least_votes]
        return Leaderboard(
            title=title,
            lines=tuple(
                Line(rank=rank_of(each, shown), title=self._title(each), rating=each)
                for each in shown
            ),
            too_few=tuple(
                (self._title(each), each.votes)
                for each in ratings
                if each.votes < self._least_votes
            ),
            least_votes=self._least_votes,
            votes=sum(sum(tally.counts.values()) for tally in tallies),
            comparisons=len(tallies),
        )

    def _title(self, rating: Rating) -> str:
        return Contender.named(rating.contender).title(self._catalogue)


def rank_of(rating: Rating, others: Sequence[Rating]) -> int:
    """1 more than how many are surely better."""
    return 1 + sum(each.low > rating.high for each in others)


def draw_leaderboard(board: Leaderboard) -> discord.Embed:
    """Its figures in words; the picture goes with it."""
    embed = discord.Embed(title=board.title)
    lines = [
        f"{line.rank}. **{line.title}** · {line.rating.points:.0f} "
        f"(95 %: {line.rating.low:.0f} to {line.rating.high:.0f}) · {line.rating.votes} votes, "
        f"{line.rating.both_bad} of them “both bad”"
        for line in board.lines[:MOST_SHOWN]
    ]
    embed.description = "\n".join(lines) or "No model has enough votes yet."
    if board.too_few:
        names = ", ".join(f"{title} ({count})" for title, count in board.too_few[:MOST_SHOWN])
        embed.add_field(
            name=f"Too few votes yet (fewer than {board.least_votes})", value=names[:1000]
        )
    embed.set_footer(
        text=f"{board.votes} votes on {board.comparisons} blind comparisons of pairs drawn at "
        "random. 400 points more: preferred ten times of eleven. Equal ranks: not surely different."
    )
    return embed
