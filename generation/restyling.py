"""A clip made anew by other words: what moves where is kept, the more the lower the strength."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from generation import decoding
from generation.models.adapter import Image
from generation.models.card import ModelCard, Task
from generation.request import SourceClip
from generation.studio import Finish, Made, Studio, fitted, source_of
from generation.windows import Joint, Windows, windows
from generation.workprint import Workprint

SAME_PROPORTIONS = 0.02
"""Less than this share is cut off without a word."""
BLENDED_SECONDS = 0.5
"""How long two parts of a clip overlap, at least."""


def restyle(studio: Studio) -> Finish:
    """The source's first `seconds` by the prompt, in the model's size and frame rate.

    What is longer than the model's longest shot is made in parts. Each begins with the end of the
    one before as that was made, which a model that can extend clips is also given to go on from;
    and where they overlap they are blended. The source's sound stays; one that the model makes is
    dropped for it.
    """
    card, request = studio.card, studio.request
    source, media = source_of(studio.execution)
    assert request.strength is not None  # a request to restyle has it, by construction
    total = card.frames_kept(request.seconds)
    plan = windows(card, total, overlap=_overlap(card))
    given = _moments(media, source, card.fps, studio.width, studio.height)
    joint = Joint(plan.overlap)
    shot = replace(studio.shot(seconds=0), frames=plan.frames, strength=request.strength)
    workprint = Workprint()
    for number in range(1, plan.count + 1):
        before = () if joint.tail is None else tuple(joint.tail)
        shown = np.stack([*before, *islice(given, plan.frames - len(before))])
        goes_on = joint.tail if Task.EXTEND in card.tasks else None
        part = replace(shot, source_video=shown, beginning=goes_on)
        made = studio.film(part, number=number, count=plan.count).frames
        left = total - len(workprint)
        for picture in islice(joint.joined(made, last=number == plan.count), left):
            workprint.add(picture)

    def finish() -> Made:
        encoded = studio.encode_pictures(
            workprint.pictures,
            count=total,
            fps=card.fps,
            sound=decoding.sound(media),
            scale=card.display_scale,
        )
        return Made(media=encoded, width=studio.display_width, notes=_notes(studio, source, plan))

    return finish


def _overlap(card: ModelCard) -> int:
    """In frames; as many as the frame rule lets a model go on from."""
    steps = math.ceil(BLENDED_SECONDS * card.fps / card.frame_multiple)
    return steps * card.frame_multiple + 1


def _moments(
    media: bytes, source: SourceClip, fps: int, width: int, height: int
) -> Iterator[Image]:
    """Its pictures 1 / `fps` s apart, at this size; after the last one that one for ever."""
    shown: Image | None = None
    count = 0
    for index, picture in enumerate(decoding.pictures(media)):
        fresh: Image | None = None
        while round(count * source.fps / fps) == index:
            shown = fresh = fitted(picture, width, height) if fresh is None else fresh
            yield shown
            count += 1
    assert shown is not None  # a clip has frames
    while True:
        yield shown


def _notes(studio: Studio, source: SourceClip, plan: Windows) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if studio.card.fps != source.fps:
        notes += (f"{source.fps:g} frames a second became the model's {studio.card.fps}.",)
    proportions = source.width / source.height * studio.height / studio.width
    if abs(proportions - 1) > SAME_PROPORTIONS:
        notes += (f"The clip was cut to the model's proportions, {studio.request.aspect}.",)
    if plan.count > 1:
        blended = plan.overlap / studio.card.fps
        notes += (
            f"Made in {plan.count} parts, each from the end of the one before, blended over "
            f"{blended:.2g} s.",
        )
    return notes
