"""Small clips with a motion that is known exactly."""

from __future__ import annotations

import io

import av
import numpy as np

from generation.models.adapter import Frames, Image

SIZE = 96


def circle(phase: float, *, size: int = SIZE) -> Image:
    """A red disc on its way round, at this angle, over a soft pattern; edges are anti-aliased."""
    y, x = np.mgrid[0:size, 0:size].astype(float)
    distance = np.hypot(
        x - size / 2 - size * 0.28 * np.cos(phase), y - size / 2 - size * 0.28 * np.sin(phase)
    )
    cover = np.clip(size * 0.11 - distance + 0.5, 0, 1)[..., np.newaxis]
    ground = np.stack(
        [60 + 40 * np.sin(x / 9 + y / 17), 80 + 30 * np.cos(x / 13), 110 + y / 4], axis=-1
    )
    return (ground * (1 - cover) + np.array([230, 60, 40]) * cover).astype(np.uint8)


def turning(frames: int, *, turns: float = 1.0) -> Frames:
    """The disc goes round; with a whole number of turns the next frame would be the first."""
    return np.stack([circle(2 * np.pi * turns * t / frames) for t in range(frames)])


def noise(frames: int, *, size: int = SIZE) -> Frames:
    """What no encoder can compress."""
    return np.random.default_rng(0).integers(0, 256, (frames, size, size, 3), np.uint8)


def decode(data: bytes) -> Frames:
    """All pictures of an MP4."""
    with av.open(io.BytesIO(data), "r") as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(pictures).astype(np.uint8)
