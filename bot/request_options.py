"""The options that a member typed -> a complete `GenerationRequest`."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TypeVar

from generation.errors import InvalidRequest
from generation.models.card import DEFAULT_PRESET, ModelCard
from generation.models.catalogue import Catalogue
from generation.narration.script import split_scenes
from generation.request import (
    METHODS,
    MOTION_DEFAULT,
    PROMPT_MAX_CHARACTERS,
    Camera,
    Command,
    GenerationRequest,
    SourceClip,
)

T = TypeVar("T", int, float)
EXTEND_SECONDS_DEFAULT = 2.0
DRAWN_SEED_MAX = 2**32 - 1  # short enough to read out and type again


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestOptions:
    """What was typed; None stands for the model's default or a drawn seed."""

    command: Command
    prompt: str = ""
    model: str | None = None
    preset: str | None = None
    seconds: float | None = None
    aspect: str | None = None
    camera: Camera | None = None
    motion: int | None = None
    guidance: float | None = None
    steps: int | None = None
    seed: int | None = None
    negative_prompt: str = ""
    private: bool = False
    source: SourceClip | None = None


def complete(
    options: RequestOptions,
    catalogue: Catalogue,
    *,
    default_model: str,
    image_sha256: str | None = None,
    last_image_sha256: str | None = None,
) -> GenerationRequest:
    """Fills in the model's defaults and draws a seed where none was given.

    Raises UnknownModel, InvalidRequest, UnsupportedOption.
    """
    card = catalogue.get(options.model or default_model)
    preset_name = options.preset or DEFAULT_PRESET
    preset = card.preset(preset_name)
    narrated = options.command is Command.NARRATE
    if narrated and not split_scenes(options.prompt, max_scenes=1):
        raise InvalidRequest("story", "has no words to speak")
    request = GenerationRequest(
        command=options.command,
        prompt=options.prompt.strip(),
        model=card.id,
        seconds=0 if narrated else _given(options.seconds, _seconds(options, card)),
        aspect=options.aspect or _aspect(options.source, card),
        seed=draw_seed() if options.seed is None else options.seed,
        steps=_given(options.steps, preset.steps_default),
        guidance=_given(options.guidance, preset.guidance_default),
        motion=_given(options.motion, MOTION_DEFAULT),
        camera=options.camera or Camera(),
        negative_prompt=options.negative_prompt.strip(),
        image_sha256=image_sha256,
        last_image_sha256=last_image_sha256,
        private=options.private,
        preset=preset_name,
        source=options.source,
    )
    catalogue.check(request)
    return request


def rework(
    command: Command,
    source: SourceClip,
    *,
    of: GenerationRequest | None = None,
    private: bool = False,
    fps: int | None = None,
) -> GenerationRequest:
    """A request that no model makes; `of` is what the clip was made from. Raises InvalidRequest."""
    return GenerationRequest(
        command=command,
        prompt="" if of is None else of.prompt[:PROMPT_MAX_CHARACTERS],
        model=METHODS[command],
        seconds=source.seconds,
        aspect=f"{source.width}:{source.height}",
        seed=0 if of is None else of.seed,
        steps=1,
        guidance=1.0,
        private=private,
        source=source,
        fps=fps,
    )


def _seconds(options: RequestOptions, card: ModelCard) -> float:
    """The model's default length; a clip is extended by less."""
    if options.command is not Command.EXTEND:
        return card.seconds_default
    return min(max(EXTEND_SECONDS_DEFAULT, card.seconds_min), card.seconds_max)


def _aspect(source: SourceClip | None, card: ModelCard) -> str:
    """The model's default aspect; for a clip the one nearest to its proportions."""
    if source is None:
        return card.aspect_default
    given = math.log(source.width / source.height)
    return min(
        card.sizes,
        key=lambda name: abs(math.log(card.sizes[name][0] / card.sizes[name][1]) - given),
    )


def draw_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(DRAWN_SEED_MAX + 1)


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
