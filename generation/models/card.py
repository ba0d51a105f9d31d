"""What one model can do, as frozen data. Read from `catalogue.toml` by `card_file`.

Importing this module does not import torch, so the bot can check and price a request.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from generation.errors import UnsupportedOption
from generation.models.fields import STRICT, Count, Guidance, Options, Positive
from generation.models.step_cache import StepCache
from generation.request import Camera, CameraMove, Command, GenerationRequest


class Task(StrEnum):
    """What a model is given. The first task of a card is the one its weights are loaded for."""

    TEXT = "text"
    """Words, and nothing else."""
    IMAGE = "image"
    """A picture to begin with."""
    FIRST_LAST = "first and last"
    """A picture to begin with and one to end with."""
    KEYFRAMES = "keyframes"
    """Pictures at any time of the clip."""
    VIDEO = "video"
    """A clip to make another version of."""
    EXTEND = "extend"
    """A clip to go on from."""
    STILL = "still"
    """Words, for one picture."""
    UPSCALE = "upscale"
    """A clip to make larger."""


class Feature(StrEnum):
    """What a model heeds or gives beyond its tasks."""

    PROMPT = "prompt"
    NEGATIVE = "negative prompt"
    LAST_IMAGE = "last image"
    REFERENCE = "reference"
    AUDIO = "audio"
    CALLBACK = "callback"


@dataclass(frozen=True, kw_only=True, slots=True)
class Licence:
    """`commercial` is what the licence says of earning money with the clips, `unknown` where we
    have not read it; `restriction` says what else it forbids (a territory, a revenue).
    """

    __pydantic_config__ = STRICT

    name: str
    url: str = ""
    commercial: Literal["yes", "limited", "no", "unknown"]
    restriction: str = ""

    @property
    def needs_consent(self) -> bool:
        """Whether the model stays off until the operator accepts the licence."""
        return self.commercial != "yes" or bool(self.restriction)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where weights are: a folder, or a repository of the hub.

    `file` is one file of it and `subfolder` one part, where not the whole is meant. Folders are
    absolute or below the project.
    """

    __pydantic_config__ = STRICT

    repository: Annotated[str, Field(min_length=1)]
    subfolder: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        if self.file and not self.file.endswith(".safetensors"):
            raise ValueError(f"{self.file} is not a .safetensors file")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lora:
    """A low-rank change to a model's weights, and how strongly it is applied."""

    __pydantic_config__ = STRICT

    source: Source
    strength: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerChoice:
    """A noise schedule: the name of diffusers' class (empty: the checkpoint's own) and what its
    configuration changes."""

    __pydantic_config__ = STRICT

    name: str = ""
    options: Options = field(default_factory=dict[str, "str | int | float | bool"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A way to run a model. `timesteps` fixes the noise schedule of a distilled one, whose steps
    are then as many. `parts` replaces parts of the model, such as a motion adapter. `options` are
    further arguments of the pipeline's call.

    `distilled` weights were trained for few steps, none of which can be left out. For others a
    `step_cache` takes again what earlier steps computed: faster, less faithful. With `compile`,
    sizes that are asked for again and again are computed by compiled code."""

    __pydantic_config__ = STRICT

    steps_min: Count
    steps_default: Count
    steps_max: Count
    guidance_min: Guidance
    guidance_default: Guidance
    guidance_max: Guidance
    scheduler: SchedulerChoice = SchedulerChoice()
    timesteps: tuple[float, ...] = ()
    loras: tuple[Lora, ...] = ()
    parts: Mapping[str, Source] = field(default_factory=dict[str, Source])
    options: Options = field(default_factory=dict[str, "str | int | float | bool"])
    distilled: bool = False
    step_cache: StepCache | None = None
    compile: bool = False

    def __post_init__(self) -> None:
        if self.step_cache and (self.distilled or self.timesteps):
            raise ValueError("a distilled preset has no steps to spare: it takes no step_cache")
        if self.step_cache and self.compile:
            raise ValueError("step_cache and compile do not go together")
        if not self.steps_min <= self.steps_default <= self.steps_max:
            raise ValueError("steps_default is not between steps_min and steps_max")
        if not self.guidance_min <= self.guidance_default <= self.guidance_max:
            raise ValueError("guidance_default is not between guidance_min and guidance_max")
        if self.timesteps and {self.steps_min, self.steps_max} != {len(self.timesteps)}:
            raise ValueError(f"{len(self.timesteps)} timesteps are that many steps, no others")


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryTier:
    """One way to hold a model and the device memory that somebody measured for it, as
    `source` has it."""

    __pydantic_config__ = STRICT

    kind: Literal["resident", "quantised", "model offload", "group offload", "tiling"]
    gigabytes: Positive
    source: Annotated[str, Field(min_length=1)]


DEFAULT_PRESET = "default"
JOINED_STRENGTH_MAX = 0.8
"""Up to here so much of a clip stays that parts of it, made anew one after another, go together."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What one model can do.

    `family` names its adapter; `parts` are weights from elsewhere that its pipeline is put
    together with, by the component's name. `camera_moves` are understood in words,
    `camera_loras` by LoRA; each of them is about another axis, and `camera_moves_at_once` says how
    many go together. `sizes` maps an aspect ratio to (width, height) in pixels; the
    finished clip is enlarged by the whole factor `display_scale` (Lanczos), so that small models
    fill a chat message and captions stay readable. Frames come in counts of `frame_multiple` * n
    + 1; a clip keeps the first round(seconds * fps) of them. `price_credits_per_second` is for
    the default preset's steps. `dtype` is the number format on a GPU.

    `seconds_max` is the longest shot. One with the task `upscale` takes clips of any size, rate and
    length, long ones part by part; its price is for the first of `sizes` at `fps`, and in
    proportion for others. `upscaler` is the id of the one that suits this model's clips best.
    """

    __pydantic_config__ = STRICT

    id: str
    title: str
    summary: str
    family: str
    source: Source
    parts: Mapping[str, Source] = field(default_factory=dict[str, Source])
    licence: Licence
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    features: tuple[Feature, ...] = ()
    camera_moves: tuple[CameraMove, ...] = ()
    camera_loras: Mapping[CameraMove, Lora] = field(default_factory=dict[CameraMove, Lora])
    camera_moves_at_once: Count = 4
    sizes: Annotated[Mapping[str, tuple[Count, Count]], Field(min_length=1)]
    display_scale: Count = 1
    fps: Count
    frame_multiple: Count
    seconds_min: Positive
    seconds_max: Positive
    seconds_default: Positive
    presets: Mapping[str, Preset]
    memory: tuple[MemoryTier, ...] = ()
    dtype: Literal["bfloat16", "float16"] = "bfloat16"
    needs_gpu: bool
    price_credits_per_second: Positive
    limited_vocabulary: bool = False
    upscaler: str = ""

    def __post_init__(self) -> None:
        if DEFAULT_PRESET not in self.presets:
            raise ValueError("presets has no [default]")
        if not self.seconds_min <= self.seconds_default <= self.seconds_max:
            raise ValueError("seconds_default is not between seconds_min and seconds_max")

    @property
    def aspect_default(self) -> str:
        return next(iter(self.sizes))

    @property
    def default_preset(self) -> Preset:
        return self.presets[DEFAULT_PRESET]

    @property
    def commands(self) -> tuple[Command, ...]:
        """The slash commands whose clips this model can make."""
        able: list[Command] = []
        if Task.TEXT in self.tasks:
            able.append(Command.IMAGINE_VIDEO)
        if self.starts_from_pictures:
            able.append(Command.ANIMATE)
        if {Task.TEXT, Task.IMAGE, Task.FIRST_LAST} & set(self.tasks):
            able.append(Command.LOOP)
        if Task.TEXT in self.tasks:
            able.append(Command.NARRATE)
        if {Task.EXTEND, Task.IMAGE} & set(self.tasks):
            able.append(Command.EXTEND)
        if Task.VIDEO in self.tasks:
            able.append(Command.RESTYLE)
        if {Task.KEYFRAMES, Task.FIRST_LAST} & set(self.tasks):
            able.append(Command.KEYFRAMES)
        if Task.STILL in self.tasks:
            able.append(Command.STORYBOARD_IMAGE)
        if Task.UPSCALE in self.tasks:
            able.append(Command.UPSCALE)
        return tuple(able)

    def preset(self, name: str) -> Preset:
        """Raises UnsupportedOption."""
        try:
            return self.presets[name]
        except KeyError:
            raise UnsupportedOption("preset", self.id, f"knows {', '.join(self.presets)}") from None

    def frames_kept(self, seconds: float) -> int:
        """Frames of a clip of this length."""
        return max(1, round(seconds * self.fps))

    def frames_generated(self, seconds: float) -> int:
        """The smallest count of the model's frame rule that covers the clip."""
        kept = self.frames_kept(seconds)
        return math.ceil((kept - 1) / self.frame_multiple) * self.frame_multiple + 1

    def keyframe_indices(self, request: GenerationRequest) -> tuple[int, ...]:
        """The frame of each of the request's keyframes: the nearest one that begins a step of the
        frame rule, since that is where models place pictures, and shots can be joined."""
        steps = (self.frames_generated(request.seconds) - 1) // self.frame_multiple
        return tuple(
            round(keyframe.seconds / request.seconds * steps) * self.frame_multiple
            for keyframe in request.keyframes
        )

    def check(self, request: GenerationRequest) -> None:
        """Raises UnsupportedOption where this model cannot do what the request asks."""
        self._check_task(request)
        if request.command is Command.UPSCALE:
            return
        self.check_camera(request.camera)
        if request.aspect not in self.sizes:
            raise UnsupportedOption("aspect", self.id, f"knows {', '.join(self.sizes)}")
        if request.negative_prompt and Feature.NEGATIVE not in self.features:
            raise UnsupportedOption("negative", self.id, "takes no negative prompt")
        self._check_duration(request)
        if request.command is Command.KEYFRAMES:
            self._check_keyframes(request)
        preset = self.preset(request.preset)
        self._check_range("steps", request.steps, preset.steps_min, preset.steps_max)
        self._check_range("guidance", request.guidance, preset.guidance_min, preset.guidance_max)

    def check_camera(self, camera: Camera) -> None:
        """Raises UnsupportedOption for moves that it cannot make, or not together."""
        known = (*self.camera_moves, *self.camera_loras)
        if unknown := [move for move in camera.moves if move not in known]:
            able = f"does {', '.join(known)}" if known else "has no camera moves"
            raise UnsupportedOption("camera", self.id, f"{able}, not {unknown[0]}")
        if len(camera.moves) > self.camera_moves_at_once:
            most = self.camera_moves_at_once
            raise UnsupportedOption("camera", self.id, f"makes {most} camera move at once")

    def _check_duration(self, request: GenerationRequest) -> None:
        if request.command is Command.RESTYLE:
            joins = Task.EXTEND in self.tasks or (request.strength or 0) <= JOINED_STRENGTH_MAX
            if request.seconds > self.seconds_max and not joins:
                reason = (
                    f"makes up to {self.seconds_max:g} s anew at a strength above "
                    f"{JOINED_STRENGTH_MAX:g}, not {request.seconds:g} s, since its parts would "
                    "not go together; a shorter duration takes the clip's beginning"
                )
                raise UnsupportedOption("duration", self.id, reason)
        elif request.command not in (Command.NARRATE, Command.STORYBOARD_IMAGE):
            self._check_range("duration", request.seconds, self.seconds_min, self.seconds_max)

    def _check_task(self, request: GenerationRequest) -> None:
        if request.command not in self.commands:
            able = ", ".join(f"/{command}" for command in self.commands)
            reason = f"cannot do /{request.command}; it does {able}"
            raise UnsupportedOption("model", self.id, reason)
        if request.command is Command.ANIMATE:
            if request.last_image_sha256 is None and Task.IMAGE not in self.tasks:
                raise UnsupportedOption("end", self.id, "moves between two pictures: give it one")
            if request.last_image_sha256 is not None and Task.FIRST_LAST not in self.tasks:
                raise UnsupportedOption("end", self.id, "cannot end with a given picture")
        if request.command is Command.LOOP:
            if request.image_sha256 is None and Task.TEXT not in self.tasks:
                raise UnsupportedOption("image", self.id, "loops a picture: give it one")
            if request.image_sha256 is not None and not self.starts_from_pictures:
                raise UnsupportedOption("image", self.id, "takes no picture")
        heeds_words = Feature.PROMPT in self.features or request.command is Command.UPSCALE
        if request.prompt.strip() and not heeds_words:
            raise UnsupportedOption("prompt", self.id, "takes a picture and no words")

    def _check_keyframes(self, request: GenerationRequest) -> None:
        """A model without the task makes the clip shot by shot, each between two pictures."""
        indices = self.keyframe_indices(request)
        if len(set(indices)) < len(indices):
            apart = f"{self.frame_multiple / self.fps:.2f} s"
            raise UnsupportedOption("times", self.id, f"wants pictures at least {apart} apart")
        if Task.KEYFRAMES in self.tasks:
            return
        if indices[0] != 0:
            raise UnsupportedOption("times", self.id, "begins with a picture: show one at 0 s")
        last = self.frames_generated(request.seconds) - 1
        if indices[-1] != last and Task.IMAGE not in self.tasks:
            raise UnsupportedOption("times", self.id, "ends with a picture: show one at the end")

    @property
    def starts_from_pictures(self) -> bool:
        return Task.IMAGE in self.tasks or Task.FIRST_LAST in self.tasks

    def _check_range(self, field_name: str, value: float, least: float, most: float) -> None:
        if not least <= value <= most:
            raise UnsupportedOption(
                field_name, self.id, f"takes {least:g} to {most:g}, not {value:g}"
            )
