"""Members' words come out as words, whatever they contain."""

from __future__ import annotations

import pytest

from bot.text import credit_count, duration, quoted


@pytest.mark.parametrize(
    "text", ["@everyone", "@here", "<@123456789012345678> hello", "<@&123456789012345678>"]
)
def test_a_prompt_cannot_ping(text: str) -> None:
    assert text.removesuffix(" hello") not in quoted(text, 200)


def test_markup_in_a_prompt_shows_as_typed() -> None:
    assert quoted("**bold** `code`", 200) == r"> \*\*bold\*\* \`code\`"


def test_a_prompt_of_many_lines_stays_one_quotation() -> None:
    assert quoted("a\n\n# b\nc", 200).count("\n") == 0


def test_a_long_prompt_is_cut_with_a_sign_of_it() -> None:
    assert quoted("word " * 100, 20) == "> word word word word…"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (12.3, "12 s"), (89, "89 s"), (180, "3 min")]
)
def test_durations_are_as_exact_as_somebody_who_waits_needs(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_one_credit_is_not_plural() -> None:
    assert (credit_count(1), credit_count(2)) == ("1 credit", "2 credits")
