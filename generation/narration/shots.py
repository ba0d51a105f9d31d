"""A scene's moving picture, made of as many shots as its speech is long."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from generation.models.adapter import Frames, Image


@dataclass(frozen=True, kw_only=True)
class SceneShot:
    """One shot to make: `number` (from 1) of the `count` of the whole film.

    A scene longer than the longest shot goes on from the last frame of the shot before, which is
    then `first_image`; None for the first shot of a scene.
    """

    prompt: str
    seconds: float
    first_image: Image | None
    number: int
    count: int


MakeScene = Callable[[SceneShot], Frames]
"""Gives frames for the shot's seconds. More are cut off; fewer are played to and fro."""


def shot_frames(frames: int, *, shot_frames_max: int) -> tuple[int, ...]:
    """Lengths, as equal as can be, of shots that give a scene of this many frames.

    The first frame of a following shot is the last of the one before and not shown twice, so
    n shots of together f frames give f - (n - 1). Raises ValueError below 2 frames a shot.
    """
    if shot_frames_max < 2:
        raise ValueError("a shot needs at least 2 frames")
    shots = max(1, math.ceil((frames - 1) / (shot_frames_max - 1)))
    total = frames + shots - 1
    return tuple(total // shots + (1 if number < total % shots else 0) for number in range(shots))


def film_scene(
    prompt: str,
    lengths: tuple[int, ...],
    *,
    fps: int,
    size: tuple[int, int],
    numbers: Iterator[int],
    count: int,
    make_scene: MakeScene,
) -> Frames:
    """The frames of one scene; `size` is (width, height), `numbers` counts the film's shots."""
    parts: list[Frames] = []
    for length in lengths:
        shot = SceneShot(
            prompt=prompt,
            seconds=length / fps,
            first_image=parts[-1][-1] if parts else None,
            number=next(numbers),
            count=count,
        )
        made = make_scene(shot)
        if len(made) < 1 or made.shape[1:] != (size[1], size[0], 3):
            raise ValueError(f"a shot of {size[0]} x {size[1]} pixels has the shape {made.shape}")
        made = to_and_fro(made, length)
        parts.append(made[1:] if parts else made)
    return np.concatenate(parts)


def to_and_fro(frames: Frames, count: int) -> Frames:
    """Exactly `count` frames: the first ones, or played forth and back until there are enough."""
    if len(frames) >= count:
        return frames[:count]
    cycle = np.concatenate([frames, frames[-2:0:-1]])
    return cycle[np.arange(count) % len(cycle)]
