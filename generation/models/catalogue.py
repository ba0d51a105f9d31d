"""The models by name: what each can do, as data read from `catalogue.toml`.

Importing this module does not import torch, so the bot can check and price a request.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.errors import InvalidRequest, UnknownModel, UnsupportedOption
from generation.request import CameraMove, Command, GenerationRequest

CATALOGUE_FILE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """What one model can do.

    `family` names its adapter. `source` is a folder below the project, or a hub repository that
    is loaded at `revision` (40 hex digits). `sizes` maps an aspect ratio to (width, height) in
    pixels; the finished clip is enlarged by the whole factor `display_scale` (Lanczos), so that
    small models fill a chat message and captions stay readable. Frames come in counts of
    `frame_multiple` * n + 1; a clip keeps the first round(seconds * fps) of them.
    `price_credits_per_second` is for the default steps.
    """

    id: str
    title: str
    summary: str
    family: str
    source: str
    revision: str
    licence: str
    commands: tuple[Command, ...]
    camera_moves: tuple[CameraMove, ...]
    sizes: Mapping[str, tuple[int, int]]
    display_scale: int
    fps: int
    frame_multiple: int
    seconds_min: float
    seconds_max: float
    seconds_default: float
    steps_min: int
    steps_max: int
    steps_default: int
    guidance_min: float
    guidance_max: float
    guidance_default: float
    needs_gpu: bool
    price_credits_per_second: float
    limited_vocabulary: bool

    @property
    def aspect_default(self) -> str:
        return next(iter(self.sizes))

    def frames_kept(self, seconds: float) -> int:
        """Frames of a clip of this length."""
        return max(1, round(seconds * self.fps))

    def frames_generated(self, seconds: float) -> int:
        """The smallest count of the model's frame rule that covers the clip."""
        kept = self.frames_kept(seconds)
        return math.ceil((kept - 1) / self.frame_multiple) * self.frame_multiple + 1

    def check(self, request: GenerationRequest) -> None:
        """Raises UnsupportedOption where this model cannot do what the request asks."""
        if request.command not in self.commands:
            able = ", ".join(f"/{command}" for command in self.commands)
            raise UnsupportedOption(
                "model", self.id, f"cannot do /{request.command}; it does {able}"
            )
        if request.camera not in (CameraMove.NONE, *self.camera_moves):
            able = ", ".join(self.camera_moves)
            raise UnsupportedOption("camera", self.id, f"does {able}, not {request.camera}")
        if request.aspect not in self.sizes:
            raise UnsupportedOption("aspect", self.id, f"knows {', '.join(self.sizes)}")
        if request.command is not Command.NARRATE:
            self._check_range("duration", request.seconds, self.seconds_min, self.seconds_max)
        self._check_range("steps", request.steps, self.steps_min, self.steps_max)
        self._check_range("guidance", request.guidance, self.guidance_min, self.guidance_max)

    def _check_range(self, field: str, value: float, least: float, most: float) -> None:
        if not least <= value <= most:
            raise UnsupportedOption(field, self.id, f"takes {least:g} to {most:g}, not {value:g}")


class Catalogue:
    """The enabled models, in the order of the file."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        self._cards = {card.id: card for card in cards}

    @classmethod
    def load(cls, enabled: Iterable[str], file: Path = CATALOGUE_FILE) -> Catalogue:
        """Raises UnknownModel for an enabled id that the file does not have."""
        cards = {card.id: card for card in read_catalogue(file)}
        wanted = tuple(enabled)
        for model in wanted:
            if model not in cards:
                raise UnknownModel(model, tuple(cards))
        return cls(card for card in cards.values() if card.id in wanted)

    def __iter__(self) -> Iterator[ModelCard]:
        return iter(self._cards.values())

    def get(self, model: str) -> ModelCard:
        """Raises UnknownModel."""
        try:
            return self._cards[model]
        except KeyError:
            raise UnknownModel(model, tuple(self._cards)) from None

    def title(self, model: str) -> str:
        """The model's title; its id where it is no longer enabled."""
        card = self._cards.get(model)
        return card.title if card else model


def read_catalogue(file: Path) -> tuple[ModelCard, ...]:
    """Raises InvalidRequest naming the entry that cannot be read."""
    entries: dict[str, dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(_card(model, entry) for model, entry in entries.items())


def _card(model: str, entry: dict[str, Any]) -> ModelCard:
    try:
        fields = dict(entry)
        fields["commands"] = tuple(Command(name) for name in fields["commands"])
        fields["camera_moves"] = tuple(CameraMove(name) for name in fields["camera_moves"])
        fields["sizes"] = {
            aspect: (int(size[0]), int(size[1])) for aspect, size in fields["sizes"].items()
        }
        return ModelCard(id=model, **fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest("catalogue", f"[{model}]: {error}") from error
