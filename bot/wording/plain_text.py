"""A text as a reader sees it, without its disguises."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import regex

TABLE = Path(__file__).parent / "confusables.txt"

_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}--\s]", regex.V1)
_LATIN_ACCENT = regex.compile(r"(?<=[a-zA-Z])\p{Mn}+")
_SPELT_OUT = regex.compile(
    r"(?<![\w@$])[\w@$](?P<gap>[\s.\-*/,·]+)[\w@$](?:(?P=gap)[\w@$])+(?![\w@$])"
)
_WORDS_OF_ONE_LETTER = ("a", "i")


def plain(text: str) -> str:
    """Compatibility forms folded (NFKD), look-alikes as Latin letters, no accents on these, nothing
    invisible, in lower case; underscores count as spaces."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKD", text)).translate(_look_alikes())
    text = unicodedata.normalize("NFKD", text.casefold().translate(_look_alikes()))
    return unicodedata.normalize("NFC", _LATIN_ACCENT.sub("", text)).replace("_", " ")


def spelt_out(text: str) -> str:
    """The words of a plain text that are written letter by letter ("b a d", "b.a.d"), joined; also
    without a first letter that may be a word of its own."""
    words: list[str] = []
    for found in _SPELT_OUT.finditer(text):
        word = regex.sub(r"[^\w@$]", "", found.group())
        words.append(word)
        if word.startswith(_WORDS_OF_ONE_LETTER):
            words.append(word[1:])
    return " . ".join(words)


@cache
def _look_alikes() -> dict[int, str]:
    """Code points to the Latin letters that they look like. Raises OSError without the table."""
    table: dict[int, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            letter, *points = line.split()
            table.update((int(point, 16), letter) for point in points)
    return table
