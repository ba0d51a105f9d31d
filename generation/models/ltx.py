"""The LTX family: one `LTXConditionPipeline` makes clips from words, pictures or both.

The same adapter runs LTX-Video (https://github.com/Lightricks/LTX-Video) and the pocket model,
which has LTX's architecture at a small size.
"""

# diffusers exports its classes lazily, which pyright takes for private.
# pyright: reportPrivateImportUsage=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import LTXConditionPipeline
from diffusers.pipelines.ltx.pipeline_ltx_condition import (
    LTXVideoCondition,
    linear_quadratic_schedule,
)
from PIL import Image as PillowImage

from generation.errors import GenerationFailed
from generation.models.adapter import Frames, Image, OnStep, Shot
from generation.request import CameraMove

SIDE_MULTIPLE = 32


@dataclass(frozen=True, kw_only=True)
class LtxStyle:
    """What differs between the models of the family.

    `prompt` puts a shot's motion and camera into words. `picture_noise` is added to given
    pictures while they are denoised, which helps large models to move on from them.
    `options` are further keyword arguments of the pipeline.
    """

    prompt: Callable[[Shot], str]
    negative_prompt: Callable[[Shot], str]
    picture_noise: float
    options: Mapping[str, Any]


class LtxModel:
    """A `generation.models.adapter.VideoModel`."""

    def __init__(self, pipeline: LTXConditionPipeline, *, style: LtxStyle, revision: str) -> None:
        self._pipeline: Any = pipeline  # its annotations contradict what it takes and gives
        self._style = style
        self._revision = revision
        self._pipeline.set_progress_bar_config(disable=True)

    @property
    def revision(self) -> str:
        return self._revision

    def generate(self, shot: Shot, on_step: OnStep) -> Frames:
        """Raises GenerationFailed where the sizes do not suit, and what `on_step` raises."""
        self._check(shot)
        # 1. A scheduler keeps its place in the noise schedule, even after a cancelled run.
        scheduler: Any = self._pipeline.scheduler
        self._pipeline.scheduler = scheduler.from_config(scheduler.config)
        # 2. Noise comes from the CPU, so that a seed gives the same on every device.
        generator = torch.Generator("cpu").manual_seed(shot.seed)
        # 3. What the callback raises leaves the pipeline at once, unlike its own interrupt flag,
        #    which still decodes.
        try:
            output = self._pipeline(
                conditions=_conditions(shot) or None,
                prompt=self._style.prompt(shot),
                negative_prompt=self._style.negative_prompt(shot),
                width=shot.width,
                height=shot.height,
                num_frames=shot.frames,
                frame_rate=shot.fps,
                num_inference_steps=shot.steps,
                timesteps=_timesteps(shot.steps),
                guidance_scale=shot.guidance,
                image_cond_noise_scale=self._style.picture_noise,
                generator=generator,
                output_type="np",
                callback_on_step_end=_step_callback(shot.steps, on_step),
                **self._style.options,
            )
        finally:
            self._pipeline.maybe_free_model_hooks()
        # 4. To pictures.
        return _to_frames(output.frames[0])

    def _check(self, shot: Shot) -> None:
        """The pipeline would round silently."""
        multiple = self._pipeline.vae_temporal_compression_ratio
        if shot.frames % multiple != 1:
            raise GenerationFailed(f"{shot.frames} frames are not a multiple of {multiple} plus 1")
        if shot.width % SIDE_MULTIPLE or shot.height % SIDE_MULTIPLE:
            raise GenerationFailed(
                f"{shot.width} x {shot.height} are not multiples of {SIDE_MULTIPLE}"
            )


def ltx_video_style(*, decodes_with_noise: bool) -> LtxStyle:
    """LTX-Video, from its authors' settings (diffusers' LTX documentation)."""
    options = {"decode_timestep": 0.05, "decode_noise_scale": 0.025} if decodes_with_noise else {}
    return LtxStyle(
        prompt=_ltx_video_prompt,
        negative_prompt=lambda shot: shot.negative_prompt or LTX_VIDEO_NEGATIVE_PROMPT,
        picture_noise=0.15,
        options=options,
    )


LTX_VIDEO_NEGATIVE_PROMPT = "worst quality, inconsistent motion, blurry, jittery, distorted"
MOTION_WORDS = (
    "Almost nothing moves.",
    "Everything moves slowly and gently.",
    "",
    "The movement is lively.",
    "The movement is fast and full of energy.",
)
CAMERA_WORDS: Mapping[CameraMove, str] = {
    CameraMove.NONE: "",
    CameraMove.ZOOM_IN: "The camera slowly zooms in.",
    CameraMove.ZOOM_OUT: "The camera slowly zooms out.",
    CameraMove.PAN_LEFT: "The camera pans to the left.",
    CameraMove.PAN_RIGHT: "The camera pans to the right.",
    CameraMove.TILT_UP: "The camera tilts up.",
    CameraMove.TILT_DOWN: "The camera tilts down.",
    CameraMove.ROTATE_CLOCKWISE: "The camera rotates clockwise.",
    CameraMove.ROTATE_COUNTERCLOCKWISE: "The camera rotates counterclockwise.",
}


def _ltx_video_prompt(shot: Shot) -> str:
    parts = (shot.prompt.strip(), MOTION_WORDS[shot.motion], CAMERA_WORDS[shot.camera])
    return " ".join(part for part in parts if part)


def _timesteps(steps: int) -> list[float]:
    """The pipeline's own default schedule, as the list that its scheduler asks for: NumPy 2 warns
    of the tensor that the pipeline would pass."""
    return [1000.0 * float(sigma) for sigma in linear_quadratic_schedule(steps)]


def _conditions(shot: Shot) -> list[LTXVideoCondition]:
    conditions: list[LTXVideoCondition] = []
    if shot.first_image is not None:
        conditions.append(_condition(shot.first_image, 0))
    if shot.last_image is not None:
        conditions.append(_condition(shot.last_image, shot.frames - 1))
    return conditions


def _condition(image: Image, frame_index: int) -> LTXVideoCondition:
    return LTXVideoCondition(image=PillowImage.fromarray(image), frame_index=frame_index)


def _step_callback(steps: int, on_step: OnStep) -> Callable[..., dict[str, Any]]:
    def after_step(_pipeline: Any, step: int, _timestep: Any, _tensors: Any) -> dict[str, Any]:
        on_step(step + 1, steps)
        return {}

    return after_step


def _to_frames(video: Any) -> Frames:
    """Float pictures of values from 0 to 1 as bytes. Raises GenerationFailed for no numbers."""
    values = np.asarray(video, dtype=np.float32)
    if not np.isfinite(values).all():
        raise GenerationFailed("the model's pictures hold values that are no numbers")
    return np.clip(np.round(values * 255.0), 0, 255).astype(np.uint8)
