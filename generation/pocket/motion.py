"""Where the thing and the camera of a scene are in each frame."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.pocket.world import (
    FRAMES_PER_SECOND,
    RADIUS,
    CameraName,
    MotionName,
    Scene,
    SpeedName,
    Thing,
)

Curve = NDArray[np.float64]

_REACH: dict[SpeedName, float] = {"slow": 0.5, "normal": 0.9, "fast": 1.3}
"""World units travelled in two seconds by a thing that moves in one direction."""
_PACE: dict[SpeedName, float] = {"slow": 0.5, "normal": 1.0, "fast": 1.8}
_DIRECTION: dict[MotionName, tuple[float, float]] = {
    "right": (1, 0),
    "left": (-1, 0),
    "up": (0, -1),
    "down": (0, 1),
}
_PAN: dict[CameraName, tuple[float, float]] = {
    "pan right": (0.45, 0),
    "pan left": (-0.45, 0),
    "tilt up": (0, -0.4),
    "tilt down": (0, 0.4),
}


@dataclass(frozen=True, kw_only=True)
class Path:
    """The thing's course: place and radius in world units, turn in radians, one value a frame."""

    x: Curve
    y: Curve
    radius: Curve
    turn: Curve


@dataclass(frozen=True, kw_only=True)
class View:
    """The camera's course: what it looks at, its magnification and its turn, one value a frame."""

    x: Curve
    y: Curve
    zoom: Curve
    turn: Curve


def clip_progress(frames: int) -> Curve:
    """0 at the first frame, 1 at the last; a single frame is a clip's middle."""
    return np.linspace(0, 1, frames) if frames > 1 else np.full(1, 0.5)


def thing_path(scene: Scene, thing: Thing, *, frames: int, aspect: float) -> Path:
    """The course of the scene's thing over a clip of `frames` at `aspect` (width over height)."""
    u = clip_progress(frames)
    seconds = u * (frames - 1) / FRAMES_PER_SECOND
    still = np.zeros_like(u)
    radius = np.full_like(u, RADIUS[thing.size])
    x, y, turn = thing.x + still, thing.y + still, still
    pace = _PACE[scene.speed]
    phase = 2 * math.pi * thing.phase
    if scene.motion in _DIRECTION:
        x, y = _travel(scene, thing, u, frames=frames, aspect=aspect)
    elif scene.motion in ("grow", "shrink"):
        swing = np.sin(2 * np.pi * u) / 2 if scene.loop else u - 0.5
        sign = 1 if scene.motion == "grow" else -1
        radius = radius * np.exp(sign * swing * (0.4 + 0.6 * pace))
    elif scene.motion == "spin":
        turn = _angle(0.4 * pace, seconds, u, loop=scene.loop) + phase
    elif scene.motion == "circle":
        angle = _angle(0.5 * pace, seconds, u, loop=scene.loop) + phase
        x, y = x * 0.5 + 0.48 * np.cos(angle), y * 0.5 + 0.48 * np.sin(angle)
    elif scene.motion == "bounce":
        angle = _angle(1.0 * pace, seconds, u, loop=scene.loop) / 2
        y = y * 0.5 + 0.45 - 0.9 * np.abs(np.sin(angle + phase))
    elif scene.motion == "sway":
        x = x * 0.5 + 0.5 * np.sin(_angle(0.7 * pace, seconds, u, loop=scene.loop) + phase)
    return Path(x=x, y=y, radius=radius, turn=turn)


def _travel(
    scene: Scene, thing: Thing, u: Curve, *, frames: int, aspect: float
) -> tuple[Curve, Curve]:
    """One direction, centred on the thing's place; a loop goes out of the picture and round."""
    right, down = _DIRECTION[scene.motion]
    along_x = right != 0
    half_width = max(1.0, aspect) if along_x else max(1.0, 1 / aspect)
    if scene.loop:
        period = 2 * (half_width + 1.25 * RADIUS[thing.size])
        place = (u * period + thing.phase * period) % period - period / 2
    else:
        place = (u - 0.5) * _REACH[scene.speed] * _stretch(frames) * math.sqrt(half_width)
    sign = right + down
    if along_x:
        middle = 0.0 if scene.loop else thing.x * 0.75
        return middle + sign * place, np.full_like(u, thing.y * 1.5)
    middle = 0.0 if scene.loop else thing.y * 0.75
    return np.full_like(u, thing.x * 1.5), middle + sign * place


def _stretch(frames: int) -> float:
    """Longer clips travel farther, but less than in proportion, to stay in the picture."""
    seconds = max(frames - 1, 1) / FRAMES_PER_SECOND
    return min(math.sqrt(seconds / 2), 1.3)


def _angle(turns_per_second: float, seconds: Curve, u: Curve, *, loop: bool) -> Curve:
    """Radians turned; a loop makes whole turns."""
    if not loop:
        return 2 * np.pi * turns_per_second * seconds
    return 2 * np.pi * max(1, round(turns_per_second * float(seconds[-1]))) * u


def camera_view(scene: Scene, *, frames: int) -> View:
    """The course of the scene's camera; a loop's camera swings back to where it began."""
    u = clip_progress(frames)
    swing = np.sin(2 * np.pi * u) / 2 if scene.loop else (u - 0.5) * _stretch(frames)
    still = np.zeros_like(u)
    x, y, zoom, turn = still, still, np.ones_like(u), still
    if scene.camera in _PAN:
        right, down = _PAN[scene.camera]
        x, y = swing * 2 * right, swing * 2 * down
    elif scene.camera == "zoom in":
        zoom = np.exp(0.7 * swing)
    elif scene.camera == "zoom out":
        zoom = np.exp(-0.7 * swing)
    elif scene.camera == "rotate":
        turn = swing * math.radians(60)
    return View(x=x, y=y, zoom=zoom, turn=turn)
