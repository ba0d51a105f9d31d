"""A clip made larger by a model, at its own frame rate; its sound stays."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from generation import decoding
from generation.models.adapter import Image
from generation.request import UPSCALE_FACTOR
from generation.studio import Finish, Made, Studio, relabelled, source_of
from generation.windows import Joint, windows
from generation.workprint import Workprint


def upscale(studio: Studio) -> Finish:
    """Each side times UPSCALE_FACTOR. A clip longer than the model's longest shot is enlarged part
    by part; where the model looks at neighbouring frames, parts overlap and are blended."""
    card = studio.card
    source, media = source_of(studio.execution)
    total = sum(1 for _ in decoding.pictures(media))
    sees_neighbours = card.frame_multiple > 1
    overlap = card.frame_multiple + 1 if sees_neighbours else 0
    plan = windows(card, total, overlap=overlap)
    given = _endless(media)
    before: deque[Image] = deque(maxlen=plan.overlap)
    joint = Joint(plan.overlap)
    workprint = Workprint()
    for number in range(1, plan.count + 1):
        shown = [*before, *islice(given, plan.frames - len(before))]
        before.extend(shown)
        shot = replace(
            studio.shot(seconds=0),
            frames=plan.frames,
            source_video=np.stack(shown),
            enlarges=True,
        )
        made = studio.film(shot, number=number, count=plan.count).frames
        left = total - len(workprint)
        for picture in islice(joint.joined(made, last=number == plan.count), left):
            workprint.add(picture)
    how = "from the frames around each" if sees_neighbours else "picture by picture"
    note = f"Enlarged from {source.width} × {source.height} by {card.title}, {how}."

    def finish() -> Made:
        encoded = studio.encode_pictures(
            workprint.pictures,
            count=total,
            fps=source.fps,
            sound=decoding.sound(media),
            label=relabelled(media, studio.label()),
        )
        return Made(media=encoded, width=source.width * UPSCALE_FACTOR, notes=(note,))

    return finish


def _endless(media: bytes) -> Iterator[Image]:
    """The clip's pictures; then the last one for ever."""
    picture: Image | None = None
    for picture in decoding.pictures(media):
        yield picture
    assert picture is not None  # a clip has frames
    while True:
        yield picture
