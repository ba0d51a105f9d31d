"""Fits the autoencoder to rendered clips."""

# diffusers and torch are partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import logging
import time

import numpy as np
from torch import Tensor

from generation.pocket.autoencoder import PATCH_FRAMES, PocketAutoencoder, to_blocks
from generation.pocket.rendering import render
from generation.pocket.world import sample_picture_scene, sample_scene

_log = logging.getLogger(__name__)

_PICTURE_SHARE = 0.06
_LOOP_SHARE = 0.1
_ANYWHERE_SHARE = 0.5
_SIZES = ((128, 128), (128, 128), (96, 160), (160, 96))
"""Heights and widths in pixels."""
_CLIP_FRAMES = 25
_WINDOW_FRAMES = 2 * PATCH_FRAMES + 1
_BATCHES = 250
_BATCH_CLIPS = 16


def fit_autoencoder(autoencoder: PocketAutoencoder, *, seed: int, batches: int = _BATCHES) -> None:
    """Give a new autoencoder its components, from 16 clips a batch."""
    started, rng = time.monotonic(), np.random.default_rng([seed, 1])
    autoencoder.fit(
        to_blocks(sample_windows(rng, _BATCH_CLIPS)[:, :, 1:]).flatten(0, 3) for _ in range(batches)
    )
    _log.info("autoencoder fitted in %.0f s", time.monotonic() - started)


def sample_windows(rng: np.random.Generator, count: int) -> Tensor:
    """Short parts of random clips of one random aspect.

    Shape (count, 3, 9, height, width), from -1 to 1.
    """
    height, width = _SIZES[int(rng.integers(len(_SIZES)))]
    scenes = [
        sample_picture_scene(rng)
        if rng.uniform() < _PICTURE_SHARE
        else sample_scene(
            rng,
            aspect=width / height,
            loop=bool(rng.uniform() < _LOOP_SHARE),
            anywhere=bool(rng.uniform() < _ANYWHERE_SHARE),
        )
        for _ in range(count)
    ]
    clips = render(scenes, frames=_CLIP_FRAMES, height=height, width=width)
    first = PATCH_FRAMES * int(rng.integers((_CLIP_FRAMES - _WINDOW_FRAMES) // PATCH_FRAMES + 1))
    return clips[:, :, first : first + _WINDOW_FRAMES].mul_(2).sub_(1)
