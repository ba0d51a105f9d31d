"""LTX-Video: one `LTXConditionPipeline` makes clips from words, pictures or both.

The pocket model has LTX's architecture at a small size and runs through the same adapter.
"""

# diffusers is partly typed.
# pyright: reportUnknownVariableType=false
from __future__ import annotations

from typing import Any

import torch
from diffusers.pipelines.ltx.pipeline_ltx_condition import (
    LTXVideoCondition,
    linear_quadratic_schedule,
)

from generation.models.adapter import Frames, Shot
from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture, pictures
from generation.pocket import phrasing as pocket_phrasing
from generation.pocket.schedule import even_timesteps, shifted_timesteps

NEGATIVE_PROMPT = "worst quality, inconsistent motion, blurry, jittery, distorted"
"""Of diffusers' LTX-Video documentation."""
PICTURE_NOISE = 0.15
"""Added to given pictures while they are denoised, which helps large models to move on."""

LTX_TASKS = (Task.TEXT, Task.IMAGE, Task.FIRST_LAST, Task.KEYFRAMES, Task.EXTEND)


def _arguments(call: Call) -> dict[str, Any]:
    arguments = {
        **_conditioned(call, _timesteps(call.shot.steps)),
        "negative_prompt": call.shot.negative_prompt or NEGATIVE_PROMPT,
        "image_cond_noise_scale": PICTURE_NOISE,
    }
    if call.pipeline.vae.config.timestep_conditioning:
        # The decoder of 0.9.1 and later takes the last denoising step itself.
        arguments |= {"decode_timestep": 0.05, "decode_noise_scale": 0.025}
    return {**arguments, **call.preset.options}


def _pocket_arguments(call: Call) -> dict[str, Any]:
    return {
        **_conditioned(call, even_timesteps(call.shot.steps)),
        "prompt": _pocket_prompt(call.shot),
        "negative_prompt": call.shot.negative_prompt,
        "image_cond_noise_scale": 0.0,
        "max_sequence_length": pocket_phrasing.MAX_TOKENS,
    }


def _conditioned(call: Call, timesteps: list[float]) -> dict[str, Any]:
    shot = call.shot
    return {
        **called_by_words(call),
        "frame_rate": shot.fps,
        "conditions": _conditions(shot) or None,
        "timesteps": list(call.preset.timesteps) or timesteps,
        **_remaking(call),
    }


def _remaking(call: Call) -> dict[str, Any]:
    """Of a given clip: noised as far as `strength` says, then denoised in that share of the steps.
    At strength 1 nothing of the clip would be left."""
    shot = call.shot
    if shot.source_video is None or shot.strength >= 1:
        return {}
    count = max(1, int(shot.steps * shot.strength))
    return {
        "latents": _latents(call, shot.source_video),
        # The pipeline begins so far before the end of its timesteps: at the second of them.
        # Not the end of the usual schedule: its first half lies above a noise of 0.975, where
        # nothing of a clip is left.
        "timesteps": [1000.0, *shifted_timesteps(count, begin=shot.strength)],
        "denoise_strength": (count + 0.5) / (count + 1),
    }


@torch.no_grad()
def _latents(call: Call, video: Frames) -> torch.Tensor:
    """As the pipeline denoises them: normalised, (1, channels, latent frames, rows, columns)."""
    pipeline, vae = call.pipeline, call.pipeline.vae
    clip = pipeline.video_processor.preprocess_video(pictures(video))
    encoded = vae.encode(clip.to(pipeline._execution_device, vae.dtype)).latent_dist.mode()
    return pipeline._normalize_latents(encoded, vae.latents_mean, vae.latents_std)


def _timesteps(steps: int) -> list[float]:
    """The pipeline's own default schedule, as the list that its scheduler asks for: NumPy 2 warns
    of the tensor that the pipeline would pass."""
    return [1000.0 * float(sigma) for sigma in linear_quadratic_schedule(steps)]


def _conditions(shot: Shot) -> list[LTXVideoCondition]:
    before = (
        []
        if shot.beginning is None
        else [LTXVideoCondition(video=pictures(shot.beginning), frame_index=0)]
    )
    return before + [
        LTXVideoCondition(image=picture(image), frame_index=index)
        for index, image in shot.given_pictures.items()
    ]


def _pocket_prompt(shot: Shot) -> str:
    # It knows one move at a time, and one direction of rotation.
    move = "".join(shot.camera.moves[:1])
    camera = "rotate" if move.startswith("rotate") else move
    return pocket_phrasing.phrase(shot.prompt, camera=camera, motion=shot.motion)


LTX = Family(
    pipelines=dict.fromkeys((*LTX_TASKS, Task.VIDEO, Task.STILL), "LTXConditionPipeline"),
    arguments=_arguments,
    side_multiple=32,
)
POCKET = Family(
    pipelines=dict.fromkeys((*LTX_TASKS, Task.VIDEO, Task.STILL), "LTXConditionPipeline"),
    arguments=_pocket_arguments,
    side_multiple=32,
)
