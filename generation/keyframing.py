"""A clip that shows given pictures at given times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from generation.models.adapter import Footage, Image, Shot
from generation.models.card import Task
from generation.studio import Finish, Made, Studio, mono


def show_keyframes(studio: Studio) -> Finish:
    """One shot where the model can place pictures anywhere, else a shot between each two of them.

    All frames that the frame rule gives are kept and played a little faster, so that the length is
    the asked one and a picture at the end is the end.
    """
    card, request = studio.card, studio.request
    shown = {
        index: studio.given_picture(keyframe.sha256)
        for index, keyframe in zip(card.keyframe_indices(request), request.keyframes, strict=True)
    }
    shot = studio.shot(seconds=request.seconds)
    notes = _moved(studio, last=shot.frames - 1)
    if Task.KEYFRAMES in card.tasks:
        footage = studio.film(replace(shot, keyframes=shown))
    else:
        shots = _from_picture_to_picture(shot, shown)
        footage = _joined(studio, shots)
        if len(shots) > 1:
            notes += (f"Made in {len(shots)} shots, from picture to picture.",)
    fps = card.fps * len(footage.frames) / card.frames_kept(request.seconds)
    sound = None if footage.sound is None else mono(footage.sound)

    def finish() -> Made:
        media = studio.encode(footage.frames, fps, sound)
        return Made(media=media, width=studio.display_width, notes=notes)

    return finish


def _from_picture_to_picture(shot: Shot, shown: Mapping[int, Image]) -> tuple[Shot, ...]:
    """Each begins with the last frame of the one before; the first picture is the first frame.
    After the last picture one goes on from it."""
    edges = sorted({*shown, shot.frames - 1})
    return tuple(
        replace(shot, frames=end - begin + 1, first_image=shown[begin], last_image=shown.get(end))
        for begin, end in pairwise(edges)
    )


def _joined(studio: Studio, shots: tuple[Shot, ...]) -> Footage:
    """The shots one after another; a single one keeps the sound that the model made.

    Of the frame that two of them share the later one's is shown: models keep closer to the picture
    that they begin with than to the one that they end with.
    """
    parts = [
        studio.film(shot, number=number, count=len(shots)) for number, shot in enumerate(shots, 1)
    ]
    frames = [*(part.frames[:-1] for part in parts[:-1]), parts[-1].frames]
    sound = parts[0].sound if len(parts) == 1 else None
    return Footage(frames=np.concatenate(frames), sound=sound)


def _moved(studio: Studio, *, last: int) -> tuple[str, ...]:
    """What the frame rule changed about the asked times by more than a frame."""
    card, request = studio.card, studio.request
    seconds = [index / last * request.seconds for index in card.keyframe_indices(request)]
    moved = [
        f"picture {number} is shown at {at:.2f} s, not {asked.seconds:g} s"
        for number, (at, asked) in enumerate(zip(seconds, request.keyframes, strict=True), 1)
        if abs(at - asked.seconds) > 1 / card.fps
    ]
    if not moved:
        return ()
    listed = "; ".join(moved)
    step = card.frame_multiple / card.fps
    return (f"{listed.capitalize()}: this model places pictures every {step:.2f} s.",)
