"""Many wordings of one scene."""

import numpy as np

from generation.pocket.wording import (
    BACKGROUND_PHRASES,
    CAMERA_PHRASES,
    COLOUR_WORDS,
    COMPANY_WORDS,
    MOTION_PHRASES,
    OPENINGS,
    PLURALS,
    SIZE_WORDS,
    SPEED_WORDS,
    STYLE_PHRASES,
    THING_WORDS,
    UNKNOWN_FILLERS,
    VERB_FORMS,
)
from generation.pocket.world import Scene, Thing

ATTRIBUTES = ("thing", "colour", "size", "motion", "companion", "background", "camera", "style")
_VOWELS = "aeiou"


def caption(scene: Scene, rng: np.random.Generator, *, unsaid: frozenset[str] = frozenset()) -> str:
    """One of many wordings that name every attribute that differs from the usual.

    `unsaid` holds those of `ATTRIBUTES` to leave out; speed goes with motion.
    """
    parts: list[str] = []
    if scene.thing is not None:
        parts.append(_subject(scene.thing, rng, unsaid))
        if "motion" not in unsaid:
            parts.append(_motion(scene, rng))
        around = (
            [] if "background" in unsaid else [_pick(BACKGROUND_PHRASES[scene.background], rng)]
        )
        if scene.companion is not None and "companion" not in unsaid:
            around.insert(int(rng.integers(2)), _company(scene.companion, rng))
        parts += around
    pieces = [" ".join(part for part in parts if part)]
    if "camera" not in unsaid:
        pieces.append(_pick(CAMERA_PHRASES[scene.camera], rng))
    if "style" not in unsaid:
        pieces.append(_pick(STYLE_PHRASES[scene.style], rng))
    pieces = [piece for piece in pieces if piece]
    if len(pieces) > 1 and rng.uniform() < 0.2:
        pieces = pieces[::-1]
    return _dressed(_joined(pieces, rng), rng)


def draw_unsaid(rng: np.random.Generator, *, given_frame: bool) -> frozenset[str]:
    """Which attributes a caption leaves out.

    A clip with a given first frame need not repeat what that shows. Others are told whole,
    but a few are fragments of one attribute, as negative prompts are.
    """
    chance = rng.uniform()
    if given_frame and chance < 0.5:
        shown = ("thing", "colour", "size", "companion", "background")
        return frozenset(part for part in shown if rng.uniform() < 0.7)
    if chance > 0.96:
        said = ATTRIBUTES[int(rng.integers(len(ATTRIBUTES)))]
        return frozenset(part for part in ATTRIBUTES if part != said)
    return frozenset({"colour"}) if chance > 0.93 else frozenset()


def simple_caption(scene: Scene) -> str:
    """The plainest wording, the first of each list: "a red circle moving right"."""
    assert scene.thing is not None
    words = (
        SIZE_WORDS[scene.thing.size][0], COLOUR_WORDS[scene.thing.colour][0],
        THING_WORDS[scene.thing.name][0],
        MOTION_PHRASES[scene.motion][-1 if scene.motion == "still" else 0].format(
            SPEED_WORDS[scene.speed][0]
        ),
        BACKGROUND_PHRASES[scene.background][0],
    )  # fmt: skip
    text = _with_article(_squeezed(" ".join(words)))
    if scene.companion is not None:
        colour = COLOUR_WORDS[scene.companion.colour][0]
        noun = _with_article(f"{colour} {THING_WORDS[scene.companion.name][0]}")
        text = f"{text} {COMPANY_WORDS[0]} {noun}"
    rest = (CAMERA_PHRASES[scene.camera][0], STYLE_PHRASES[scene.style][0])
    return ", ".join(part for part in (text, *rest) if part)


def _subject(thing: Thing, rng: np.random.Generator, unsaid: frozenset[str]) -> str:
    words = ["" if "size" in unsaid else _pick(SIZE_WORDS[thing.size], rng)]
    words.append("" if "colour" in unsaid else _pick(COLOUR_WORDS[thing.colour], rng))
    if "thing" in unsaid:
        words.append(_pick(("it", "the thing", "", ""), rng))
        return " ".join(word for word in words if word)
    if rng.uniform() < 0.05:
        words.insert(0, _pick(UNKNOWN_FILLERS, rng))
    name = _pick(THING_WORDS[thing.name], rng)
    words.append(PLURALS[name] if rng.uniform() < 0.05 else name)
    noun = " ".join(word for word in words if word)
    kind = rng.uniform()
    if kind < 0.70:
        return _with_article(noun)
    return f"the {noun}" if kind < 0.80 else f"one {noun}" if kind < 0.83 else noun


def _company(companion: Thing, rng: np.random.Generator) -> str:
    """ "with a yellow moon"; its size goes without saying."""
    noun = f"{_pick(COLOUR_WORDS[companion.colour], rng)} {_pick(THING_WORDS[companion.name], rng)}"
    if rng.uniform() < 0.2:
        noun = f"{_pick(SIZE_WORDS['small'], rng)} {noun}"
    return f"{_pick(COMPANY_WORDS, rng)} {_with_article(noun)}"


def _motion(scene: Scene, rng: np.random.Generator) -> str:
    phrase = _pick(MOTION_PHRASES[scene.motion], rng)
    words = phrase.format(_pick(SPEED_WORDS[scene.speed], rng)).split()
    if rng.uniform() < 0.15:
        words = [_pick(VERB_FORMS[word], rng) if word in VERB_FORMS else word for word in words]
    return " ".join(words)


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in _VOWELS else f"a {noun}"


def _joined(pieces: list[str], rng: np.random.Generator) -> str:
    return str(rng.choice([", ", ", ", ". ", " and ", "; "])).join(pieces)


def _dressed(text: str, rng: np.random.Generator) -> str:
    """Openings, capitals and full stops, which mean nothing."""
    text = _squeezed(f"{_pick(OPENINGS, rng)} {text}")
    if rng.uniform() < 0.3:
        text = text.capitalize()
    return text + "." if rng.uniform() < 0.3 else text


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _pick(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
