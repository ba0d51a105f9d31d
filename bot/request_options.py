"""The options that a member typed -> a complete `GenerationRequest`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TypeVar

from generation.errors import InvalidRequest
from generation.models.card import DEFAULT_PRESET
from generation.models.catalogue import Catalogue
from generation.narration.script import split_scenes
from generation.request import CameraMove, Command, GenerationRequest

T = TypeVar("T", int, float)
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
    camera: CameraMove = CameraMove.NONE
    motion: int = 2
    guidance: float | None = None
    steps: int | None = None
    seed: int | None = None
    negative_prompt: str = ""
    private: bool = False


def complete(
    options: RequestOptions,
    catalogue: Catalogue,
    *,
    default_model: str,
    image_sha256: str | None = None,
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
        seconds=0 if narrated else _given(options.seconds, card.seconds_default),
        aspect=options.aspect or card.aspect_default,
        seed=draw_seed() if options.seed is None else options.seed,
        steps=_given(options.steps, preset.steps_default),
        guidance=_given(options.guidance, preset.guidance_default),
        motion=options.motion,
        camera=options.camera,
        negative_prompt=options.negative_prompt.strip(),
        image_sha256=image_sha256,
        private=options.private,
        preset=preset_name,
    )
    catalogue.check(request)
    return request


def draw_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(DRAWN_SEED_MAX + 1)


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
