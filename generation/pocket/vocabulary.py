"""The words the pocket model knows. Free of torch, so that the bot can ask.

`vocabulary.txt` holds one word a line: first the words the model was trained on, which are the
tokens of its tokenizer in their order, then, after an empty line, words that a prompt may hold
and that mean nothing to it ("please", "video", "very").
"""

import re
from functools import cache
from pathlib import Path

from generation.pocket.wording import COLOUR_WORDS, MOTION_PHRASES, THING_WORDS
from generation.pocket.world import BACKGROUNDS, CAMERAS, COLOURS, MOTIONS, THINGS

_FILE = Path(__file__).with_name("vocabulary.txt")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@cache
def _lists() -> tuple[tuple[str, ...], frozenset[str]]:
    trained, _, ignored = _FILE.read_text(encoding="utf-8").strip().partition("\n\n")
    return tuple(trained.split()), frozenset(ignored.split())


def trained_words() -> tuple[str, ...]:
    """The words that have a token of their own, in the order of their tokens."""
    return _lists()[0]


def unknown_words(prompt: str) -> tuple[str, ...]:
    """The prompt's words that mean nothing to the model, lower case, each once, in order.

    Punctuation and harmless small words do not count. Inflections of known words are known.
    """
    trained, ignored = _lists()
    known = ignored.union(trained)
    words = dict.fromkeys(word.lower().replace("’", "'") for word in _WORD.findall(prompt))
    return tuple(word for word in words if not _is_known(word, known))


def _is_known(word: str, known: frozenset[str]) -> bool:
    stem = word.removesuffix("'s")
    forms = {stem, stem.removesuffix("s"), stem.removesuffix("es"), stem.replace("colour", "color")}
    return not known.isdisjoint(forms)


def thing_names() -> tuple[str, ...]:
    """What can be in a clip, for help texts."""
    return THINGS


def colour_names() -> tuple[str, ...]:
    """The colours a thing can have, for help texts."""
    return COLOURS


def motion_examples() -> tuple[str, ...]:
    """One plain wording of each motion: "moving right", "growing"."""
    return tuple(
        " ".join(next(phrase for phrase in MOTION_PHRASES[motion] if phrase).format("").split())
        for motion in MOTIONS
    )


def background_names() -> tuple[str, ...]:
    """The backgrounds, for help texts."""
    return BACKGROUNDS


def camera_names() -> tuple[str, ...]:
    """The camera's moves, for help texts."""
    return tuple(camera for camera in CAMERAS if camera != "none")


def synonyms() -> dict[str, tuple[str, ...]]:
    """Other words for things and colours: {"circle": ("ball", "disc", "dot"), ...}."""
    pairs = [*THING_WORDS.items(), *COLOUR_WORDS.items()]
    return {name: tuple(dict.fromkeys(w for w in words if w != name)) for name, words in pairs}
