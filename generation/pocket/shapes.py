"""The outlines of the world's things, as signed distance fields.

Every thing is drawn once, large, from polygons and circles in a square reaching from -1 to 1
(y downwards), then turned into a field of distances to its edge: positive inside. A field can
be sampled at any size with clean edges.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.pocket.world import THINGS, ThingName

FIELD_EXTENT = 1.5
"""The field covers -1.5 to 1.5 in units of the thing's radius."""
FIELD_SIZE = 144
_DRAWN_SIZE = 1152

Points = list[tuple[float, float]]
Mask = NDArray[np.uint8]


def _polygon(mask: Mask, points: Points, value: int = 255) -> None:
    scaled = [((x / FIELD_EXTENT + 1) / 2 * _DRAWN_SIZE, (y / FIELD_EXTENT + 1) / 2 * _DRAWN_SIZE)
              for x, y in points]  # fmt: skip
    cv2.fillPoly(mask, [np.round(np.array(scaled)).astype(np.int32)], (value,))


def _disc(mask: Mask, x: float, y: float, radius: float, value: int = 255) -> None:
    turns = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    _polygon(mask, [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in turns], value)


def _rays(count: int, outer: float, inner: float, y: float = 0.0) -> Points:
    """A star's corners, the first one pointing up."""
    angles = np.arange(2 * count) * np.pi / count - np.pi / 2
    reach = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return [
        (float(r * np.cos(a)), float(y + r * np.sin(a))) for r, a in zip(reach, angles, strict=True)
    ]


def _circle(m: Mask) -> None:
    _disc(m, 0, 0, 0.95)


def _square(m: Mask) -> None:
    _polygon(m, [(-0.82, -0.82), (0.82, -0.82), (0.82, 0.82), (-0.82, 0.82)])


def _triangle(m: Mask) -> None:
    _polygon(m, [(0, -0.95), (1.0, 0.8), (-1.0, 0.8)])


def _star(m: Mask) -> None:
    _polygon(m, _rays(5, 1.1, 0.45, 0.06))


def _heart(m: Mask) -> None:
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    _polygon(m, [(float(a / 16.5), float(-(b + 2.5) / 15.5)) for a, b in zip(x, y, strict=True)])


def _ring(m: Mask) -> None:
    _disc(m, 0, 0, 1.0)
    _disc(m, 0, 0, 0.58, 0)


def _moon(m: Mask) -> None:
    _disc(m, -0.1, 0, 1.0)
    _disc(m, 0.38, -0.12, 0.82, 0)


def _sun(m: Mask) -> None:
    _disc(m, 0, 0, 0.52)
    for k in range(8):
        a = k * np.pi / 4
        c, s = np.cos(a), np.sin(a)
        corners = [(0.66, -0.14), (1.12, -0.07), (1.12, 0.07), (0.66, 0.14)]
        _polygon(m, [(x * c - y * s, x * s + y * c) for x, y in corners])


def _boat(m: Mask) -> None:
    _polygon(m, [(-1.05, 0.3), (1.05, 0.3), (0.65, 0.9), (-0.65, 0.9)])
    _polygon(m, [(-0.05, -1.05), (-0.05, 0.12), (-0.8, 0.12)])
    _polygon(m, [(0.1, -0.75), (0.1, 0.12), (0.75, 0.12)])
    _polygon(m, [(-0.08, 0.05), (0.1, 0.05), (0.1, 0.35), (-0.08, 0.35)])


def _fish(m: Mask) -> None:
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    _polygon(m, [(float(0.15 + 0.85 * np.cos(a)), float(0.55 * np.sin(a))) for a in t])
    _polygon(m, [(-0.5, 0), (-1.1, -0.6), (-1.1, 0.6)])
    _disc(m, 0.6, -0.12, 0.12, 0)


def _balloon(m: Mask) -> None:
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    _polygon(m, [(float(0.68 * np.cos(a)), float(-0.3 + 0.78 * np.sin(a))) for a in t])
    _polygon(m, [(0, 0.4), (0.2, 0.68), (-0.2, 0.68)])
    _polygon(m, [(-0.06, 0.6), (0.06, 0.6), (0.06, 1.15), (-0.06, 1.15)])


def _car(m: Mask) -> None:
    _polygon(m, [(-1.1, 0.0), (1.1, 0.0), (1.1, 0.5), (-1.1, 0.5)])
    _polygon(m, [(-0.7, 0.05), (-0.4, -0.55), (0.4, -0.55), (0.75, 0.05)])
    _polygon(m, [(-0.42, -0.03), (-0.27, -0.38), (0.27, -0.38), (0.45, -0.03)], 0)
    _disc(m, -0.58, 0.5, 0.28)
    _disc(m, 0.58, 0.5, 0.28)


def _house(m: Mask) -> None:
    _polygon(m, [(-0.75, -0.1), (0.75, -0.1), (0.75, 0.95), (-0.75, 0.95)])
    _polygon(m, [(0, -1.05), (1.1, -0.05), (-1.1, -0.05)])
    _polygon(m, [(-0.2, 0.35), (0.2, 0.35), (0.2, 1.0), (-0.2, 1.0)], 0)


def _tree(m: Mask) -> None:
    _polygon(m, [(-0.15, 0.4), (0.15, 0.4), (0.15, 1.1), (-0.15, 1.1)])
    _polygon(m, [(0, -1.15), (0.55, -0.4), (-0.55, -0.4)])
    _polygon(m, [(0, -0.75), (0.7, 0.1), (-0.7, 0.1)])
    _polygon(m, [(0, -0.3), (0.85, 0.6), (-0.85, 0.6)])


def _rocket(m: Mask) -> None:
    _polygon(m, [(0, -1.2), (0.3, -0.75), (0.38, -0.3), (0.38, 0.6),
                 (-0.38, 0.6), (-0.38, -0.3), (-0.3, -0.75)])  # fmt: skip
    _polygon(m, [(0.35, 0.05), (0.85, 0.6), (0.85, 0.95), (0.35, 0.6)])
    _polygon(m, [(-0.35, 0.05), (-0.85, 0.6), (-0.85, 0.95), (-0.35, 0.6)])
    _polygon(m, [(-0.2, 0.55), (0.2, 0.55), (0.0, 1.15)])
    _disc(m, 0, -0.3, 0.18, 0)


def _flower(m: Mask) -> None:
    for k in range(6):
        a = k * np.pi / 3
        _disc(m, 0.58 * np.cos(a), 0.58 * np.sin(a), 0.4)
    _disc(m, 0, 0, 0.5)
    _disc(m, 0, 0, 0.24, 0)


_DRAW: dict[ThingName, Callable[[Mask], None]] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star,
    "heart": _heart, "ring": _ring, "moon": _moon, "sun": _sun,
    "boat": _boat, "fish": _fish, "balloon": _balloon, "car": _car,
    "house": _house, "tree": _tree, "rocket": _rocket, "flower": _flower,
}  # fmt: skip


@cache
def distance_fields() -> NDArray[np.float32]:
    """Distances to the edge, inside positive, in units of the thing's radius.

    Shape (things, FIELD_SIZE, FIELD_SIZE), in the order of `world.THINGS`.
    """
    fields: list[NDArray[np.float32]] = []
    for name in THINGS:
        mask = np.zeros((_DRAWN_SIZE, _DRAWN_SIZE), np.uint8)
        _DRAW[name](mask)
        inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        outside = cv2.distanceTransform(255 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        signed = (inside - outside) * (2 * FIELD_EXTENT / _DRAWN_SIZE)
        small = cv2.resize(signed, (FIELD_SIZE, FIELD_SIZE), interpolation=cv2.INTER_AREA)
        fields.append(small.astype(np.float32))
    return np.stack(fields)
