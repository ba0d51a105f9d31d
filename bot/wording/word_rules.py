"""Whether a text breaks a moderators' rule: whole words, in whatever disguise.

A rule is some words as one types them; `*` stands for any letters within a word. It is found as
whole words only, "ass" never in "class", but behind look-alikes of other scripts, accents and
invisible characters (`plain_text`), digits and signs for letters ("4" for a, "$" for s), letters
drawn out three times and more, and spelling letter by letter. In scripts that put no spaces
between words it is found anywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import regex

from bot.errors import UnusableWordRule
from bot.wording.plain_text import plain, spelt_out
from storage.word_rules import WordRule

MOST_WORDS = 8
MOST_STARS = 3

_AS_LETTERS = {
    "a": "4@",
    "b": "8",
    "e": "3",
    "g": "9",
    "i": "1|",
    "l": "1|",
    "o": "0",
    "s": "5$",
    "t": "7",
    "z": "2",
}
_UNSPACED = (
    r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}"
    r"\p{Script=Khmer}\p{Script=Myanmar}"
)
_BETWEEN_WORDS = r"[^\w]+"


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """A rule that a text breaks, and the words that do, as they were read."""

    rule: WordRule
    words: str


def first_breach(text: str, rules: Iterable[WordRule]) -> Breach | None:
    """The first of the rules that the text breaks."""
    read = plain(text)
    joined = spelt_out(read)
    for rule in rules:
        pattern = _pattern(rule.words)
        for version in (read, joined):
            for found in pattern.finditer(version):
                # Digits and signs alone are no word in disguise.
                if any(character.isalpha() for character in found.group()):
                    return Breach(rule=rule, words=found.group())
    return None


def check_rule(words: str) -> None:
    """Raises UnusableWordRule where nothing, or nearly everything, would break the rule."""
    read = plain(words).split()
    if len(read) > MOST_WORDS:
        raise UnusableWordRule(f"has more than {MOST_WORDS} words")
    if words.count("*") > MOST_STARS:
        raise UnusableWordRule(f"has more than {MOST_STARS} stars")
    if not read or not all(regex.search(r"\w", word) for word in read):
        raise UnusableWordRule("needs a letter or digit in each of its words")
    if not any(character.isalpha() for character in "".join(read)):
        raise UnusableWordRule("needs a letter")
    if any("*" in word and len(regex.findall(r"\w", word)) < 3 for word in read):
        raise UnusableWordRule("needs three letters in a word with a star, or it hits too much")


@lru_cache(maxsize=4096)
def _pattern(words: str) -> regex.Pattern[str]:
    parts = [_word(word) for word in plain(words).split()]
    return regex.compile(rf"{_edge(words, 0)}{_BETWEEN_WORDS.join(parts)}{_edge(words, -1)}")


def _edge(words: str, index: int) -> str:
    """No letter before or after; none of a script that does not part its words is in the way."""
    if regex.match(rf"[{_UNSPACED}]", plain(words)[index]):
        return ""
    beside = rf"[\w\p{{M}}--{_UNSPACED}]"
    return rf"(?V1)(?<!{beside})" if index == 0 else rf"(?!{beside})"


def _word(word: str) -> str:
    return "".join(_run(letter, len(list(run))) for letter, run in itertools.groupby(word))


def _run(letter: str, count: int) -> str:
    """So many of the letter, or drawn out: three and more, since "god" is not "good"."""
    if letter == "*":
        return r"\w*"
    one = f"[{regex.escape(letter + _AS_LETTERS.get(letter, ''), special_only=True)}]"
    return rf"(?:{one}{{{count}}}|{one}{{{max(3, count + 1)},}})"
