"""What an order would cost and what would become of it, before anything is spent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import discord

from bot.text import credit_count, duration, quoted
from generation.models.card import ModelCard
from generation.request import UPSCALE_FACTOR, Command, GenerationRequest

PROMPT_SHOWN_CHARACTERS = 500
NO_ORIGINS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """`place` is 1 for the next; `seconds_left` until the clip, where known; `paused`: moderators
    keep the guild's jobs from starting."""

    request: GenerationRequest
    price_credits: int
    available_credits: int
    place: int | None
    seconds_left: float | None
    paused: bool = False
    notes: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where the value of each option is from; empty for a request that repeats another."""


def draw_preview(preview: Preview, card: ModelCard | None) -> discord.Embed:
    """`card` is of the model that would make it; None where none does."""
    request = preview.request
    embed = discord.Embed(title=f"/{request.command} before you spend anything")
    embed.description = (
        quoted(request.prompt, PROMPT_SHOWN_CHARACTERS) if request.prompt else "> *no words*"
    )
    embed.add_field(
        name="Price",
        value=f"**{credit_count(preview.price_credits)}**; you have {preview.available_credits}",
    )
    embed.add_field(name="Place", value=_place(preview))
    left = preview.seconds_left
    embed.add_field(
        name="Ready in", value="no estimate yet" if left is None else f"about {duration(left)}"
    )
    lines = _made_by(preview, card) if card else [f"By {request.model}, without a model"]
    embed.add_field(name="What becomes of each option", value="\n".join(lines), inline=False)
    if preview.notes:
        said = "\n".join(f"• {note[:1].upper()}{note[1:]}." for note in preview.notes)
        embed.add_field(name="Notes", value=said[:1000], inline=False)
    embed.set_footer(text="Nothing is held before you press Generate.")
    return embed


def _place(preview: Preview) -> str:
    if preview.place is None:
        return "unknown"
    where = "next" if preview.place == 1 else f"number {preview.place} in the queue"
    return f"{where}, once moderators let the queue go on" if preview.paused else where


def _made_by(preview: Preview, card: ModelCard) -> list[str]:
    request, of = preview.request, _Origins(preview.origins)
    if request.command is Command.UPSCALE and request.source is not None:
        width, height = request.source.width, request.source.height
        larger = f"{width * UPSCALE_FACTOR} × {height * UPSCALE_FACTOR}"
        return [f"**Model** {card.title}", f"**Size** {width} × {height} becomes {larger} pixels"]
    width, height = (side * card.display_scale for side in card.sizes[request.aspect])
    lines = [f"**Model** {card.title}{of('model')}, preset {request.preset}{of('preset')}"]
    if request.command is Command.NARRATE:
        lines.append("**Duration** as long as the speech")
    elif not request.command.makes_still:
        more = " more" if request.command is Command.EXTEND else ""
        lines.append(
            f"**Duration** {request.seconds:g} s{more}: {card.frames_kept(request.seconds)} frames "
            f"at {card.fps} a second{of('seconds')}"
        )
    lines += [
        f"**Aspect** {request.aspect}: {width} × {height} pixels{of('aspect')}",
        f"**Motion** {request.motion} of 4{of('motion')}",
        f"**Camera** {_camera(request, card)}{of('camera')}",
        f"**Steps** {request.steps}{of('steps')}, **guidance** {request.guidance:g}"
        f"{of('guidance')}, **seed** `{request.seed}`{of('seed')}",
    ]
    if request.negative_prompt:
        without = quoted(request.negative_prompt, 120).removeprefix("> ")
        lines.append(f"**Without** {without}{of('negative_prompt')}")
    if request.private:
        lines.append(f"**Private** it cannot be shared or remixed by others{of('private')}")
    return lines


@dataclass(frozen=True, slots=True)
class _Origins:
    """` *(your preferences)*` behind the value of an option."""

    origins: Mapping[str, str]

    def __call__(self, option: str) -> str:
        origin = self.origins.get(option)
        return "" if origin is None else f" *({origin})*"


def _camera(request: GenerationRequest, card: ModelCard) -> str:
    if not request.camera.moves:
        return "at rest, unless the words move it"
    return ", ".join(
        f"{move} ({'a LoRA' if move in card.camera_loras else 'told in words'})"
        for move in request.camera.moves
    )
