"""The finished film and its facts, and what it is before."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LoopMethod(StrEnum):
    """How the end of a loop was made to meet its start."""

    SAME_PICTURE = "same picture"
    """It begins and ends with one picture, of which the second showing is dropped."""
    LATENT_ROLL = "latent roll"
    """Its latents went round in time while they were denoised."""
    CROSSFADE = "crossfade"
    """Its last quarter fades into its first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """What a model's clip depends on beyond its request and the model's revision: together they
    make the same pictures again.

    `width` and `height` in pixels are the model's own, before the clip is enlarged. `tier` is how
    the model was held in memory, `step_cache` what left out parts of steps (empty: nothing),
    `max_bytes` what the file had to fit into. `device` and `versions` (of libraries, by name)
    cannot be chosen for a job; others may change the pictures a little.
    """

    scheduler: str
    dtype: str
    tier: str
    device: str
    width: int
    height: int
    max_bytes: int
    versions: Mapping[str, str]
    step_cache: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipFacts:
    """What is known of a finished clip beside its bytes.

    `seam_ratio` and `seam_velocity_jump` are measured for loops only (see
    `generation/loop_seam.py`), and `loop_methods` told, in the order in which they were applied.
    `unknown_words` are the prompt's words that the model does not know; `notes` are sentences for
    the card about anything done differently than asked. `making` is None where no model made it,
    and for clips of before it was kept.
    """

    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    size_bytes: int
    has_audio: bool
    seed: int
    model: str
    model_revision: str
    generation_seconds: float
    encoding_seconds: float
    seam_ratio: float | None = None
    seam_velocity_jump: float | None = None
    unknown_words: tuple[str, ...] = ()
    loop_methods: tuple[LoopMethod, ...] = ()
    notes: tuple[str, ...] = ()
    making: Making | None = None

    @property
    def is_still(self) -> bool:
        """One picture, without length and frame rate."""
        return self.fps == 0

    def to_json(self) -> str:
        """A JSON object; `from_json` gives back an equal value."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ClipFacts:
        fields: dict[str, Any] = json.loads(text)
        if fields.get("making") is not None:
            fields["making"] = Making(**fields["making"])
        for name in ("unknown_words", "notes"):
            fields[name] = tuple(fields.get(name, ()))
        fields["loop_methods"] = tuple(map(LoopMethod, fields.get("loop_methods", ())))
        return cls(**fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """An encoded MP4 (H.264, yuv420p, faststart; AAC where there is sound) and its facts; for a
    still, a PNG."""

    media: bytes
    facts: ClipFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class UnfinishedClip:
    """A clip whose pictures are made, which took `seconds` beyond loading the model.

    `finish` makes its file; it is called once, from any thread, and needs no device.
    """

    seconds: float
    finish: Callable[[], Clip]
