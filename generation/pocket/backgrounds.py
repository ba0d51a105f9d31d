"""The world's backgrounds as textures that a camera can move over.

Each texture is a square of `TEXTURE_SIZE` pixels covering -EXTENT to EXTENT in world units,
drawn in pale or dark colours so that every thing it allows stands out.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.pocket.world import BACKGROUNDS, VARIANTS, BackgroundName

EXTENT = 2.6
TEXTURE_SIZE = 312
_DRAWN = 2 * TEXTURE_SIZE

Rgb = tuple[int, int, int]
Texture = NDArray[np.float32]

BACKGROUND_RGB: dict[BackgroundName, tuple[Rgb, Rgb]] = {
    "plain": ((205, 212, 220), (205, 212, 220)),
    "white": ((250, 250, 250), (250, 250, 250)),
    "black": ((16, 16, 20), (16, 16, 20)),
    "night": ((22, 26, 70), (22, 26, 70)),
    "sunset": ((252, 190, 150), (95, 95, 150)),
    "meadow": ((185, 222, 245), (165, 210, 135)),
    "snow": ((195, 215, 235), (242, 246, 252)),
    "desert": ((190, 225, 240), (232, 205, 150)),
    "city": ((50, 45, 85), (30, 30, 48)),
}
"""The colours of the upper and the lower part."""


def _pixels(units: float) -> float:
    return units / (2 * EXTENT) * _DRAWN


def _place(x: float, y: float) -> tuple[int, int]:
    return round((x + EXTENT) / (2 * EXTENT) * _DRAWN), round((y + EXTENT) / (2 * EXTENT) * _DRAWN)


def _disc(canvas: Texture, x: float, y: float, radius: float, rgb: Rgb) -> None:
    cv2.circle(canvas, _place(x, y), max(1, round(_pixels(radius))), rgb, -1, cv2.LINE_AA)


def _ground(
    canvas: Texture, rng: np.random.Generator, rgb: Rgb, level: float, swing: float
) -> None:
    """Fill everything below a wavy line at height `level`."""
    x = np.linspace(-EXTENT, EXTENT, 200)
    y = level + swing * np.sin(x * rng.uniform(1.2, 2.2) + rng.uniform(0, 6.28))
    edge = [_place(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    corners = [_place(EXTENT, EXTENT), _place(-EXTENT, EXTENT)]
    cv2.fillPoly(canvas, [np.array(edge + corners, np.int32)], rgb, cv2.LINE_AA)


def _night(canvas: Texture, rng: np.random.Generator) -> None:
    for x, y in _scattered(rng, 0.55):
        _disc(canvas, x, y, float(rng.uniform(0.025, 0.05)), (235, 235, 200))


def _sunset(canvas: Texture, rng: np.random.Generator) -> None:
    lower = BACKGROUND_RGB["sunset"][1]
    horizon = float(rng.uniform(0.15, 0.4))
    _ground(canvas, rng, lower, horizon, 0.0)
    for x, y in _scattered(rng, 0.5):
        if y > horizon + 0.1:
            width = rng.uniform(0.15, 0.3)
            ends = _place(x - width, y), _place(x + width, y)
            cv2.line(canvas, *ends, (150, 130, 160), round(_pixels(0.05)), cv2.LINE_AA)
        elif y < horizon - 0.3:
            _cloud(canvas, x, y, (250, 215, 190))


def _cloud(canvas: Texture, x: float, y: float, rgb: Rgb) -> None:
    for shift, radius in ((-0.14, 0.09), (0.0, 0.13), (0.15, 0.1)):
        _disc(canvas, x + shift, y, radius, rgb)


def _clouds(canvas: Texture, rng: np.random.Generator, rgb: Rgb, below: float) -> None:
    for x, y in _scattered(rng, 0.9):
        if y < below - 0.2:
            _cloud(canvas, x, y, rgb)


def _meadow(canvas: Texture, rng: np.random.Generator) -> None:
    level = float(rng.uniform(0.2, 0.45))
    _clouds(canvas, rng, (215, 236, 250), level)
    _ground(canvas, rng, BACKGROUND_RGB["meadow"][1], level, 0.1)
    for x, y in _scattered(rng, 0.45):
        if y > level + 0.2:
            _disc(canvas, x, y, 0.05, (190, 225, 165))


def _snow(canvas: Texture, rng: np.random.Generator) -> None:
    level = float(rng.uniform(0.15, 0.4))
    _ground(canvas, rng, (218, 230, 242), level - 0.3, 0.15)
    _ground(canvas, rng, BACKGROUND_RGB["snow"][1], level, 0.12)
    for x, y in _scattered(rng, 0.6):
        if y < level - 0.1:
            _disc(canvas, x, y, 0.035, (240, 246, 252))


def _desert(canvas: Texture, rng: np.random.Generator) -> None:
    level = float(rng.uniform(0.2, 0.4))
    _ground(canvas, rng, (240, 220, 180), level - 0.15, 0.15)
    _ground(canvas, rng, BACKGROUND_RGB["desert"][1], level, 0.12)
    for x, y in _scattered(rng, 0.6):
        if y > level + 0.2:
            ends = _place(x - 0.16, y), _place(x + 0.16, y)
            cv2.line(canvas, *ends, (218, 188, 132), round(_pixels(0.04)), cv2.LINE_AA)


def _city(canvas: Texture, rng: np.random.Generator) -> None:
    x = -EXTENT
    while x < EXTENT:
        width, top = float(rng.uniform(0.35, 0.6)), float(rng.uniform(-0.3, 0.5))
        house = _place(x, top), _place(x + width - 0.06, EXTENT)
        cv2.rectangle(canvas, *house, BACKGROUND_RGB["city"][1], -1)
        for wy in np.arange(top + 0.12, EXTENT, 0.26):
            for wx in np.arange(x + 0.08, x + width - 0.15, 0.2):
                if rng.uniform() < 0.6:
                    window = _place(wx, wy), _place(wx + 0.09, wy + 0.11)
                    cv2.rectangle(canvas, *window, (175, 160, 110), -1)
        x += width


def _scattered(rng: np.random.Generator, step: float) -> list[tuple[float, float]]:
    """Points over the whole texture, about `step` apart, none in line."""
    places = np.arange(-EXTENT, EXTENT, step)
    return [
        (float(x + rng.uniform(0, 0.7) * step), float(y + rng.uniform(0, 0.7) * step))
        for x in places
        for y in places
    ]


def _nothing(canvas: Texture, rng: np.random.Generator) -> None:
    """Plain colours carry no pattern."""


_DRAW: dict[BackgroundName, Callable[[Texture, np.random.Generator], None]] = {
    "plain": _nothing, "white": _nothing, "black": _nothing, "night": _night,
    "sunset": _sunset, "meadow": _meadow, "snow": _snow, "desert": _desert, "city": _city,
}  # fmt: skip


@cache
def background_textures() -> NDArray[np.float32]:
    """All textures, colours 0 to 1.

    Shape (backgrounds * VARIANTS, 3, TEXTURE_SIZE, TEXTURE_SIZE), background-major in the
    order of `world.BACKGROUNDS`.
    """
    textures: list[Texture] = []
    for number, name in enumerate(BACKGROUNDS):
        for variant in range(VARIANTS):
            rng = np.random.default_rng([number, variant])
            canvas = np.empty((_DRAWN, _DRAWN, 3), np.float32)
            canvas[:] = BACKGROUND_RGB[name][0]
            _DRAW[name](canvas, rng)
            textures.append(_shrunk(canvas))
    return np.stack(textures)


def random_picture(seed: int) -> Texture:
    """A picture of blobs, boxes and soft gradients that stands for any photograph."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (int(rng.integers(2, 9)), int(rng.integers(2, 9)), 3))
    large = cv2.resize(coarse.astype(np.float32), (_DRAWN, _DRAWN), interpolation=cv2.INTER_CUBIC)
    canvas = large.astype(np.float32)
    for _ in range(int(rng.integers(4, 40))):
        x, y = rng.uniform(-EXTENT, EXTENT, 2)
        rgb: Rgb = (int(rng.integers(256)), int(rng.integers(256)), int(rng.integers(256)))
        if rng.uniform() < 0.5:
            _disc(canvas, float(x), float(y), float(rng.uniform(0.05, 0.6)), rgb)
        else:
            wide, high = rng.uniform(0.1, 1.2, 2)
            cv2.rectangle(canvas, _place(x, y), _place(x + wide, y + high), rgb, -1)
    if rng.uniform() < 0.5:
        blur = float(rng.uniform(1, 8))
        canvas = cv2.GaussianBlur(canvas, (0, 0), blur).astype(np.float32)
    return _shrunk(np.clip(canvas, 0, 255).astype(np.float32))


def _shrunk(canvas: Texture) -> Texture:
    small = cv2.resize(canvas, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_AREA)
    return (small / 255).astype(np.float32).transpose(2, 0, 1)
