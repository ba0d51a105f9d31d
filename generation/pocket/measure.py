"""What a clip shows, measured from its pixels alone.

Nothing here knows the model or the prompt. The background is the one whose colours the upper
and lower edge show; the thing is what differs from it; tracks of its place and area over the
frames say how it moves; its outline is compared with every thing of the world. Clips are
uint8 of shape (frames, height, width, 3); places and areas are in the world's units.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.pocket.backgrounds import BACKGROUND_RGB, background_textures
from generation.pocket.rendering import OUTLINE_WIDTH, PIXEL_ART_BLOCK
from generation.pocket.shapes import FIELD_EXTENT, distance_fields
from generation.pocket.world import (
    BACKGROUNDS,
    COLOUR_RGB,
    COLOURS,
    THINGS,
    VARIANTS,
    BackgroundName,
    ColourName,
    MotionName,
    StyleName,
    ThingName,
)

Clip = NDArray[np.uint8]
Masks = NDArray[np.bool_]
Floats = NDArray[np.float64]

_FOREGROUND_DISTANCE = 62.0
"""How far in RGB a pixel is from every colour of the background to belong to the thing."""
_COMMON_SHARE = 0.018
"""Colours rarer than this in a background are its small details, or the edges between them."""
_LEAST_AREA = 0.012
"""Smallest share of the picture that counts as a thing."""
_LEAST_COMPANION_AREA = 0.006
_SAME_COLOUR_DISTANCE = 110.0
_DRAWN_STYLES: tuple[StyleName, ...] = ("flat", "outline")
_SOFTNESS = 1.0
_FAINT = 24.0
"""Sums of differences below this, of 765, are shading."""
_BLOCKY = 0.45
"""In pixel art less than this share of all differences lies within blocks, not between them."""
_TEMPLATE_SIZE = 48
_TURNS = 48
_SLIGHT_TURNS = 5
"""A camera that rotates turns what it sees by so many of these at most."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen in a clip; None where there was no thing."""

    background: BackgroundName
    style: StyleName | None
    colour: ColourName | None
    thing: ThingName | None
    motion: MotionName | None
    companion: tuple[ColourName, ThingName] | None


@dataclass(frozen=True, kw_only=True)
class Track:
    """The thing's middle and area in the frames where it is seen, `when` from 0 to 1."""

    when: Floats
    x: Floats
    y: Floats
    area: Floats


def look(clip: Clip) -> Sight:
    """Measure everything but the camera, which moves the thing as well."""
    background = background_of(clip)
    masks = thing_masks(clip, background)
    track = follow(masks)
    if len(track.when) < max(1, len(clip) // 3):
        return Sight(background=background, style=None, colour=None, thing=None, motion=None,
                     companion=None)  # fmt: skip
    motion = motion_of(track, masks)
    thing, style = thing_of(clip, masks, turning=motion == "spin")
    return Sight(
        background=background,
        style=style,
        colour=colour_of(clip, masks),
        thing=thing,
        motion=motion,
        companion=companion_of(clip, background, masks),
    )


def background_of(clip: Clip) -> BackgroundName:
    """The background whose upper and lower colour the clip's edges come closest to."""
    height = clip.shape[1]
    strip = max(1, height // 10)
    upper = np.median(clip[:, :strip].reshape(-1, 3), axis=0)
    lower = np.median(clip[:, -strip:].reshape(-1, 3), axis=0)

    def distance(name: BackgroundName) -> float:
        wanted_upper, wanted_lower = BACKGROUND_RGB[name]
        return float(np.linalg.norm(upper - wanted_upper) + np.linalg.norm(lower - wanted_lower))

    return min(BACKGROUNDS, key=distance)


@cache
def _tones(background: BackgroundName) -> Floats:
    """The background's colours, its commonest ones: (count, 3)."""
    row = BACKGROUNDS.index(background) * VARIANTS
    texture = background_textures()[row : row + VARIANTS]
    pixels = (texture.transpose(0, 2, 3, 1).reshape(-1, 3) * 255).astype(np.int64)
    keys, counts = np.unique(pixels // 8, axis=0, return_counts=True)
    return (keys[counts > _COMMON_SHARE * len(pixels)] * 8 + 4).astype(np.float64)


def thing_masks(clip: Clip, background: BackgroundName) -> Masks:
    """Where the thing is: the largest connected region unlike the background, frame by frame."""
    unlike = _unlike(clip, background)
    return np.stack(
        [
            _largest_region(mask, frame, _LEAST_AREA)
            for mask, frame in zip(unlike, clip, strict=True)
        ]
    )


def companion_of(
    clip: Clip, background: BackgroundName, masks: Masks
) -> tuple[ColourName, ThingName] | None:
    """Colour and name of a second thing apart from the one under `masks`."""
    rest = _unlike(clip, background)
    for mask, taken in zip(rest, masks, strict=True):
        mask[cv2.dilate(taken.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = False
    found = np.stack(
        [
            _largest_region(mask, frame, _LEAST_COMPANION_AREA)
            for mask, frame in zip(rest, clip, strict=True)
        ]
    )
    if found.any(axis=(1, 2)).mean() < 1 / 3:
        return None
    return colour_of(clip, found), thing_of(clip, found, turning=False)[0]


def _unlike(clip: Clip, background: BackgroundName) -> Masks:
    """Which pixels are far from all of the background's colours."""
    away = np.full(clip.shape[:3], np.inf)
    for tone in _tones(background):
        away = np.minimum(away, np.linalg.norm(clip.astype(np.float64) - tone, axis=-1))
    return away > _FOREGROUND_DISTANCE


def _largest_region(mask: Masks, frame: Clip, least_share: float) -> Masks:
    whole = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    if count < 2:
        return np.zeros_like(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if areas.max() < least_share * mask.size:
        return np.zeros_like(mask)
    # A sun's rays or a balloon's string stand apart: keep what is near in place and colour.
    reach = 2 * max(4, round(0.25 * float(np.sqrt(areas.max())))) + 1
    largest = labels == 1 + int(areas.argmax())
    near = cv2.dilate(largest.astype(np.uint8), np.ones((reach, reach), np.uint8))
    colour = np.median(frame[largest & mask], axis=0)
    kept = [
        label
        for label in np.unique(labels[(near > 0) & (labels > 0)])
        if np.linalg.norm(np.median(frame[(labels == label) & mask], axis=0) - colour)
        < _SAME_COLOUR_DISTANCE
    ]
    return np.isin(labels, kept) & mask


def follow(masks: Masks) -> Track:
    """The thing's course."""
    frames, height, width = masks.shape
    unit = min(height, width) / 2
    rows: list[tuple[float, float, float, float]] = []
    for number, mask in enumerate(masks):
        if not mask.any():
            continue
        y, x = np.nonzero(mask)
        when = number / max(frames - 1, 1)
        rows.append((when, float(x.mean() + 0.5 - width / 2) / unit,
                     float(y.mean() + 0.5 - height / 2) / unit, len(x) / unit**2))  # fmt: skip
    columns = np.array(rows).reshape(-1, 4).T
    return Track(when=columns[0], x=columns[1], y=columns[2], area=columns[3])


def colour_of(clip: Clip, masks: Masks) -> ColourName:
    """The colour nearest to the thing's median pixel, away from its edge."""
    inner = np.stack(
        [cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for mask in masks]
    )
    pixels = clip[inner if inner.any() else masks].astype(np.float64)
    middle = np.median(pixels, axis=0)
    return min(COLOURS, key=lambda name: float(np.linalg.norm(middle - COLOUR_RGB[name])))


def motion_of(track: Track, masks: Masks) -> MotionName:
    """How the thing moves, from the shape of its track."""
    if len(track.when) < 3:
        return "still"
    gain = _rise(track.when, np.log(track.area) / 2)
    right, down = _rise(track.when, track.x), _rise(track.when, track.y)
    wide, high = float(np.ptp(track.x)), float(np.ptp(track.y))
    net = max(abs(right), abs(down))
    straight = net > 0.72 * max(wide, high) and _bend(track) < 0.25 * net
    if abs(gain) > 0.45 and net < 0.45:
        return "grow" if gain > 0 else "shrink"
    if net > 0.22 and straight:
        if abs(right) > abs(down):
            return "right" if right > 0 else "left"
        return "down" if down > 0 else "up"
    if abs(gain) > 0.3:
        return "grow" if gain > 0 else "shrink"
    if min(wide, high) > 0.28:
        return "circle"
    if max(wide, high) > 0.22:
        return "sway" if wide > high else "bounce"
    return "spin" if _turns(masks) else "still"


def _bend(track: Track) -> float:
    """How far the course leaves the straight line through it at most."""
    along = np.polyfit(track.when, track.x, 1), np.polyfit(track.when, track.y, 1)
    aside = np.hypot(
        track.x - np.polyval(along[0], track.when), track.y - np.polyval(along[1], track.when)
    )
    return float(aside.max())


def _rise(when: Floats, values: Floats) -> float:
    """The change from first to last frame of the straight line through the values."""
    slope = np.polyfit(when, values, 1)[0]
    return float(slope * (when[-1] - when[0]))


def _turns(masks: Masks) -> bool:
    """Whether the outline changes while its middle stays: then it spins."""
    shapes = [_centred(mask) for mask in masks if mask.any()]
    first = shapes[0]
    return min(_overlap(first, shape) for shape in shapes) < 0.80


def thing_of(clip: Clip, masks: Masks, *, turning: bool) -> tuple[ThingName, StyleName]:
    """The thing and style whose picture is most like the clip's, over its five largest sights."""
    seen = sorted((mask for mask in masks if mask.any()), key=lambda mask: -_inside(mask))[:5]
    shapes = np.stack([_vector(_centred(mask)) for mask in seen])
    turns = range(_TURNS) if turning else range(-_SLIGHT_TURNS, _SLIGHT_TURNS + 1)
    templates = _templates()[:, :, list(turns)]
    likeness = (templates @ shapes.T).max(axis=2).mean(axis=2)
    likeness[_DRAWN_STYLES.index("outline"), THINGS.index("ring")] = 0  # itself a ring
    style, thing = np.unravel_index(int(likeness.argmax()), likeness.shape)
    if _is_pixel_art(clip):
        return THINGS[int(likeness[0].argmax())], "pixel art"
    return THINGS[int(thing)], _DRAWN_STYLES[int(style)]


def _is_pixel_art(clip: Clip) -> bool:
    """Whether neighbouring pixels hardly differ within the blocks of that style."""
    within = total = 0.0
    for axis in (1, 2):
        change = np.abs(np.diff(clip.astype(np.float32), axis=axis)).sum(axis=-1)
        change[change < _FAINT] = 0
        along = change.sum(axis=(0, 3 - axis))
        total += float(along.sum())
        within += float(along.sum() - along[PIXEL_ART_BLOCK - 1 :: PIXEL_ART_BLOCK].sum())
    return within < _BLOCKY * total


def _inside(mask: Masks) -> float:
    """Area, but nothing for a thing that the picture's edge cuts."""
    edge = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    return float(mask.sum()) * (0.1 if edge else 1.0)


def _centred(mask: Masks) -> Masks:
    """The outline moved to the middle of a small square and scaled to a fixed area."""
    y, x = np.nonzero(mask)
    scale = _TEMPLATE_SIZE * 0.45 / np.sqrt(len(x))
    shift = _TEMPLATE_SIZE / 2 - scale * np.array([x.mean() + 0.5, y.mean() + 0.5])
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    drawn = cv2.warpAffine(
        mask.astype(np.float32), matrix, (_TEMPLATE_SIZE, _TEMPLATE_SIZE), flags=cv2.INTER_AREA
    )
    return drawn > 0.5


@cache
def _templates() -> NDArray[np.float32]:
    """Every thing's picture, flat and as an outline, upright first, then turned all round.

    Shape (styles, things, turns, side * side), vectors of length 1.
    """
    found: list[NDArray[np.float32]] = []
    for style in _DRAWN_STYLES:
        for field in distance_fields():
            shown = OUTLINE_WIDTH - np.abs(field - OUTLINE_WIDTH) if style == "outline" else field
            size = len(field)
            for turn in range(_TURNS):
                matrix = cv2.getRotationMatrix2D((size / 2, size / 2), 360 * turn / _TURNS, 1.0)
                turned = cv2.warpAffine(shown, matrix, (size, size), borderValue=-FIELD_EXTENT)
                found.append(_vector(_centred(turned > 0)))
    return np.stack(found).reshape(len(_DRAWN_STYLES), len(THINGS), _TURNS, -1)


def _vector(mask: Masks) -> NDArray[np.float32]:
    """A softened picture as a vector of length 1: the product of two is how alike they are."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFTNESS).ravel()
    return (soft / max(float(np.linalg.norm(soft)), 1e-6)).astype(np.float32)


def _overlap(a: Masks, b: Masks) -> float:
    """Intersection over union."""
    return float((a & b).sum() / max(1, (a | b).sum()))
