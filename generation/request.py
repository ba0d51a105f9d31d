"""What a member asks for: frozen, valid by construction, to and from JSON.

A `GenerationRequest` is complete: every default is filled in, the seed is drawn, so
that the same request makes the same clip again. What depends on the model (sizes, ranges,
tasks) is checked by `generation.models.catalogue.ModelCard.check`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from generation.errors import InvalidRequest

PROMPT_MAX_CHARACTERS = 1500
STORY_MAX_CHARACTERS = 4000
SEED_MAX = 2**53 - 1  # the largest integer that a Discord INTEGER option carries exactly
MOTION_MAX = 4
MOTION_DEFAULT = 2
SECONDS_MAX = 60.0
UPSCALE_FACTOR = 2
UPSCALED_SIDE_MAX = 2560
SMOOTH_FPS_MIN, SMOOTH_FPS_MAX = 24, 60


class Command(StrEnum):
    """The slash commands that make a clip."""

    IMAGINE_VIDEO = "imagine-video"
    ANIMATE = "animate"
    LOOP = "loop"
    NARRATE = "narrate"
    EXTEND = "extend"
    UPSCALE = "upscale"
    SMOOTH = "smooth"

    @property
    def takes_clip(self) -> bool:
        """Whether it begins with a clip that there is already."""
        return self in (Command.EXTEND, Command.UPSCALE, Command.SMOOTH)

    @property
    def needs_model(self) -> bool:
        """Whether a model of the catalogue makes it; the others compute without one."""
        return self not in METHODS


METHODS = {Command.UPSCALE: "Lanczos", Command.SMOOTH: "motion compensation"}
"""What stands in a request where others name their model."""


class CameraMove(StrEnum):
    """One way the camera moves; pan is horizontal, tilt vertical, rotate about the view axis."""

    ZOOM_IN = "zoom in"
    ZOOM_OUT = "zoom out"
    PAN_LEFT = "pan left"
    PAN_RIGHT = "pan right"
    TILT_UP = "tilt up"
    TILT_DOWN = "tilt down"
    ROTATE_CLOCKWISE = "rotate clockwise"
    ROTATE_COUNTERCLOCKWISE = "rotate counterclockwise"


@dataclass(frozen=True, kw_only=True, slots=True)
class Camera:
    """What the camera does on each of its four axes during the whole clip: 1 is in, right, up or
    clockwise, -1 the opposite, 0 nothing. Raises InvalidRequest for anything else."""

    zoom: int = 0
    pan: int = 0
    tilt: int = 0
    rotate: int = 0

    def __post_init__(self) -> None:
        if not {self.zoom, self.pan, self.tilt, self.rotate} <= {-1, 0, 1}:
            raise InvalidRequest("camera", "moves one way or the other on each axis")

    @classmethod
    def of(cls, *moves: CameraMove) -> Camera:
        """These moves together. Raises InvalidRequest where two of them are opposed."""
        axes: dict[str, int] = {}
        for move in moves:
            axis, way = AXES[move]
            if axes.setdefault(axis, way) != way:
                raise InvalidRequest("camera", f"cannot {axis} both ways at once")
        return cls(**axes)

    @property
    def moves(self) -> tuple[CameraMove, ...]:
        """None for a camera at rest, at most four."""
        return tuple(move for move, (axis, way) in AXES.items() if getattr(self, axis) == way)


AXES: Mapping[CameraMove, tuple[str, int]] = {
    CameraMove.ZOOM_IN: ("zoom", 1),
    CameraMove.ZOOM_OUT: ("zoom", -1),
    CameraMove.PAN_LEFT: ("pan", -1),
    CameraMove.PAN_RIGHT: ("pan", 1),
    CameraMove.TILT_UP: ("tilt", 1),
    CameraMove.TILT_DOWN: ("tilt", -1),
    CameraMove.ROTATE_CLOCKWISE: ("rotate", 1),
    CameraMove.ROTATE_COUNTERCLOCKWISE: ("rotate", -1),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceClip:
    """A clip to work on, kept in the media files as an MP4 of ours; `job_id` made it, unless it
    was uploaded. Sizes are in pixels."""

    sha256: str
    width: int
    height: int
    fps: float
    seconds: float
    job_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """One clip to make.

    `prompt` is the story for `/narrate` and may be empty where there is an image.
    `seconds` is the asked length; 0 for `/narrate`, whose length its speech decides; what
    `/extend` adds. `source` is the clip that `/extend`, `/upscale` and `/smooth` work on, and `fps`
    what `/smooth` makes of it.
    `image_sha256` and `last_image_sha256` name re-encoded uploads in the media files: what the
    clip begins and ends with.
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
    motion: int = MOTION_DEFAULT
    camera: Camera = Camera()
    negative_prompt: str = ""
    image_sha256: str | None = None
    private: bool = False
    parent_job_id: str | None = None
    preset: str = "default"
    last_image_sha256: str | None = None
    source: SourceClip | None = None
    fps: int | None = None

    def __post_init__(self) -> None:
        limit = STORY_MAX_CHARACTERS if self.command is Command.NARRATE else PROMPT_MAX_CHARACTERS
        field = "story" if self.command is Command.NARRATE else "prompt"
        if not self.prompt.strip() and (self.command is Command.NARRATE or not self.files):
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
        if self.command.takes_clip:
            self._check_source()
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

    def _check_source(self) -> None:
        source = self.source
        if source is None:
            raise InvalidRequest("clip", "is missing")
        if self.command is Command.EXTEND and source.seconds + self.seconds > SECONDS_MAX:
            raise InvalidRequest("clip", f"would be longer than {SECONDS_MAX:g} seconds")
        longest = max(source.width, source.height)
        if self.command is Command.UPSCALE and longest > UPSCALED_SIDE_MAX // UPSCALE_FACTOR:
            raise InvalidRequest(
                "clip", f"is {source.width} × {source.height}: twice that is too large to post"
            )
        if self.command is Command.SMOOTH:
            if self.fps is None or not SMOOTH_FPS_MIN <= self.fps <= SMOOTH_FPS_MAX:
                raise InvalidRequest("fps", f"must be from {SMOOTH_FPS_MIN} to {SMOOTH_FPS_MAX}")
            if self.fps <= source.fps:
                raise InvalidRequest("fps", f"must be more than the clip's {source.fps:g}")

    @property
    def files(self) -> Mapping[str, str]:
        """The suffix of each media file that the request needs, by the file's SHA-256."""
        pictures = (self.image_sha256, self.last_image_sha256)
        suffixes = {name: ".png" for name in pictures if name is not None}
        return suffixes if self.source is None else {**suffixes, self.source.sha256: ".mp4"}

    def to_json(self) -> str:
        """The request as a JSON object; `from_json` gives back an equal one."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> GenerationRequest:
        """Raises InvalidRequest where the text is no valid request."""
        try:
            fields: dict[str, Any] = json.loads(text)
            fields["command"] = Command(fields["command"])
            fields["camera"] = _camera(fields.get("camera", {}))
            if fields.get("source") is not None:
                fields["source"] = SourceClip(**fields["source"])
            return cls(**fields)
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidRequest("request", f"cannot be read: {error}") from error


def _camera(stored: dict[str, int] | str) -> Camera:
    """From JSON; requests of before there were four axes name one move, or "none"."""
    if isinstance(stored, dict):
        return Camera(**stored)
    return Camera() if stored == "none" else Camera.of(CameraMove(stored))
