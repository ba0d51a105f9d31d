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
from itertools import pairwise
from typing import Any

from generation.clip_label import ClipLabel
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
STRENGTH_MIN, STRENGTH_MAX = 0.1, 1.0
KEYFRAMES_MIN, KEYFRAMES_MAX = 2, 4


class Command(StrEnum):
    """The slash commands that make a clip, or the one that makes a still."""

    IMAGINE_VIDEO = "imagine-video"
    ANIMATE = "animate"
    LOOP = "loop"
    NARRATE = "narrate"
    EXTEND = "extend"
    UPSCALE = "upscale"
    SMOOTH = "smooth"
    RESTYLE = "restyle"
    KEYFRAMES = "keyframes"
    STORYBOARD_IMAGE = "storyboard-image"

    @property
    def takes_clip(self) -> bool:
        """Whether it begins with a clip that there is already."""
        return self in (Command.EXTEND, Command.UPSCALE, Command.SMOOTH, Command.RESTYLE)

    @property
    def makes_still(self) -> bool:
        """Whether one picture comes of it and no clip."""
        return self is Command.STORYBOARD_IMAGE

    @property
    def suffix(self) -> str:
        """Of the file that it makes."""
        return ".png" if self.makes_still else ".mp4"

    @property
    def imagines(self) -> bool:
        """Whether something new comes of its seed; the others only change how a clip is shown."""
        return self not in METHODS


METHODS = {Command.UPSCALE: "Lanczos", Command.SMOOTH: "motion compensation"}
"""What stands in a request where others name their model, and none has a part in it."""


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
    was uploaded. Sizes are in pixels. `generated`: a model had a part in it."""

    sha256: str
    width: int
    height: int
    fps: float
    seconds: float
    job_id: str | None = None
    generated: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyframe:
    """A picture that the clip shows at this time; `sha256` names it in the media files."""

    sha256: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """One clip to make.

    `prompt` is the story for `/narrate` and may be empty where there is an image.
    `seconds` is the asked length; 0 for `/narrate`, whose length its speech decides, and for a
    still; what
    `/extend` adds; how much from the clip's start `/restyle` makes anew. `source` is the clip that
    `/extend`, `/upscale`, `/smooth` and `/restyle` work on, `fps` what `/smooth` makes of it, and
    `strength` (0.1 to 1) how free `/restyle` is of it: the share of the steps that are run.
    `image_sha256` and `last_image_sha256` name re-encoded uploads in the media files: what the
    clip begins and ends with; `keyframes` are those of `/keyframes`, in order of time.
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
    strength: float | None = None
    keyframes: tuple[Keyframe, ...] = ()

    def __post_init__(self) -> None:
        limit = STORY_MAX_CHARACTERS if self.command is Command.NARRATE else PROMPT_MAX_CHARACTERS
        field = "story" if self.command is Command.NARRATE else "prompt"
        if self.needs_words and not self.prompt.strip():
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
        if self.command is Command.RESTYLE:
            self._check_strength()
        if self.command is Command.KEYFRAMES:
            self._check_keyframes()

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
        if self.command is Command.RESTYLE and self.seconds > source.seconds:
            raise InvalidRequest("duration", f"is more than the clip's {source.seconds:.2f} s")

    def _check_strength(self) -> None:
        if self.strength is None or not STRENGTH_MIN <= self.strength <= STRENGTH_MAX:
            raise InvalidRequest("strength", f"must be from {STRENGTH_MIN:g} to {STRENGTH_MAX:g}")
        if int(self.steps * self.strength) < 1:
            raise InvalidRequest(
                "strength",
                f"must be at least {1 / self.steps:.2g} where {self.steps} steps are made",
            )

    def _check_keyframes(self) -> None:
        if not KEYFRAMES_MIN <= len(self.keyframes) <= KEYFRAMES_MAX:
            raise InvalidRequest(
                "images", f"must be {KEYFRAMES_MIN} to {KEYFRAMES_MAX}, not {len(self.keyframes)}"
            )
        times = [keyframe.seconds for keyframe in self.keyframes]
        for at in times:
            if not 0 <= at <= self.seconds:
                raise InvalidRequest(
                    "times", f"must lie within the clip's {self.seconds:g} s; {at:g} s does not"
                )
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise InvalidRequest("times", "must differ: no two pictures can be shown at once")

    @property
    def needs_model(self) -> bool:
        """Whether a model of the catalogue makes it; else it is computed without one."""
        return self.model != METHODS.get(self.command)

    @property
    def generated(self) -> bool:
        """Whether a model has a part in the clip: in this step, or in its source."""
        return self.needs_model or (self.source is not None and self.source.generated)

    @property
    def needs_words(self) -> bool:
        """Whether an empty prompt says too little."""
        return self.command in (Command.NARRATE, Command.RESTYLE) or not self.files

    @property
    def files(self) -> Mapping[str, str]:
        """The suffix of each media file that the request needs, by the file's SHA-256."""
        pictures = (
            self.image_sha256,
            self.last_image_sha256,
            *(keyframe.sha256 for keyframe in self.keyframes),
        )
        suffixes = {name: ".png" for name in pictures if name is not None}
        return suffixes if self.source is None else {**suffixes, self.source.sha256: ".mp4"}

    def label(self, *, model_revision: str = "") -> ClipLabel:
        """What a clip of this request says of itself."""
        return ClipLabel(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            model=self.model,
            model_revision=model_revision,
            seed=self.seed,
            steps=self.steps,
            guidance=self.guidance,
            command=self.command.value,
            generated=self.generated,
        )

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
            keyframes = fields.get("keyframes", ())
            fields["keyframes"] = tuple(Keyframe(**keyframe) for keyframe in keyframes)
            return cls(**fields)
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidRequest("request", f"cannot be read: {error}") from error


def _camera(stored: dict[str, int] | str) -> Camera:
    """From JSON; requests of before there were four axes name one move, or "none"."""
    if isinstance(stored, dict):
        return Camera(**stored)
    return Camera() if stored == "none" else Camera.of(CameraMove(stored))
