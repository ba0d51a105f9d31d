"""What a member asks for: frozen, valid by construction, to and from JSON.

A `GenerationRequest` is complete: every default is filled in, the seed is drawn, so
that the same request makes the same clip again. What depends on the model (sizes, ranges,
tasks) is checked by `generation.models.catalogue.ModelCard.check`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from generation.errors import InvalidRequest

PROMPT_MAX_CHARACTERS = 1500
STORY_MAX_CHARACTERS = 4000
SEED_MAX = 2**53 - 1  # the largest integer that a Discord INTEGER option carries exactly
MOTION_MAX = 4
SECONDS_MAX = 60.0


class Command(StrEnum):
    """The slash commands that make a clip."""

    IMAGINE_VIDEO = "imagine-video"
    ANIMATE = "animate"
    LOOP = "loop"
    NARRATE = "narrate"


class CameraMove(StrEnum):
    """One camera move a clip; pan is horizontal, tilt vertical, rotate about the view axis."""

    NONE = "none"
    ZOOM_IN = "zoom in"
    ZOOM_OUT = "zoom out"
    PAN_LEFT = "pan left"
    PAN_RIGHT = "pan right"
    TILT_UP = "tilt up"
    TILT_DOWN = "tilt down"
    ROTATE_CLOCKWISE = "rotate clockwise"
    ROTATE_COUNTERCLOCKWISE = "rotate counterclockwise"


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """One clip to make.

    `prompt` is the story for `/narrate` and may be empty where there is an image.
    `seconds` is the asked length; 0 for `/narrate`, whose length its speech decides.
    `image_sha256` names the re-encoded upload in the media files.
    `preset` names one of the model's presets; steps and guidance are filled in from it.
    `parent_job_id` is the job that this one rerolls or remixes.
    Raises InvalidRequest.
    """

    command: Command
    prompt: str
    model: str
    seconds: float
    aspect: str
    seed: int
    steps: int
    guidance: float
    motion: int = 2
    camera: CameraMove = CameraMove.NONE
    negative_prompt: str = ""
    image_sha256: str | None = None
    private: bool = False
    parent_job_id: str | None = None
    preset: str = "default"

    def __post_init__(self) -> None:
        limit = STORY_MAX_CHARACTERS if self.command is Command.NARRATE else PROMPT_MAX_CHARACTERS
        field = "story" if self.command is Command.NARRATE else "prompt"
        if not self.prompt.strip() and (self.command is Command.NARRATE or not self.image_sha256):
            raise InvalidRequest(field, "is empty")
        if len(self.prompt) > limit:
            raise InvalidRequest(field, f"has {len(self.prompt)} characters; {limit} are allowed")
        if len(self.negative_prompt) > PROMPT_MAX_CHARACTERS:
            raise InvalidRequest(
                "negative",
                f"has {len(self.negative_prompt)} characters; {PROMPT_MAX_CHARACTERS} are allowed",
            )
        if self.command is Command.ANIMATE and not self.image_sha256:
            raise InvalidRequest("image", "is missing")
        if not 0 <= self.seed <= SEED_MAX:
            raise InvalidRequest("seed", f"must be from 0 to {SEED_MAX}")
        if not 0 <= self.motion <= MOTION_MAX:
            raise InvalidRequest("motion", f"must be from 0 to {MOTION_MAX}")
        if not math.isfinite(self.seconds) or not 0 <= self.seconds <= SECONDS_MAX:
            raise InvalidRequest("duration", f"must be from 0 to {SECONDS_MAX:g} seconds")
        if self.steps < 1:
            raise InvalidRequest("steps", "must be at least 1")
        if not math.isfinite(self.guidance) or self.guidance < 1:
            raise InvalidRequest("guidance", "must be at least 1")

    def to_json(self) -> str:
        """The request as a JSON object; `from_json` gives back an equal one."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> GenerationRequest:
        """Raises InvalidRequest where the text is no valid request."""
        try:
            fields: dict[str, Any] = json.loads(text)
            fields["command"] = Command(fields["command"])
            fields["camera"] = CameraMove(fields.get("camera", CameraMove.NONE))
            return cls(**fields)
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidRequest("request", f"cannot be read: {error}") from error
