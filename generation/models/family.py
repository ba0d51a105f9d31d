"""What tells one family of models from another: the pipelines of its tasks, and how they are
called and read. One file a family in `generation.models.families`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from generation.errors import GenerationFailed, UnsupportedOption
from generation.models.adapter import Footage, Frames, Image, Shot
from generation.models.card import Feature, ModelCard, Preset, Task
from generation.request import CameraMove


@dataclass(frozen=True, kw_only=True)
class Call:
    """One shot on its way into a pipeline of the family."""

    shot: Shot
    preset: Preset
    card: ModelCard
    pipeline: Any
    """A diffusers pipeline, whose annotations contradict what it takes and gives."""


def first_frames(output: Any, _call: Call) -> Footage:
    """The frames of the first (and only) clip of the batch."""
    return Footage(frames=to_frames(output.frames[0]))


def one_run(_call: Call) -> int:
    return 1


def nothing_else(_folder: Path) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Family:
    """`pipelines` names diffusers' class for each task; they share one model's weights.

    `arguments` are the keyword arguments of a call beside generator and output type, `read` makes
    footage of its output, and `runs` counts its denoising loops. Sides are multiples of
    `side_multiple` pixels. `full_precision` names components that need float32;
    `components` makes those of the model's folder that diffusers would load otherwise. `time_axis`
    is the one of the samples that its scheduler is given for a shot from words; None where samples
    cannot be shifted along time. `assemble` puts the pipeline together, in float32, where the
    model's folder holds a single network instead of a pipeline's layout.
    """

    pipelines: Mapping[Task, str]
    arguments: Callable[[Call], dict[str, Any]]
    side_multiple: int
    read: Callable[[Any, Call], Footage] = first_frames
    runs: Callable[[Call], int] = one_run
    full_precision: tuple[str, ...] = ()
    components: Callable[[Path], dict[str, Any]] = nothing_else
    output_type: str = "np"
    time_axis: int | None = None
    assemble: Callable[[Path], Any] | None = None


def refuse_what_it_cannot(card: ModelCard, shot: Shot) -> None:
    """Raises UnsupportedOption for what the model takes no heed of, and GenerationFailed for frames
    that its pipeline would round silently."""
    as_picture = shot.frames == 1 and shot.task is Task.TEXT and Task.STILL in card.tasks
    if shot.task not in card.tasks and not as_picture:
        able = ", ".join(card.tasks)
        raise UnsupportedOption("model", card.id, f"is given {able}, not {shot.task}")
    if shot.task in (Task.VIDEO, Task.UPSCALE) and shot.source_video is None:
        raise GenerationFailed("the shot needs a clip to go from")
    if shot.negative_prompt and Feature.NEGATIVE not in card.features:
        raise UnsupportedOption("negative", card.id, "takes no negative prompt")
    card.check_camera(shot.camera)
    if shot.frames % card.frame_multiple != 1 % card.frame_multiple:
        raise GenerationFailed(
            f"{shot.frames} frames are not a multiple of {card.frame_multiple} plus 1"
        )


def to_frames(video: Any) -> Frames:
    """Float pictures of values from 0 to 1 as bytes. Raises GenerationFailed for no numbers."""
    values = np.asarray(video, dtype=np.float32)
    if not np.isfinite(values).all():
        raise GenerationFailed("the model's pictures hold values that are no numbers")
    return np.clip(np.round(values * 255.0), 0, 255).astype(np.uint8)


def picture(image: Image | None) -> PillowImage.Image:
    """For a pipeline. Raises GenerationFailed where the shot has none."""
    if image is None:
        raise GenerationFailed("the shot needs a picture to begin with")
    return PillowImage.fromarray(image)


def pictures(video: Frames | None) -> list[PillowImage.Image]:
    """For a pipeline. Raises GenerationFailed where the shot has no clip."""
    if video is None:
        raise GenerationFailed("the shot needs a clip to go from")
    return [PillowImage.fromarray(frame) for frame in video]


MOTION_WORDS = (
    "Almost nothing moves.",
    "Everything moves slowly and gently.",
    "",
    "The movement is lively.",
    "The movement is fast and full of energy.",
)
CAMERA_WORDS: Mapping[CameraMove, str] = {
    CameraMove.ZOOM_IN: "The camera slowly zooms in.",
    CameraMove.ZOOM_OUT: "The camera slowly zooms out.",
    CameraMove.PAN_LEFT: "The camera pans to the left.",
    CameraMove.PAN_RIGHT: "The camera pans to the right.",
    CameraMove.TILT_UP: "The camera tilts up.",
    CameraMove.TILT_DOWN: "The camera tilts down.",
    CameraMove.ROTATE_CLOCKWISE: "The camera rotates clockwise.",
    CameraMove.ROTATE_COUNTERCLOCKWISE: "The camera rotates counterclockwise.",
}


def worded_prompt(call: Call) -> str:
    """The prompt with motion and camera in words, where the camera is no LoRA's business."""
    shot = call.shot
    said = [move for move in shot.camera.moves if move not in call.card.camera_loras]
    camera = (CAMERA_WORDS[move] for move in said)
    parts = (shot.prompt.strip(), MOTION_WORDS[shot.motion], *camera)
    return " ".join(part for part in parts if part)


def called_by_words(call: Call) -> dict[str, Any]:
    """What nearly every pipeline calls by the same names."""
    shot = call.shot
    return {
        "prompt": worded_prompt(call),
        "negative_prompt": shot.negative_prompt or None,
        "width": shot.width,
        "height": shot.height,
        "num_frames": shot.frames,
        "num_inference_steps": shot.steps,
        "guidance_scale": shot.guidance,
        **call.preset.options,
    }


def remaking(call: Call) -> dict[str, Any]:
    """For a pipeline that makes another version of a clip, which decides the number of frames."""
    shot = call.shot
    return {
        **without(called_by_words(call), "num_frames"),
        "video": pictures(shot.source_video),
        "strength": shot.strength,
    }


def without(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in names}
