"""Lines of words and flags that are kept for later: option sets, preferences, channels' defaults.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.flag_effects import NOTHING_HERE, with_flags
from bot.prompt_flags import FlaggedPrompt, parse, render, suggestion
from bot.request_options import RequestOptions
from bot.text import cleaned
from bot.variations import as_flags
from generation.errors import InvalidRequest, UnsupportedOption
from generation.models.card import ModelCard
from generation.models.catalogue import Catalogue
from generation.request import Command, GenerationRequest

DOES_NOTHING = (*NOTHING_HERE, "fps")
"""Flags that are understood and told to do nothing: not worth keeping."""

Line = tuple[str, tuple[str, ...]]
"""What is to be kept, and what to say of it now."""


def checked(typed: str, catalogue: Catalogue, *, default_model: str) -> Line:
    """A line that a member typed, as it is kept.

    Raises UnknownModel, UnsupportedOption, and InvalidRequest for a flag that nobody knows or reads
    and for a line that says nothing.
    """
    text, notes = cleaned(" ".join(typed.split()))
    flags = parse(text)
    for name in flags.unknown:
        meant = suggestion(name)
        hint = f"; did you mean `-{meant}`?" if meant else ""
        raise InvalidRequest("line", f"has the flag `-{name[:20]}`, which I do not know{hint}")
    for name in flags.unreadable:
        raise InvalidRequest("line", f"has the flag `-{name}` without a value that I can read")
    card = _able(flags.model, catalogue) if flags.model else catalogue.get(default_model)
    if flags.preset is not None:
        card.preset(flags.preset)
    line = render(replace(flags, repeated=(), **dict.fromkeys(DOES_NOTHING)))
    if not line:
        raise InvalidRequest("line", "says nothing; try `film noir -ar 16:9 -gs 8`")
    return line, (*notes, *_said(flags, card))


def of_request(request: GenerationRequest) -> str:
    """The options of a request, without its words and seed. Raises InvalidRequest."""
    if not request.command.imagines:
        raise InvalidRequest("clip", f"was made by {request.model}, which has no options to save")
    return render(replace(as_flags(request), words="", seed=None))


def changed(
    line: str, changes: Mapping[str, object], catalogue: Catalogue, *, default_model: str
) -> Line:
    """The line with these fields of a FlaggedPrompt changed; None takes one out.

    Raises UnknownModel, and UnsupportedOption for a model that cannot run here or a preset that the
    model does not have. What was in the line before is not held against the member.
    """
    flags = replace(parse(line), **changes)  # pyright: ignore[reportArgumentType]
    if changes.get("model") and flags.model:
        _able(flags.model, catalogue)
    known = any(card.id == flags.model for card in catalogue)
    card = catalogue.get(flags.model if known and flags.model else default_model)
    if changes.get("preset") and flags.preset:
        card.preset(flags.preset)
    return render(flags), _said(flags, card)


def suffix(typed: str) -> str:
    """Words to add to prompts. Raises InvalidRequest where flags are among them."""
    words, _ = cleaned(" ".join(typed.split()))
    if parse(words) != FlaggedPrompt(words=words):
        raise InvalidRequest(
            "suffix", "has flags in it; keep those as an option set with /options save"
        )
    if not words:
        raise InvalidRequest("suffix", "is empty; /prefer reset takes it out")
    return words


def aspect(typed: str) -> tuple[float, float]:
    """`16:9` as a flag has it."""
    width, height = typed.split(":")
    return float(width), float(height)


def _able(model: str, catalogue: Catalogue) -> ModelCard:
    """Raises UnknownModel, and UnsupportedOption where it cannot run here."""
    card = catalogue.get(model)
    reason = catalogue.why_not(model)
    if reason is not None:
        raise UnsupportedOption("model", model, f"cannot run here: {reason}")
    return card


def _said(flags: FlaggedPrompt, card: ModelCard) -> tuple[str, ...]:
    """What this model would not make of the line as it stands."""
    return with_flags(RequestOptions(command=Command.IMAGINE_VIDEO), flags, card)[1]
