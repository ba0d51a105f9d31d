"""A clip made anew by other words: what moves where is kept, the more the lower the strength."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generation import decoding
from generation.models.adapter import Frames, Image
from generation.request import SourceClip
from generation.studio import Finish, Made, Studio, fitted, source_of

SAME_PROPORTIONS = 0.02
"""Less than this share is cut off without a word."""


def restyle(studio: Studio) -> Finish:
    """The source's first `seconds` by the prompt, in the model's size and frame rate.

    The source's sound stays; one that the model makes is dropped for it.
    """
    card, request = studio.card, studio.request
    source, media = source_of(studio.execution)
    assert request.strength is not None  # a request to restyle has it, by construction
    shot = studio.shot(seconds=request.seconds)
    given = _moments(media, source, shot.frames, card.fps, studio.width, studio.height)
    shot = replace(shot, source_video=given, strength=request.strength)
    made = studio.film(shot).frames[: card.frames_kept(request.seconds)]

    def finish() -> Made:
        encoded = studio.encode(made, card.fps, decoding.sound(media))
        return Made(media=encoded, width=studio.display_width, notes=_notes(studio, source))

    return finish


def _moments(
    media: bytes, source: SourceClip, count: int, fps: int, width: int, height: int
) -> Frames:
    """`count` pictures 1 / `fps` s apart, at this size; a clip's last one stays until the end."""
    wanted = [round(index * source.fps / fps) for index in range(count)]
    chosen: list[Image] = []
    for index, picture in enumerate(decoding.pictures(media)):
        times = wanted.count(index)
        if times:
            chosen += [fitted(picture, width, height)] * times
        if len(chosen) == count:
            break
    chosen += [chosen[-1]] * (count - len(chosen))
    return np.stack(chosen)


def _notes(studio: Studio, source: SourceClip) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if studio.card.fps != source.fps:
        notes += (f"{source.fps:g} frames a second became the model's {studio.card.fps}.",)
    proportions = source.width / source.height * studio.height / studio.width
    if abs(proportions - 1) > SAME_PROPORTIONS:
        notes += (f"The clip was cut to the model's proportions, {studio.request.aspect}.",)
    return notes
