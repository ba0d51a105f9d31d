"""Two requests that differ in their contender alone, of a pair that was drawn uniformly. Pure.

Both get the same words, seed, length, proportions, motion and camera; steps and guidance are each
contender's own, since they are what makes a preset.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.arena.contenders import Contender
from bot.errors import NoOpponent
from bot.flag_effects import understand
from bot.prompt_flags import parse
from bot.request_options import RequestOptions, complete, draw_seed
from bot.text import cleaned
from generation.errors import InvalidRequest, UnsupportedOption
from generation.models.card import ModelCard
from generation.models.catalogue import Catalogue
from generation.request import Camera, GenerationRequest
from storage.errors import OfferExpired

Fits = Callable[[GenerationRequest], bool]
"""Whether moderators allow such a clip."""

MODEL_FLAG = (
    "which models meet is drawn, or named by `model_a` and `model_b`: `-model` does nothing"
)
OWN_SETTINGS = "steps and guidance are each contender's own: `-steps` and `-gs` do nothing here"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The requests of two contenders, in no order that means anything: which of them is shown as A
    is drawn later. `uniform`: the pair was drawn among all that could be."""

    requests: tuple[GenerationRequest, GenerationRequest]
    uniform: bool

    @property
    def contenders(self) -> tuple[Contender, Contender]:
        first, second = self.requests
        return (
            Contender(model=first.model, preset=first.preset),
            Contender(model=second.model, preset=second.preset),
        )

    def to_json(self) -> str:
        """A JSON object; `from_json` gives back an equal pair."""
        return json.dumps(
            {"requests": [each.to_json() for each in self.requests], "uniform": self.uniform}
        )

    @classmethod
    def from_json(cls, text: str, *, offer_id: str) -> Pair:
        """Raises OfferExpired where the text is no pair."""
        try:
            found = json.loads(text)
            first, second = (GenerationRequest.from_json(each) for each in found["requests"])
            return cls(requests=(first, second), uniform=bool(found["uniform"]))
        except (KeyError, TypeError, ValueError, InvalidRequest):
            raise OfferExpired(offer_id=offer_id) from None


def draw_pair(
    options: RequestOptions,
    able: Sequence[Contender],
    catalogue: Catalogue,
    *,
    named: Sequence[Contender] = (),
    fits: Fits,
    chance: random.Random,
) -> tuple[Pair, tuple[str, ...]]:
    """A pair of the able contenders that can make the same request, each pair as likely as any
    other, and what to tell the member. Whoever was named is in it, and `fits` asks of the others.

    Raises NoOpponent where there is no such pair, and what is wrong with the request itself:
    InvalidRequest, UnsupportedOption.
    """
    if options.seed is None:
        options = replace(options, seed=draw_seed())
    pairs = [
        pair
        for pair in combinations(dict.fromkeys((*named, *able)), 2)
        if all(each in pair for each in named)
    ]
    # In random order, the first that can be: so each of those that can is as likely.
    chance.shuffle(pairs)
    problem: Exception | None = None
    for pair in pairs:
        try:
            requests, notes = same_request(options, pair, catalogue)
        except (InvalidRequest, UnsupportedOption) as error:
            problem = error
            continue
        drawn = [each for each, who in zip(requests, pair, strict=True) if who not in named]
        if all(map(fits, drawn)):
            return Pair(requests=requests, uniform=not named), (*_of_model_flag(options), *notes)
    if problem is not None:
        raise problem
    raise NoOpponent(tuple(each.name for each in (named or able)))


def _of_model_flag(options: RequestOptions) -> tuple[str, ...]:
    return () if parse(cleaned(options.prompt)[0]).model is None else (MODEL_FLAG,)


def same_request(
    options: RequestOptions, pair: tuple[Contender, Contender], catalogue: Catalogue
) -> tuple[tuple[GenerationRequest, GenerationRequest], tuple[str, ...]]:
    """What both are asked for: what one of them cannot do is left out for both, and said.

    Raises InvalidRequest, UnsupportedOption.
    """
    both = [_understood(options, contender, catalogue) for contender in pair]
    notes = [note for _, said in both for note in said]
    first, second = both[0][0], both[1][0]
    cards = (catalogue.get(pair[0].model), catalogue.get(pair[1].model))
    shared = replace(
        first,
        seconds=_seconds(first, second, cards),
        aspect=_aspect(first, second, cards),
        motion=first.motion if first.motion == second.motion else None,
        camera=_camera(first, second),
        negative_prompt=(
            first.negative_prompt if first.negative_prompt == second.negative_prompt else ""
        ),
    )
    if (first.camera or second.camera) and shared.camera != (first.camera or second.camera):
        notes.append("not both models move the camera like that: it is left out for both")
    if (first.negative_prompt or second.negative_prompt) and not shared.negative_prompt:
        notes.append("not both models take a negative prompt: it is left out for both")
    one, other = (
        complete(
            replace(shared, model=contender.model, preset=contender.preset),
            catalogue,
            default_model=contender.model,
        )
        for contender in pair
    )
    return (one, other), tuple(dict.fromkeys(notes))


def _understood(
    options: RequestOptions, contender: Contender, catalogue: Catalogue
) -> tuple[RequestOptions, tuple[str, ...]]:
    mine = replace(options, model=contender.model, preset=contender.preset)
    typed, notes = understand(mine, catalogue, default_model=contender.model)
    said = list(notes)
    if (typed.steps, typed.guidance) != (options.steps, options.guidance):
        said.append(OWN_SETTINGS)
    return replace(typed, steps=None, guidance=None), tuple(said)


def _seconds(
    first: RequestOptions, second: RequestOptions, cards: tuple[ModelCard, ModelCard]
) -> float:
    """As long as asked, else as the shorter default; where a flag was clamped to what one of them
    makes, the shorter of both. Raises UnsupportedOption where no length suits both."""
    asked = [each for each in (first.seconds, second.seconds) if each is not None]
    wanted = min(asked or [card.seconds_default for card in cards])
    least = max(card.seconds_min for card in cards)
    most = min(card.seconds_max for card in cards)
    if least > most:
        raise UnsupportedOption(
            "duration", cards[0].id, f"makes no length that {cards[1].id} makes too"
        )
    return wanted if asked and first.seconds == second.seconds else min(max(wanted, least), most)


def _aspect(
    first: RequestOptions, second: RequestOptions, cards: tuple[ModelCard, ModelCard]
) -> str:
    """As asked, else one that both make. Raises UnsupportedOption."""
    for aspect in (first.aspect, second.aspect, cards[0].aspect_default, *cards[0].sizes):
        if aspect is not None and all(aspect in card.sizes for card in cards):
            return aspect
    raise UnsupportedOption(
        "aspect", cards[0].id, f"makes no proportions that {cards[1].id} makes too"
    )


def _camera(first: RequestOptions, second: RequestOptions) -> Camera | None:
    return first.camera if first.camera == second.camera else None
