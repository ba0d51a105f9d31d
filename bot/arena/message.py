"""A comparison's message: what is made, then what is voted on, then what was what. Pure.

Until it is revealed nothing here depends on which contender made which clip, nor on how long either
took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import discord

from bot.arena.contenders import Contender
from bot.card import Card, appeal_words
from bot.text import credit_count, duration, quoted
from bot.views.arena_buttons import (
    APPEALS,
    REPORTS,
    VOTES,
    ArenaAction,
    arena_view,
    revealed_view,
)
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage.comparisons import Comparison
from storage.jobs import JobRecord
from storage.votes import Choice

PROMPT_SHOWN_CHARACTERS = 900
GREY, BLUE, GREEN, RED = (
    discord.Colour(value) for value in (0x8A8F98, 0x3B82F6, 0x22A06B, 0xD9472B)
)
SIDES = "AB"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A comparison with its jobs, A's first, and its votes."""

    comparison: Comparison
    jobs: tuple[JobRecord, JobRecord]
    votes: Mapping[Choice, int]

    @property
    def made(self) -> int:
        """How many of the two clips are made."""
        return sum(job.state == "succeeded" for job in self.jobs)

    @property
    def up(self) -> dict[str, JobRecord]:
        """By letter, the jobs whose clips moderators have not taken down."""
        return {side: job for side, job in self.by_side.items() if job.takedown_reason is None}

    @property
    def down(self) -> dict[str, JobRecord]:
        """By letter, those whose clips they have."""
        return {side: job for side, job in self.by_side.items() if job.takedown_reason is not None}

    @property
    def by_side(self) -> dict[str, JobRecord]:
        """A's job and B's."""
        return dict(zip(SIDES, self.jobs, strict=True))


def draw_comparison(standing: Standing, catalogue: Catalogue) -> Card:
    """The message for the comparison's state, all but the clips themselves."""
    comparison = standing.comparison
    match comparison.state:
        case "making":
            card = _making(standing)
        case "voting":
            card = _stopped(standing) if standing.down else _voting(standing)
        case "revealed":
            card = _revealed(standing, catalogue)
        case "called_off":
            card = _called_off(standing)
    card.embed.set_footer(text=f"AI-generated · comparison {comparison.id}")
    return card


def contender_title(comparison: Comparison, side: str, catalogue: Catalogue) -> str:
    """Who made A, or B."""
    name = comparison.contender_a if side == "a" else comparison.contender_b
    return Contender.named(name).title(catalogue)


def price_of_both(jobs: tuple[JobRecord, JobRecord]) -> str:
    """`4 credits`, or that both wait without any."""
    if jobs[0].relaxed:
        return "relaxed, no credits"
    return credit_count(sum(job.price_credits for job in jobs))


def _making(standing: Standing) -> Card:
    embed = discord.Embed(title="Comparison", colour=BLUE if standing.made else GREY)
    made = "one of two clips is made" if standing.made else "two clips are being made"
    embed.description = "\n".join(
        (
            *_asked(standing),
            f"⏳ {made.capitalize()} by different models · {price_of_both(standing.jobs)}",
        )
    )
    return Card(embed=embed, view=arena_view(standing.comparison.id, (ArenaAction.CANCEL,)))


def _voting(standing: Standing) -> Card:
    embed = discord.Embed(title="Which clip is better?", colour=BLUE)
    embed.description = "\n".join(
        (
            *_asked(standing),
            "**A** is the first file, **B** the second: the same words and seed on two models.",
            "-# You may change your vote until you are told the models. Whoever asked, or a "
            "moderator, ends the vote by Reveal.",
        )
    )
    view = arena_view(standing.comparison.id, VOTES, (ArenaAction.REVEAL, *REPORTS))
    return Card(embed=embed, view=view)


def _stopped(standing: Standing) -> Card:
    """While a clip is down: without its words, which the other one was made of too."""
    embed = discord.Embed(title="Comparison, stopped", colour=RED)
    embed.description = "\n".join(
        (
            *_without_words(standing),
            "-# Nobody can vote before it is back. The votes that were given stay; whoever asked, "
            "or a moderator, ends the vote by Reveal.",
        )
    )
    view = arena_view(
        standing.comparison.id, (ArenaAction.REVEAL, *_reports(standing)), _appeals(standing)
    )
    return Card(embed=embed, view=view)


def _revealed(standing: Standing, catalogue: Catalogue) -> Card:
    comparison, votes = standing.comparison, standing.votes
    embed = discord.Embed(title="Comparison, revealed", colour=GREEN)
    total = sum(votes.values())
    counted = "" if comparison.uniform else " · not in the ratings: its models were chosen"
    asked = _without_words(standing) if standing.down else _asked(standing)
    embed.description = "\n".join((*asked, f"🎭 {total} vote{'' if total == 1 else 's'}{counted}"))
    for side, job in standing.by_side.items():
        count = votes["a" if side == "A" else "b"]
        embed.add_field(
            name=f"{side}: {contender_title(comparison, side.lower(), catalogue)}",
            value=f"better for **{count}** · job `{job.id}`",
        )
    neither = f"tie **{votes['tie']}** · both bad **{votes['bad']}**"
    embed.add_field(name="Neither", value=neither, inline=False)
    clips = {side: job.id for side, job in standing.up.items()}
    below = (*_reports(standing), *_appeals(standing))
    return Card(embed=embed, view=revealed_view(comparison.id, clips, below))


def _called_off(standing: Standing) -> Card:
    embed = discord.Embed(title="Comparison, called off", colour=GREY)
    lines = [*_asked(standing), f"🚫 {standing.comparison.problem}"]
    lost = [job for job in standing.jobs if job.state != "succeeded"]
    given_back = sum(job.price_credits for job in lost if not job.relaxed)
    if given_back:
        lines.append(f"{credit_count(given_back)} came back.")
    if standing.made:
        lines.append(
            "The clip that was made is posted by itself."
            if standing.made == 1
            else "The clips are posted by themselves."
        )
    embed.description = "\n".join(lines)
    return Card(embed=embed, view=discord.ui.View(timeout=None))


def _reports(standing: Standing) -> tuple[ArenaAction, ...]:
    return tuple(REPORTS[SIDES.index(side)] for side in standing.up)


def _appeals(standing: Standing) -> tuple[ArenaAction, ...]:
    return tuple(
        APPEALS[SIDES.index(side)]
        for side, job in standing.down.items()
        if job.review_state == "down"
    )


def _without_words(standing: Standing) -> tuple[str, ...]:
    """What is down, and why."""
    taken = [
        f"🛑 Moderators took **{side}** down: "
        f"{discord.utils.escape_markdown(job.takedown_reason or '')}\n{appeal_words(job)}"
        for side, job in standing.down.items()
    ]
    return (f"<@{standing.comparison.user_id}> compares two models.", *taken)


def _asked(standing: Standing) -> tuple[str, ...]:
    request = GenerationRequest.from_json(standing.jobs[0].request_json)
    return (
        f"<@{standing.comparison.user_id}> compares two models on",
        quoted(request.prompt, PROMPT_SHOWN_CHARACTERS),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PairPreview:
    """What a comparison would cost and become. `models` are those that were named, if any;
    `seconds_left` until both clips, where known."""

    request: GenerationRequest
    price_credits: int
    available_credits: int
    models: tuple[str, ...]
    place: int | None
    seconds_left: float | None
    notes: tuple[str, ...]


def draw_preview(preview: PairPreview) -> discord.Embed:
    request = preview.request
    embed = discord.Embed(title="/compare before you spend anything")
    embed.description = quoted(request.prompt, 500)
    embed.add_field(
        name="Price of both clips",
        value=f"**{credit_count(preview.price_credits)}**; you have {preview.available_credits}",
    )
    place = "next" if preview.place == 1 else f"number {preview.place} in the queue"
    embed.add_field(name="Place", value="unknown" if preview.place is None else place)
    left = preview.seconds_left
    embed.add_field(
        name="Ready in", value="no estimate yet" if left is None else f"about {duration(left)}"
    )
    who = " and ".join(preview.models) if preview.models else "drawn, and told after the votes"
    lines = [
        f"**Models** {who}; which of them is A is drawn",
        f"**Both** {request.seconds:g} s, {request.aspect}, motion {request.motion} of 4, "
        f"camera {', '.join(request.camera.moves) or 'at rest'}, seed `{request.seed}`",
    ]
    if preview.models:
        lines.append("-# Votes on models that were chosen do not count in the ratings.")
    embed.add_field(name="What is made", value="\n".join(lines), inline=False)
    if preview.notes:
        said = "\n".join(f"• {note[:1].upper()}{note[1:]}." for note in preview.notes)
        embed.add_field(name="Notes", value=said[:1000], inline=False)
    embed.set_footer(text="Nothing is held before you press Generate both.")
    return embed
