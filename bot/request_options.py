"""The options that a member typed -> a complete `GenerationRequest`."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
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
    Keyframe,
    SourceClip,
)

T = TypeVar("T", int, float)
EXTEND_SECONDS_DEFAULT = 2.0
STRENGTH_DEFAULT = 0.7
DRAWN_SEED_MAX = 2**32 - 1  # short enough to read out and type again


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedKeyframe:
    """A picture and when it is to be shown; None: where it fits among the others."""

    sha256: str
    seconds: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestOptions:
    """What was typed; None stands for whatever counts then: a default, or a drawn seed."""

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
    private: bool | None = None
    source: SourceClip | None = None
    strength: float | None = None
    keyframes: tuple[AskedKeyframe, ...] = ()


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
    has_length = not (narrated or options.command.makes_still)
    if narrated and not split_scenes(options.prompt, max_scenes=1):
        raise InvalidRequest("story", "has no words to speak")
    seconds = _given(options.seconds, _seconds(options, card)) if has_length else 0
    request = GenerationRequest(
        command=options.command,
        prompt=options.prompt.strip(),
        model=card.id,
        seconds=seconds,
        aspect=options.aspect or _aspect(options.source, card),
        seed=draw_seed() if options.seed is None else options.seed,
        steps=_given(options.steps, preset.steps_default),
        guidance=_given(options.guidance, preset.guidance_default),
        motion=_given(options.motion, MOTION_DEFAULT),
        camera=options.camera or Camera(),
        negative_prompt=options.negative_prompt.strip(),
        image_sha256=image_sha256,
        last_image_sha256=last_image_sha256,
        private=bool(options.private),
        preset=preset_name,
        source=options.source,
        strength=_strength(options),
        keyframes=at_their_times(options.keyframes, seconds=seconds),
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
    by: ModelCard | None = None,
) -> GenerationRequest:
    """A request to show a clip otherwise, `by` a model or without one; `of` is what the clip was
    made from. Raises InvalidRequest."""
    preset = None if by is None else by.default_preset
    return GenerationRequest(
        command=command,
        prompt="" if of is None else of.prompt[:PROMPT_MAX_CHARACTERS],
        model=METHODS[command] if by is None else by.id,
        seconds=source.seconds,
        aspect=f"{source.width}:{source.height}",
        seed=0 if of is None else of.seed,
        steps=preset.steps_default if preset else 1,
        guidance=preset.guidance_default if preset else 1.0,
        private=private,
        source=source,
        fps=fps,
    )


def _seconds(options: RequestOptions, card: ModelCard) -> float:
    """The model's default length, and more where a picture is to be shown later; a clip is
    extended by less, and made anew whole."""
    if options.command is Command.RESTYLE and options.source is not None:
        return options.source.seconds
    if options.command is Command.KEYFRAMES:
        return max([card.seconds_default, *(asked.seconds or 0 for asked in options.keyframes)])
    if options.command is not Command.EXTEND:
        return card.seconds_default
    return min(max(EXTEND_SECONDS_DEFAULT, card.seconds_min), card.seconds_max)


def at_their_times(asked: Sequence[AskedKeyframe], *, seconds: float) -> tuple[Keyframe, ...]:
    """In order of time. Without a time the first picture is shown at 0, the last one at the end,
    and others evenly between their neighbours."""
    times = [keyframe.seconds for keyframe in asked]
    known = {index: at for index, at in enumerate(times) if at is not None}
    if asked:
        known = {0: 0.0, len(asked) - 1: seconds} | known
    timed: list[Keyframe] = []
    for index, keyframe in enumerate(asked):
        before = max(place for place in known if place <= index)
        after = min(place for place in known if place >= index)
        share = (index - before) / max(1, after - before)
        at = known[before] + share * (known[after] - known[before])
        timed.append(Keyframe(sha256=keyframe.sha256, seconds=at))
    return tuple(sorted(timed, key=lambda keyframe: keyframe.seconds))


def _strength(options: RequestOptions) -> float | None:
    if options.command is not Command.RESTYLE:
        return None
    return STRENGTH_DEFAULT if options.strength is None else options.strength


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
