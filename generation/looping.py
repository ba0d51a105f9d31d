"""Clips whose end meets their start, by the best method that the model has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generation.clip import LoopMethod
from generation.loop_seam import seam
from generation.models.adapter import Frames
from generation.models.card import Task
from generation.studio import Finish, Made, Studio


def loop(studio: Studio) -> Finish:
    """Between twice the same picture, else of latents that go round, else blended."""
    if Task.FIRST_LAST in studio.card.tasks:
        return _between_pictures(studio)
    if studio.model.goes_round and studio.request.image_sha256 is None:
        return _going_round(studio)
    return _blending(studio)


def _between_pictures(studio: Studio) -> Finish:
    """A shot between twice the same picture, whose second showing is dropped.

    Without an upload the picture is made first, as a shot of one frame. All frames that the
    model's frame rule gives are kept, for to leave some out would open the loop; they are played
    a little faster instead, so that the length is the asked one.
    """
    seconds, card = studio.request.seconds, studio.card
    key = studio.picture()
    count = 1 if key is not None else 2
    if key is None:
        key = studio.film(replace(studio.shot(seconds=seconds), frames=1), count=count).frames[0]
    frames = card.frames_generated((card.frames_kept(seconds) + 1) / card.fps)
    shot = replace(studio.shot(seconds=seconds), frames=frames, first_image=key, last_image=key)
    circle = studio.film(shot, number=count, count=count).frames[:-1]
    return lambda: _closed(studio, circle, LoopMethod.SAME_PICTURE)


def _going_round(studio: Studio) -> Finish:
    """A shot of latents that are shifted in time; all its frames are kept, as above."""
    shot = replace(studio.shot(seconds=studio.request.seconds), goes_round=True)
    circle = studio.film(shot).frames
    return lambda: _closed(studio, circle, LoopMethod.LATENT_ROLL)


def _blending(studio: Studio) -> Finish:
    """A shot a third longer than the loop, whose end then fades into its start."""
    shot = replace(
        studio.shot(seconds=studio.request.seconds * 4 / 3), first_image=studio.picture()
    )
    frames = studio.film(shot).frames
    return lambda: _encoded(studio, blended_loop(frames), (LoopMethod.CROSSFADE,))


def _closed(studio: Studio, circle: Frames, method: LoopMethod) -> Made:
    """The circle as it is, or blended where its seam would show."""
    found = seam(circle)
    if found.is_seamless or found.is_static:
        return _encoded(studio, circle, (method,))
    return _encoded(studio, blended_loop(circle), (method, LoopMethod.CROSSFADE))


def _encoded(studio: Studio, circle: Frames, methods: tuple[LoopMethod, ...]) -> Made:
    kept = studio.card.frames_kept(studio.request.seconds)
    media = studio.encode(circle, len(circle) / (kept / studio.card.fps))
    return Made(media=media, width=studio.display_width, seam=seam(circle), loop_methods=methods)


def blended_loop(frames: Frames) -> Frames:
    """Closes a loop that a model left open: its last quarter fades into its first.

    The first frame then follows on the last; the loop is a quarter shorter.
    """
    count = len(frames) // 4
    share = (np.arange(count) / count)[:, None, None, None]
    blend = frames[-count:] * (1 - share) + frames[:count] * share
    return np.concatenate([np.rint(blend).astype(np.uint8), frames[count:-count]])
