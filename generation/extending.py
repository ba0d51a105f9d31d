"""A clip that goes on: its last frames are a model's first, and what follows is joined to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from generation import decoding
from generation.encoding import encode_pictures
from generation.models.adapter import Frames, Image
from generation.models.card import Task
from generation.request import SourceClip
from generation.studio import Finish, Made, Studio, fitted, source_of


def extend(studio: Studio) -> Finish:
    """The source, then `seconds` more, at the source's size and frame rate.

    Where its proportions are not the model's, both parts are cut to the model's.
    """
    card, request = studio.card, studio.request
    source, media = source_of(studio.execution)
    # 1. What the model goes on from: some frames where it takes them, else the last one.
    overlap = card.frame_multiple + 1 if Task.EXTEND in card.tasks else 1
    tail = _last_frames(media, source, overlap, card.fps)
    begun = np.stack([fitted(frame, studio.width, studio.height) for frame in tail])
    # 2. The new frames, the given ones shown again before them.
    kept = card.frames_kept(request.seconds)
    shot = replace(
        studio.shot(seconds=request.seconds),
        frames=card.frames_generated((overlap + kept) / card.fps),
    )
    shot = replace(shot, beginning=begun) if overlap > 1 else replace(shot, first_image=begun[0])
    added = studio.film(shot).frames[overlap : overlap + kept]
    # 3. Both parts in one file.
    return lambda: _join(studio, added, overlap)


def _join(studio: Studio, added: Frames, overlap: int) -> Made:
    """The given clip and what was `added`, shown at the given one's frame rate."""
    card, request = studio.card, studio.request
    source, media = source_of(studio.execution)
    width, height = _joined_size(source, studio.width / studio.height)
    before = sum(1 for _ in decoding.pictures(media))
    after = round(request.seconds * source.fps)

    def pictures() -> Iterator[Image]:
        for picture in decoding.pictures(media):
            yield fitted(picture, width, height)
        for index in range(after):
            shown = min(int(index * card.fps / source.fps), len(added) - 1)
            yield fitted(added[shown], width, height)

    heard = decoding.sound(media)
    joined = encode_pictures(
        pictures,
        count=before + after,
        fps=source.fps,
        max_bytes=studio.execution.max_bytes,
        label=studio.label(),
        audio=None if heard is None else heard.lasting((before + after) / source.fps),
        on_picture=studio.on_picture(before + after),
    )
    notes = (_note(before / source.fps, overlap),)
    if (width, height) != (source.width, source.height):
        notes += (f"The clip was cut to {width} × {height}, the model's proportions.",)
    return Made(media=joined, width=width, notes=notes)


def _note(seconds: float, overlap: int) -> str:
    given = f"its last {overlap} frames" if overlap > 1 else "its last frame"
    return f"The first {seconds:.2f} s are the given clip; the model went on from {given}."


def _last_frames(media: bytes, source: SourceClip, count: int, fps: int) -> Frames:
    """The last `count` moments that are 1 / `fps` s apart; a short clip's first frame repeats."""
    step = source.fps / fps
    frames = deque(decoding.pictures(media), maxlen=round((count - 1) * step) + 1)
    last = len(frames) - 1
    return np.stack([frames[max(0, round(last - step * back))] for back in reversed(range(count))])


def _joined_size(source: SourceClip, proportions: float) -> tuple[int, int]:
    """The largest even size with these proportions (width to height) within the source."""
    width = min(source.width, round(source.height * proportions))
    height = min(source.height, round(source.width / proportions))
    return max(2, width - width % 2), max(2, height - height % 2)
