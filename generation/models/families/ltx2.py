"""LTX-2: picture and sound made together."""

# diffusers is partly typed.
# pyright: reportUnknownVariableType=false
from __future__ import annotations

import math
from typing import Any

import numpy as np
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

from generation.models.adapter import Footage, Shot, Waveform
from generation.models.families.ltx import LTX_TASKS
from generation.models.family import Call, Family, called_by_words, picture, to_frames

LATENT_FRAMES = 8
"""Frames that one latent frame stands for, but for the first, which stands for one. Conditions
are placed by latent frame."""


def _arguments(call: Call) -> dict[str, Any]:
    return {
        **called_by_words(call),
        "frame_rate": float(call.shot.fps),
        "conditions": _conditions(call.shot) or None,
        **call.preset.options,
    }


def _conditions(shot: Shot) -> list[LTX2VideoCondition]:
    return [
        LTX2VideoCondition(frames=picture(image), index=math.ceil(index / LATENT_FRAMES))
        for index, image in shot.given_pictures.items()
    ]


def _read(output: Any, call: Call) -> Footage:
    sound = np.asarray(output.audio[0].float().cpu(), dtype=np.float32)
    return Footage(
        frames=to_frames(output.frames[0]),
        sound=Waveform(
            samples=np.ascontiguousarray(sound.T),
            sample_rate=int(call.pipeline.vocoder.config.output_sampling_rate),
        ),
    )


LTX2 = Family(
    pipelines=dict.fromkeys(LTX_TASKS, "LTX2ConditionPipeline"),
    arguments=_arguments,
    read=_read,
    side_multiple=32,
)
