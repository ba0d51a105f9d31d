"""CogVideoX: text, picture or clip to video, one transformer each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture, remaking


def _arguments(call: Call) -> dict[str, Any]:
    shot, arguments = call.shot, called_by_words(call)
    match shot.task:
        case Task.IMAGE:
            return {**arguments, "image": picture(shot.first_image)}
        case Task.VIDEO:
            return remaking(_with_whole_pairs(call))
        case _:
            return arguments


def _with_whole_pairs(call: Call) -> Call:
    """CogVideoX 1.5 denoises latent frames in pairs. Its pipelines add one where words or a picture
    make an odd number, and refuse a clip that does. So the clip's last frame stays for longer, and
    what is made of that is cut off with all frames beyond the shot's.
    """
    pipeline, given = call.pipeline, call.shot.source_video
    together = getattr(pipeline.transformer.config, "patch_size_t", None) or 1
    if given is None or together == 1:
        return call
    latents = (len(given) - 1) // pipeline.vae_scale_factor_temporal + 1
    missing = -latents % together * pipeline.vae_scale_factor_temporal
    longer = np.concatenate([given, np.repeat(given[-1:], missing, axis=0)])
    return replace(call, shot=replace(call.shot, source_video=longer))


COGVIDEOX = Family(
    pipelines={
        Task.TEXT: "CogVideoXPipeline",
        Task.IMAGE: "CogVideoXImageToVideoPipeline",
        Task.VIDEO: "CogVideoXVideoToVideoPipeline",
    },
    arguments=_arguments,
    side_multiple=16,
    time_axis=1,
)
