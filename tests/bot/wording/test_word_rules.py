"""Rules hit whole words in any disguise, and nothing inside other words."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UnusableWordRule
from bot.wording.plain_text import TABLE, plain
from bot.wording.word_rules import check_rule, first_breach
from storage.word_rules import WordRule


def rule(words: str) -> WordRule:
    return WordRule(id="1", words=words, set_by=1, set_at=datetime(2026, 1, 1, tzinfo=UTC))


def hits(words: str, text: str) -> bool:
    return first_breach(text, [rule(words)]) is not None


@pytest.mark.parametrize(
    "text",
    [
        "ass",
        "ASS",
        "an ass!",
        "(ass)",
        "ass_hat",
        "ass-hat",
        "áss",
        "a\u0301s\u0308s",
        "аѕѕ",  # Cyrillic a and dze
        "ａｓｓ",
        "𝐚𝐬𝐬",
        "ⓐⓢⓢ",
        "a\u200bs\u200ds",
        "a\u00adss",
        "\u202eass",
        "a$$",
        "@ss",
        "4ss",
        "a5s",
        "assssss",
        "aaaass",
        "a s s",
        "a.s.s",
        "A-S-S",
        "a\ns\ns",
        "such an a s s here",
        "I a s s",
    ],
)
def test_a_word_is_found_in_every_disguise(text: str) -> None:
    assert hits("ass", text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("ass", "class"),
        ("ass", "a classic assassin passes the grass"),
        ("ass", "cl@ss"),
        ("ass", "as"),
        ("ass", "as soon"),
        ("ass", "455"),
        ("ass", "massе"),
        ("god", "good"),
        ("as", "ass"),
        ("hell", "hello shell"),
        ("fail", "fall"),
        ("hal", "ha! let us go"),
        ("bad word", "badword"),
        ("bad word", "bad good word"),
        ("is", "15"),
        ("kill*", "skills"),
        ("сын", "сынок"),
    ],
)
def test_other_words_are_let_through(words: str, text: str) -> None:
    assert not hits(words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("bad word", "a Bad,  wörd"),
        ("kill*", "Killing k1lling"),
        ("*porn", "softporn"),
        ("сын", "Сын!"),
        ("naïve", "naive"),
        ("naive", "naïve"),
        ("Straße", "STRASSE"),
        ("血", "流血场面"),
        ("がく", "かがく"),
        ("हिंसा", "यह हिंसा है"),
        ("b00bs", "b00bs"),
        ("c++ code", "C++ code"),
    ],
)
def test_rules_hit_what_they_say_in_any_script(words: str, text: str) -> None:
    check_rule(words)
    assert hits(words, text)


def test_the_rule_and_the_words_are_named() -> None:
    breach = first_breach("what a B.А.D day", [rule("good"), rule("bad")])
    assert breach is not None
    assert (breach.rule.words, breach.words) == ("bad", "bad")


@pytest.mark.parametrize(
    "words", ["", "   ", "*", "a*", "**ab", "!!!", "bad !", "12", "a b c d e f g h i"]
)
def test_a_rule_that_hits_nothing_or_everything_is_refused(words: str) -> None:
    with pytest.raises(UnusableWordRule):
        check_rule(words)


def look_alikes() -> dict[str, list[str]]:
    """Each letter with what is displayed like it."""
    table: dict[str, list[str]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            letter, *points = line.split()
            table.setdefault(letter, []).extend(chr(int(point, 16)) for point in points)
    return table


LOOK_ALIKES = look_alikes()
latin_words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12)
invisible = st.sampled_from(["", "\u200b", "\u200d", "\u00ad", "\ufeff", "\u2060", "\ufe0f"])
accents = st.sampled_from(["", "\u0301", "\u0308", "\u0336"])


@st.composite
def disguised(draw: st.DrawFn, word: str) -> str:
    """The word with letters changed for look-alikes, and marks strewn in."""
    letters = (
        draw(st.sampled_from([letter, letter.upper(), *LOOK_ALIKES.get(letter, [])]))
        + draw(accents)
        + draw(invisible)
        for letter in word
    )
    return "".join(letters)


@given(st.data())
def test_whatever_letters_are_disguised_as_the_word_is_found(data: st.DataObject) -> None:
    word = data.draw(latin_words)
    around = data.draw(st.sampled_from(["{}", "see {} here", "({})", "“{}”, he said", "{}\n"]))
    assert hits(word, around.format(data.draw(disguised(word))))


@given(latin_words, latin_words, latin_words)
def test_nothing_inside_a_longer_word_is_found(word: str, before: str, after: str) -> None:
    # A word drawn out is the same word: "aaab" is "ab", so other letters must stand beside it.
    if before[-1] != word[0] and after[0] != word[-1]:
        for text in (before + word, word + after, before + word + after):
            assert not hits(word, text) or hits(word, text.replace(word, "", 1))


@given(st.text(max_size=60))
def test_any_text_is_read_and_reading_twice_changes_nothing(text: str) -> None:
    read = plain(text)
    assert plain(read) == read
    assert not regex.search(r"[\p{Cf}_]", read)
    first_breach(text, [rule("ass"), rule("k*ll")])


@given(st.text(st.characters(categories=["L", "M", "N", "Zs"]), min_size=1, max_size=20))
def test_a_rule_hits_its_own_words(words: str) -> None:
    try:
        check_rule(words)
    except UnusableWordRule:
        return
    assert hits(words, words)
    assert hits(words, unicodedata.normalize("NFD", words))


def test_a_story_made_to_be_slow_is_not() -> None:
    """Drawn-out letters and stars against long runs of the same: no explosion, so in well under
    the minute that an exponential search would exceed by far."""
    rules = [rule("a1l*ll*il*"), rule("ass"), rule("b*a*a*b")] * 60
    began = time.monotonic()
    first_breach("al1|i" * 800, rules)
    first_breach("a " * 2000, rules)
    assert time.monotonic() - began < 60
