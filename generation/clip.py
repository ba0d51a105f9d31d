"""The finished film and its facts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipFacts:
    """What is known of a finished clip beside its bytes.

    `seam_ratio` and `seam_velocity_jump` are measured for loops only (see
    `generation/loop_seam.py`); `unknown_words` are the prompt's words that the model does not
    know; `notes` are sentences for the card about anything done differently than asked.
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
    notes: tuple[str, ...] = ()

    @property
    def is_still(self) -> bool:
        """One picture, without length and frame rate."""
        return self.fps == 0

    def to_json(self) -> str:
        """A JSON object; `from_json` gives back an equal value."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ClipFacts:
        fields = json.loads(text)
        for name in ("unknown_words", "notes"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """An encoded MP4 (H.264, yuv420p, faststart; AAC where there is sound) and its facts; for a
    still, a PNG."""

    media: bytes
    facts: ClipFacts
