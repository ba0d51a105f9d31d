"""The world the pocket model lives in: what a scene is, and which scenes exist.

A scene is data. `rendering` makes its picture and `captions` its wordings. Coordinates
are in units of half the shorter side of the picture: the middle is (0, 0), x grows to the
right, y downwards, and the shorter side reaches from -1 to 1.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

FRAMES_PER_SECOND = 12

ThingName = Literal[
    "circle", "square", "triangle", "star", "heart", "ring", "moon", "sun",
    "boat", "fish", "balloon", "car", "house", "tree", "rocket", "flower",
]  # fmt: skip
ColourName = Literal[
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "black",
]  # fmt: skip
BackgroundName = Literal[
    "plain", "white", "black", "night", "sunset", "meadow", "snow", "desert", "city",
]  # fmt: skip
MotionName = Literal[
    "right", "left", "up", "down", "still", "grow", "shrink", "circle", "spin", "bounce", "sway",
]  # fmt: skip
SpeedName = Literal["slow", "normal", "fast"]
SizeName = Literal["small", "medium", "big"]
CameraName = Literal[
    "none", "zoom in", "zoom out", "pan left", "pan right", "tilt up", "tilt down", "rotate",
]  # fmt: skip
StyleName = Literal["flat", "outline", "pixel art"]

THINGS: tuple[ThingName, ...] = get_args(ThingName)
COLOURS: tuple[ColourName, ...] = get_args(ColourName)
BACKGROUNDS: tuple[BackgroundName, ...] = get_args(BackgroundName)
MOTIONS: tuple[MotionName, ...] = get_args(MotionName)
SPEEDS: tuple[SpeedName, ...] = get_args(SpeedName)
SIZES: tuple[SizeName, ...] = get_args(SizeName)
CAMERAS: tuple[CameraName, ...] = get_args(CameraName)
STYLES: tuple[StyleName, ...] = get_args(StyleName)

COLOUR_RGB: dict[ColourName, tuple[int, int, int]] = {
    "red": (215, 35, 40),
    "orange": (245, 135, 20),
    "yellow": (250, 215, 30),
    "green": (30, 150, 60),
    "blue": (40, 90, 220),
    "purple": (130, 50, 180),
    "pink": (250, 120, 185),
    "brown": (125, 75, 40),
    "white": (250, 250, 250),
    "black": (18, 18, 20),
}
RADIUS: dict[SizeName, float] = {"small": 0.28, "medium": 0.44, "big": 0.58}

# A thing hardly shows where its colour is nearly its surroundings': these scenes do not exist.
UNSEEN: dict[BackgroundName, frozenset[ColourName]] = {
    "plain": frozenset({"white"}),
    "white": frozenset({"white"}),
    "black": frozenset({"black"}),
    "night": frozenset({"black"}),
    "sunset": frozenset(),
    "meadow": frozenset({"white"}),
    "snow": frozenset({"white"}),
    "desert": frozenset({"white"}),
    "city": frozenset({"black"}),
}
ROUND: frozenset[ThingName] = frozenset({"circle", "ring", "flower"})
"""Things whose spinning cannot be seen, or hardly."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing of a scene. `x` and `y` are the middle of its path, `phase` in turns (0 to 1)."""

    name: ThingName
    colour: ColourName
    size: SizeName = "medium"
    x: float = 0.0
    y: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that a clip shows.

    `thing` may be absent: then only the camera moves, over `picture`, a texture made from
    that seed which stands for the photographs people upload. `companion` is a second, small
    thing of another colour that stays in a corner. `loop` makes the last frame equal to the
    first (a motion in one direction leaves the picture and enters again).
    """

    thing: Thing | None
    companion: Thing | None = None
    motion: MotionName = "still"
    speed: SpeedName = "normal"
    background: BackgroundName = "plain"
    camera: CameraName = "none"
    style: StyleName = "flat"
    variant: int = 0
    picture: int | None = None
    loop: bool = False


def is_visible(colour: ColourName, background: BackgroundName) -> bool:
    """Whether a thing of this colour stands out from this background."""
    return colour not in UNSEEN[background]


def is_held_out(scene: Scene) -> bool:
    """Whether this combination is kept from training, a fixed eighth of them all.

    The split hashes thing, colour, motion and background, so it never changes with seeds.
    """
    if scene.thing is None:
        return False
    key = f"{scene.thing.name}/{scene.thing.colour}/{scene.motion}/{scene.background}"
    return hashlib.sha256(key.encode()).digest()[0] % 8 == 0


def sample_scene(
    rng: np.random.Generator, *, aspect: float = 1.0, loop: bool = False, anywhere: bool = False
) -> Scene:
    """Draw a scene that training may see. `aspect` is width over height.

    What a caption does not say hardly varies: a thing's course leads through the middle and
    starts alike. With `anywhere` it leads through any place and starts at any phase, as in
    pictures that somebody gives.
    """
    while True:
        scene = sample_any_scene(rng, aspect=aspect, loop=loop, anywhere=anywhere)
        if not is_held_out(scene):
            return scene


def sample_any_scene(
    rng: np.random.Generator, *, aspect: float = 1.0, loop: bool = False, anywhere: bool = False
) -> Scene:
    """Draw a scene as `sample_scene` does, held out or not."""
    motion = MOTIONS[rng.choice(len(MOTIONS), p=_MOTION_SHARE)]
    background = BACKGROUNDS[rng.choice(len(BACKGROUNDS), p=_BACKGROUND_SHARE)]
    colours: list[ColourName] = [colour for colour in COLOURS if is_visible(colour, background)]
    things: list[ThingName] = [thing for thing in THINGS if motion != "spin" or thing not in ROUND]
    room_x, room_y = max(1.0, aspect), max(1.0, 1 / aspect)
    camera = CAMERAS[rng.choice(len(CAMERAS), p=_CAMERA_SHARE)]
    spread = 0.25 if anywhere else 0.06
    size = SIZES[rng.choice(3, p=_SIZE_SHARE)]
    thing = Thing(
        name=things[rng.integers(len(things))],
        colour=colours[rng.integers(len(colours))],
        size=size if size != "big" or camera != "zoom in" else "medium",
        x=float(rng.uniform(-1, 1) * spread * room_x),
        y=float(rng.uniform(-1, 1) * spread * room_y),
        phase=float(rng.uniform(-0.5, 0.5) if anywhere else rng.uniform(-0.03, 0.03)) % 1,
    )
    return Scene(
        thing=thing,
        companion=_sample_companion(rng, thing, motion, background),
        motion=motion,
        speed=SPEEDS[rng.choice(3, p=(0.15, 0.7, 0.15))],
        background=background,
        camera=camera,
        style=_sample_style(rng, thing),
        variant=int(rng.integers(VARIANTS)),
        loop=loop,
    )


def _sample_style(rng: np.random.Generator, thing: Thing) -> StyleName:
    """A style that can be told: a ring's outline is a ring, a small thing has few pixels."""
    style = STYLES[rng.choice(3, p=_STYLE_SHARE)]
    return "flat" if thing.size == "small" or thing.name == "ring" else style


def _sample_companion(
    rng: np.random.Generator, thing: Thing, motion: MotionName, background: BackgroundName
) -> Thing | None:
    """Perhaps a companion in the corner that the thing does not come to."""
    if motion in _ALONE or thing.size != "medium" or rng.uniform() >= _COMPANION_SHARE:
        return None
    colours: list[ColourName] = [
        colour
        for colour in COLOURS
        if is_visible(colour, background)
        and math.dist(COLOUR_RGB[colour], COLOUR_RGB[thing.colour]) > _COMPANION_DISTANCE
    ]
    companion = Thing(
        name=THINGS[rng.integers(len(THINGS))],
        colour=colours[rng.integers(len(colours))],
        size="small",
        x=math.copysign(float(rng.uniform(0.70, 0.72)), -thing.x),
        y=math.copysign(float(rng.uniform(0.70, 0.72)), -thing.y),
    )
    # A sun's disc without its rays is smaller than a companion, which would pass for the thing.
    return None if thing.name == "sun" else companion


def sample_picture_scene(rng: np.random.Generator, *, loop: bool = False) -> Scene:
    """Draw a scene without a thing: the camera over a random picture."""
    return Scene(
        thing=None,
        camera=CAMERAS[rng.choice(len(CAMERAS))],
        picture=int(rng.integers(2**31)),
        loop=loop,
    )


VARIANTS = 4
"""How many versions of each background there are (other stars, hills, houses)."""

_MOTION_SHARE = (0.12, 0.12, 0.12, 0.12, 0.06, 0.08, 0.08, 0.08, 0.08, 0.07, 0.07)
_BACKGROUND_SHARE = (0.28, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09)
_CAMERA_SHARE = (0.72, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04)
_SIZE_SHARE = (0.12, 0.72, 0.16)
_STYLE_SHARE = (0.84, 0.08, 0.08)
_COMPANION_SHARE = 0.15
_COMPANION_DISTANCE = 130.0
"""How far in RGB the colours of two things are apart at least."""
_ALONE: frozenset[MotionName] = frozenset({"circle", "grow", "shrink"})
"""Motions without a companion: in its way, or in the end smaller than it."""
