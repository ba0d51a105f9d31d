# sentencex is a compiled module without type stubs.
# pyright: reportAttributeAccessIssue=false, reportUnknownVariableType=false
"""A story to scenes: a scene is a sentence, or several where they are short or too many.

Light enough for the bot process, which prices a story by its scenes. Sentences are found by
sentencex (Wikimedia's segmenter), which knows abbreviations, quotes and the punctuation of many
languages. No word is lost, added or moved: the words of the scenes are the words of the story.
"""

from __future__ import annotations

import re
from itertools import accumulate

from sentencex import segment

SCENE_MIN_WORDS = 3
SCENE_MAX_WORDS = 40
_CLAUSE = re.compile(r".+?(?:[,;:،؛]\s+|[、，；：]|\s(?=[—–])|[—–]\s+|$)")
_WORDS = re.compile(rf"(?:\S+\s*){{1,{SCENE_MAX_WORDS}}}")
_SPOKEN = re.compile(r"\w")


def split_scenes(story: str, *, max_scenes: int) -> tuple[str, ...]:
    """The scenes in order, at most `max_scenes`; none for a story without a letter or digit.

    Sentences of fewer than SCENE_MIN_WORDS words join the next; one of more than SCENE_MAX_WORDS
    is split where a clause ends; too many scenes are merged into groups of about equal length.
    Raises ValueError where `max_scenes` is below 1.
    """
    if max_scenes < 1:
        raise ValueError(f"max_scenes must be at least 1, not {max_scenes}")
    if not _SPOKEN.search(story):
        return ()
    pieces = [part for sentence in _sentences(story) for part in _split_long(sentence)]
    return tuple(scene.strip() for scene in _merge_evenly(_merge_short(pieces), max_scenes))


def _sentences(story: str) -> list[str]:
    """Each with the space that follows it, so that joining needs no guess: some scripts have none.

    A line break ends a sentence: in verses and lists nothing else does.
    """
    lines = (" ".join(line.split()) for line in story.splitlines())
    return [part for line in lines if line for part in segment("en", f"{line} ")]


def _split_long(sentence: str) -> list[str]:
    """Cuts at clause ends, then wherever there is no other way, into pieces that are not long."""
    if _words(sentence) <= SCENE_MAX_WORDS:
        return [sentence]
    pieces: list[str] = []
    for clause in _CLAUSE.findall(sentence):
        if pieces and _words(pieces[-1]) + _words(clause) <= SCENE_MAX_WORDS:
            pieces[-1] += clause
        else:
            pieces.extend(_WORDS.findall(clause))
    return pieces


def _merge_short(pieces: list[str]) -> list[str]:
    """Joins a piece of few words with the next one; at the end, with the one before."""
    merged: list[str] = []
    pending = ""
    for piece in pieces:
        pending += piece
        if not _is_short(pending):
            merged.append(pending)
            pending = ""
    if pending and merged:
        merged[-1] += pending
    elif pending:
        merged.append(pending)
    return merged


def _words(text: str) -> int:
    return len(text.split())


def _is_short(text: str) -> bool:
    """By words with a letter in them; by letters where a script puts no spaces between words."""
    words = sum(1 for word in text.split() if _SPOKEN.search(word))
    return words < SCENE_MIN_WORDS and len(_SPOKEN.findall(text)) < SCENE_MIN_WORDS * 4


def _merge_evenly(pieces: list[str], max_scenes: int) -> list[str]:
    """Groups neighbours so that each scene has about the same share of the characters."""
    if len(pieces) <= max_scenes:
        return pieces
    ends = list(accumulate(len(piece) for piece in pieces))
    groups: list[str] = [""] * max_scenes
    for piece, end in zip(pieces, ends, strict=True):
        middle = end - len(piece) / 2
        groups[min(max_scenes - 1, int(middle / ends[-1] * max_scenes))] += piece
    return [group for group in groups if group]
