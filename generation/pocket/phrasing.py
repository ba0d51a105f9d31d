"""How a request's options become words of the pocket model's prompt. Free of torch.

The model reads everything from its prompt: the adapter calls `phrase` once and passes what it
returns. The words are those of `wording`, so the model was trained on them.
"""

import re
from dataclasses import dataclass

from generation.pocket.wording import (
    CAMERA_PHRASES,
    MOTION_PHRASES,
    PLURALS,
    SPEED_WORDS,
    VERB_FORMS,
)
from generation.pocket.world import FRAMES_PER_SECOND, CameraName

MAX_TOKENS = 64
"""Pass this as the pipeline's `max_sequence_length`."""
DEFAULT_STEPS = 20
QUICK_STEPS = 8
DEFAULT_GUIDANCE = 4.0
FRAME_STEP = 4
"""Clips have 4n + 1 frames, at 12 frames a second."""
LONGEST_FRAMES = 49
SHORTEST_FRAMES = 13


@dataclass(frozen=True, kw_only=True)
class PictureSize:
    """Width and height in pixels, multiples of 32."""

    width: int
    height: int


SIZES: dict[str, PictureSize] = {
    "1:1": PictureSize(width=128, height=128),
    "16:9": PictureSize(width=160, height=96),
    "9:16": PictureSize(width=96, height=160),
}
"""The sizes the model was trained for, by the aspect they stand for."""

_CAMERA: dict[str, CameraName] = {
    "zoom in": "zoom in", "zoom out": "zoom out", "pan left": "pan left",
    "pan right": "pan right", "pan up": "tilt up", "pan down": "tilt down", "tilt up": "tilt up",
    "tilt down": "tilt down", "rotate": "rotate", "rotate left": "rotate",
    "rotate right": "rotate",
}  # fmt: skip
_STRENGTH = ("", "slowly", "", "fast", "quickly")
_SPEEDS = frozenset(word for words in SPEED_WORDS.values() for word in words)
_AT_REST = "standing still"


def frames_for(seconds: float) -> int:
    """The clip length 4n + 1 nearest to `seconds`; never more than half a step away in range.

    Raises ValueError when the model's clips do not reach that far.
    """
    frames = round(seconds * FRAMES_PER_SECOND / FRAME_STEP) * FRAME_STEP + 1
    if not SHORTEST_FRAMES <= frames <= LONGEST_FRAMES:
        longest = (LONGEST_FRAMES - 1) / FRAMES_PER_SECOND
        raise ValueError(f"{seconds:g} s is not within 1 to {longest:g} s")
    return frames


def camera_words(camera: str) -> str:
    """The words of a camera move ("zoom_in", "pan left"); empty for "" and "none".

    Raises ValueError for a move the model does not know.
    """
    name = camera.strip().lower().replace("_", " ").replace("-", " ")
    if name in ("", "none"):
        return ""
    if name not in _CAMERA:
        raise ValueError(f"the pocket model knows no camera move {camera!r}")
    return CAMERA_PHRASES[_CAMERA[name]][0]


def with_motion(prompt: str, strength: int) -> str:
    """The prompt with the word for a motion strength from 0 (still) to 4 (fast).

    The word follows the prompt's first verb of motion ("moving slowly right"). A prompt that
    names its own speed keeps it; 0 stills only a prompt without a motion. Raises ValueError for
    other strengths.
    """
    if not 0 <= strength < len(_STRENGTH):
        raise ValueError(f"motion strength {strength} is not within 0 to {len(_STRENGTH) - 1}")
    verb = next((m for m in _WORD.finditer(prompt) if m[0].lower() in _MOTION_VERBS), None)
    if verb is None:
        return f"{prompt}, {_AT_REST}" if strength == 0 else prompt
    named = not _SPEEDS.isdisjoint(word.lower() for word in _WORD.findall(prompt))
    if named or not _STRENGTH[strength]:
        return prompt
    return f"{prompt[: verb.end()]} {_STRENGTH[strength]}{prompt[verb.end() :]}"


def phrase(prompt: str, *, camera: str = "", motion: int = 2) -> str:
    """The prompt with the words for motion strength and camera added.

    "a red circle moving slowly right, the camera zooms in". Raises ValueError as
    `with_motion` and `camera_words` do.
    """
    text = with_motion(prompt.strip().rstrip(".,;"), motion)
    return ", ".join(part for part in (text, camera_words(camera)) if part)


_WORD = re.compile(r"[^\W\d_]+")
_MOTION_VERBS = frozenset(
    word
    for motion, phrases in MOTION_PHRASES.items()
    if motion != "still"
    for text in phrases
    for verb in text.split()
    if verb in VERB_FORMS
    for word in (verb, *VERB_FORMS[verb])
) - frozenset(PLURALS).union(PLURALS.values())
"""Verbs of motion in all forms, without "circle", which is rather the thing."""
