"""How the camera moves in a clip: the move of the world that explains its background best.

Each move says where a pixel of one frame comes from in another. The clip's middle frame is
carried along each of them to the other frames; the move whose pictures differ least wins.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.pocket.measure import Clip, Masks
from generation.pocket.motion import camera_view
from generation.pocket.rendering import view_maps
from generation.pocket.world import CAMERAS, CameraName, Scene

_PROBES = (0.0, 0.25, 0.75, 1.0)
"""Which frames are compared with the middle one, as shares of the clip."""
_LEAST_PATTERN = 2.0
"""Standard deviation of the background's grey levels below which no move can be seen."""
_LEAST_GAIN = 0.9
"""A move must explain the clip this much better than rest does."""
_BLUR = 1.0


def camera_of(clip: Clip, masks: Masks) -> CameraName | None:
    """The camera's move; None where the background has too little pattern to tell.

    `masks` says where the thing is, whose own motion does not count.
    """
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip])
    soft = [cv2.GaussianBlur(frame.astype(np.float32), (0, 0), _BLUR) for frame in grey]
    near = [cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0 for mask in masks]
    middle = len(clip) // 2
    if soft[middle][~near[middle]].std() < _LEAST_PATTERN:
        return None
    errors = {name: _error(soft, near, middle, name) for name in CAMERAS}
    best = min(errors, key=lambda name: errors[name])
    return best if errors[best] < _LEAST_GAIN * errors["none"] else "none"


def _error(
    frames: list[NDArray[np.float32]], near: list[Masks], middle: int, camera: CameraName
) -> float:
    """Mean absolute difference of the carried middle frame and the probed ones, unseen left out."""
    maps = view_maps(camera_view(Scene(thing=None, camera=camera), frames=len(frames)))
    height, width = frames[0].shape
    found: list[float] = []
    for share in _PROBES:
        probe = round(share * (len(frames) - 1))
        carry = _pixel_map(maps[middle], maps[probe], height, width)
        size, flags = (width, height), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        carried = cv2.warpAffine(frames[middle], carry, size, flags=flags)
        hidden = cv2.warpAffine(
            near[middle].astype(np.float32), carry, size, flags=flags, borderValue=1.0
        )
        seen = (hidden < 0.01) & ~near[probe]
        found.append(float(np.abs(carried - frames[probe])[seen].mean()) if seen.any() else 0.0)
    return float(np.mean(found)) + 1e-3


def _pixel_map(
    middle: NDArray[np.float64], probe: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float64]:
    """Pixels of the probed frame to pixels of the middle one, 2 x 3."""
    unit = 2 / min(height, width)
    to_world = np.array(
        [[unit, 0, (0.5 - width / 2) * unit], [0, unit, (0.5 - height / 2) * unit], [0, 0, 1]]
    )
    whole = [np.vstack([view, [0, 0, 1]]) for view in (middle, probe)]
    joined = np.linalg.inv(to_world) @ np.linalg.inv(whole[0]) @ whole[1] @ to_world
    return joined[:2]
