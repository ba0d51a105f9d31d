"""How well a clip's end meets its start, as two figures.

Ratio: mean absolute difference of last and first frame over the median of the differences of
adjacent frames. 1 is a step like any other; 0 a frame shown twice; above 1.5 a visible cut.

Velocity jump: how much the optical flow changes across the seam, over the median of that change
inside the clip. Ping-pong has a perfect ratio and a large jump: its motion turns round. The change
is averaged with the flow's own length as weight, so that a small thing moving over a large (or
noisy) background counts. The flow is Dense Inverse Search (Kroeger et al., "Fast Optical Flow
using Dense Inverse Search", ECCV 2016) as in OpenCV.

The gate (0.5 <= ratio <= 1.5, jump <= 3, not static) comes from synthetic clips, see
`tests/generation/test_loop_seam.py`. A crossfade's ghosting is not seen by either figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.models.adapter import Frames, Image

RATIO_MIN = 0.5
RATIO_MAX = 1.5
VELOCITY_JUMP_MAX = 3.0
STATIC_DIFFERENCE = 0.05
"""Grey levels: where adjacent frames differ less on average, nothing moves."""
STEADY_FLOW_PIXELS = 0.05
"""Floor of the flow's ordinary change: steady motion would divide by nearly zero."""
NOISE_BLUR_PIXELS = 1.0

_Flow = NDArray[np.float32]
_NO_GUESS = cast(_Flow, None)  # OpenCV takes None for a starting flow; its types do not say so


@dataclass(frozen=True, kw_only=True, slots=True)
class Seam:
    """The figures of one clip; both are 0 where it is static."""

    ratio: float
    velocity_jump: float
    is_static: bool

    @property
    def is_seamless(self) -> bool:
        return (
            not self.is_static
            and RATIO_MIN <= self.ratio <= RATIO_MAX
            and self.velocity_jump <= VELOCITY_JUMP_MAX
        )


def seam(frames: Frames) -> Seam:
    """Measures a clip that is to be played in a circle. Raises ValueError below four frames."""
    if len(frames) < 4:
        raise ValueError(f"a seam needs at least 4 frames, not {len(frames)}")
    adjacent = [_difference(frames[t], frames[t + 1]) for t in range(len(frames) - 1)]
    ordinary = float(np.median(adjacent))
    if ordinary < STATIC_DIFFERENCE:
        return Seam(ratio=0.0, velocity_jump=0.0, is_static=True)
    return Seam(
        ratio=_difference(frames[-1], frames[0]) / ordinary,
        velocity_jump=_velocity_jump(frames),
        is_static=False,
    )


def _difference(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(np.int16) - b).mean())


def _velocity_jump(frames: Frames) -> float:
    """The flow of t -> t+1 runs on over the seam. A change of velocity is taken of two flows in a
    row; two of these changes have a part in the seam, and the larger one counts."""
    grey = [_smooth_grey(frames[t]) for t in range(len(frames))]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flows = [
        np.asarray(dis.calc(a, b, _NO_GUESS), dtype=np.float32)
        for a, b in pairwise([*grey, grey[0]])
    ]
    changes = [_change(a, b) for a, b in pairwise([*flows, flows[0]])]
    interior, across = changes[:-2], changes[-2:]
    return max(across) / max(float(np.median(interior)), STEADY_FLOW_PIXELS)


def _smooth_grey(frame: Image) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), NOISE_BLUR_PIXELS), dtype=np.uint8)


def _change(before: _Flow, after: _Flow) -> float:
    """Pixels by which the flow changes where something moves; both (height, width, 2)."""
    weight = np.maximum(np.linalg.norm(before, axis=-1), np.linalg.norm(after, axis=-1))
    change = np.linalg.norm(after - before, axis=-1)
    return float((change * weight).sum() / max(float(weight.sum()), 1e-6))
