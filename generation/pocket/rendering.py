"""Scenes to pixels, many at once: textures and distance fields sampled along camera and paths.

Camera and thing are affine maps of the picture's places, one 2 x 3 matrix a frame.
"""

# torch.from_numpy and broadcast_tensors are partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import dataclasses
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from generation.pocket import backgrounds, shapes
from generation.pocket.motion import Path, View, camera_view, thing_path
from generation.pocket.world import (
    BACKGROUNDS,
    COLOUR_RGB,
    THINGS,
    VARIANTS,
    Scene,
    StyleName,
    Thing,
)

Maps = NDArray[np.float64]
"""Affine maps: (frames, 2, 3)."""

PIXEL_ART_BLOCK = 4
"""Width and height in pixels of the blocks in the style "pixel art"."""
OUTLINE_WIDTH = 0.10
"""In units of the thing's radius."""
_FAR = 0.5
"""Distance outside a thing, in its radii, beyond which distances are not told apart."""


def render(scenes: Sequence[Scene], *, frames: int, height: int, width: int) -> Tensor:
    """Draw clips of one length and size.

    Returns float32 of shape (scenes, 3, frames, height, width), colours 0 to 1.
    """
    pixels = _pixel_places(height, width)
    clips = torch.empty(len(scenes), 3, frames, height, width)
    for clip, scene in zip(clips, scenes, strict=True):
        view = camera_view(scene, frames=frames)
        world = view_maps(view)
        drawn = frames if scene.camera != "none" else 1
        picture = _sample(_texture_of(scene), world[:drawn] / backgrounds.EXTENT, pixels)
        clip[:] = picture
        resting = dataclasses.replace(scene, motion="still")
        for thing, course in ((scene.companion, resting), (scene.thing, scene)):
            if thing is None:
                continue
            path = thing_path(course, thing, frames=frames, aspect=width / height)
            cover = _cover(thing, scene.style, path, view, world, pixels)
            ink = torch.tensor(COLOUR_RGB[thing.colour]).view(3, 1, 1, 1) / 255
            clip.addcmul_(cover, ink - clip)
        if scene.style == "pixel art":
            clip[:] = _pixel_art(clip)
    return clips


def _pixel_places(height: int, width: int) -> Tensor:
    """The pixels' middles under a camera at rest: (height, width, 3) as x, y, 1."""
    unit = 2 / min(height, width)
    y = (torch.arange(height) + 0.5 - height / 2) * unit
    x = (torch.arange(width) + 0.5 - width / 2) * unit
    return torch.stack(torch.broadcast_tensors(x[None, :], y[:, None], torch.ones(1, 1)), dim=-1)


def view_maps(view: View) -> Maps:
    """From the picture to the world places it shows."""
    cos, sin = np.cos(view.turn) / view.zoom, np.sin(view.turn) / view.zoom
    return _stacked([[cos, -sin, view.x], [sin, cos, view.y]])


def _field_maps(path: Path, world: Maps) -> Maps:
    """From the picture to the places in the thing's distance field, which reaches from -1 to 1."""
    scale = 1 / (path.radius * shapes.FIELD_EXTENT)
    cos, sin = np.cos(path.turn) * scale, np.sin(path.turn) * scale
    turned = _stacked([[cos, sin], [-sin, cos]])
    shifted = world.copy()
    shifted[:, 0, 2] -= path.x
    shifted[:, 1, 2] -= path.y
    return turned @ shifted


def _stacked(rows: list[list[NDArray[np.float64]]]) -> Maps:
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _sample(texture: Tensor, maps: Maps, pixels: Tensor, *, padding: str = "border") -> Tensor:
    """Look a (channels, rows, columns) texture up: (channels, frames, height, width)."""
    height, width, _ = pixels.shape
    matrices = torch.from_numpy(maps).float().transpose(1, 2)
    places = (pixels.view(1, -1, 3) @ matrices).view(1, -1, width, 2)
    found = functional.grid_sample(texture[None], places, padding_mode=padding, align_corners=False)
    return found.view(len(texture), len(maps), height, width)


@cache
def _textures() -> Tensor:
    return torch.from_numpy(backgrounds.background_textures())


@cache
def _fields() -> Tensor:
    """Distance fields shifted by `_FAR`, so that the zero around a field means far away."""
    return (torch.from_numpy(shapes.distance_fields()) + _FAR).clamp(min=0)[:, None]


def _texture_of(scene: Scene) -> Tensor:
    if scene.picture is not None:
        return torch.from_numpy(backgrounds.random_picture(scene.picture))
    row = BACKGROUNDS.index(scene.background) * VARIANTS + scene.variant % VARIANTS
    return _textures()[row]


def _cover(
    thing: Thing, style: StyleName, path: Path, view: View, world: Maps, pixels: Tensor
) -> Tensor:
    """How much of each pixel the thing covers, 0 to 1: (1, frames, height, width)."""
    field = _fields()[THINGS.index(thing.name)]
    distance = _sample(field, _field_maps(path, world), pixels, padding="zeros").sub_(_FAR)
    if style == "outline":
        distance = OUTLINE_WIDTH - (distance - OUTLINE_WIDTH).abs()
    pixels_per_radius = path.radius * view.zoom * min(pixels.shape[:2]) / 2
    steepness = torch.from_numpy(pixels_per_radius).float().view(1, -1, 1, 1)
    return distance.mul_(steepness).add_(0.5).clamp_(0, 1)


def _pixel_art(clip: Tensor) -> Tensor:
    """Average a (3, frames, height, width) clip over square blocks."""
    _, _, height, width = clip.shape
    small = functional.avg_pool2d(clip, PIXEL_ART_BLOCK, ceil_mode=True)
    large = small.repeat_interleave(PIXEL_ART_BLOCK, dim=2)
    return large.repeat_interleave(PIXEL_ART_BLOCK, dim=3)[:, :, :height, :width]
