# Pillow leaves the type of glyph masks open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
"""Captions burned into the picture: two lines at most, the word being spoken in yellow.

White letters with a black outline on a shaded box are readable on any background. The font is
DejaVu Sans Bold (its licence lies beside it): Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian and
Georgian letters. What it cannot draw is left out; `can_draw` tells whether that is too much.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from generation.models.adapter import Image
from generation.narration.speech import SpokenWord

FONT_FILE = Path(__file__).with_name("fonts") / "DejaVuSans-Bold.ttf"
LETTER_HEIGHT_SHARE = 0.062
LETTER_HEIGHT_MIN_PIXELS = 13
TEXT_WIDTH_SHARE = 0.86
BOTTOM_SHARE = 0.05
LINES_MAX = 2
DRAWABLE_SHARE_MIN = 0.5

_PLAIN, _SPOKEN, _OUTLINE = (255, 255, 255, 255), (255, 214, 60, 255), (0, 0, 0, 255)
_SHADE = (0, 0, 0, 130)
_NO_CHARACTER = "\U0010ffff"  # never assigned: every font draws its "missing" box for it

_Overlay = tuple[int, int, NDArray[np.uint16], NDArray[np.uint16]]
"""Left, top, colour (height, width, 3) times alpha, and 255 - alpha (height, width, 1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """A word, or a part of one that is wider than a line, and when its sound begins."""

    text: str
    word: int
    start_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """What is seen together; `start_seconds` is when it appears."""

    lines: tuple[tuple[_Piece, ...], ...]
    start_seconds: float


class Captions:
    """The captions of one scene, for pictures of one size; times count from the scene's start."""

    def __init__(self, words: Sequence[SpokenWord], *, width: int, height: int) -> None:
        self._words = words
        self._width, self._height = width, height
        letter_height = round(min(width, height) * LETTER_HEIGHT_SHARE)
        self._font = _load_font(max(LETTER_HEIGHT_MIN_PIXELS, letter_height))
        self._line_height = sum(self._font.getmetrics())
        self._outline = max(1, round(letter_height / 12))
        self._gap = self._font.getlength(" ")
        self._pages = self._paginate()
        self._drawn: tuple[tuple[int, int | None], _Overlay] | None = None

    def draw(self, picture: Image, seconds: float) -> Image:
        """The picture with the caption of this moment; the given one is left as it is."""
        page = self._page_at(seconds)
        if page is None:
            return picture
        key = (page, self._word_at(self._pages[page], seconds))
        if self._drawn is None or self._drawn[0] != key:  # a word lasts several pictures
            self._drawn = (key, self._overlay(self._pages[page], key[1]))
        left, top, colour, rest = self._drawn[1]
        result = picture.copy()
        area = result[top : top + colour.shape[0], left : left + colour.shape[1]]
        area[:] = (colour + area * rest) // 255
        return result

    def _page_at(self, seconds: float) -> int | None:
        begun = [i for i, page in enumerate(self._pages) if page.start_seconds <= seconds]
        return begun[-1] if begun else None

    def _word_at(self, page: _Page, seconds: float) -> int | None:
        for index in {piece.word: None for line in page.lines for piece in line}:
            if self._words[index].start_seconds <= seconds < self._words[index].end_seconds:
                return index
        return None

    def _paginate(self) -> tuple[_Page, ...]:
        limit = self._width * TEXT_WIDTH_SHARE
        pieces = [piece for index in range(len(self._words)) for piece in self._break(index, limit)]
        # The narrowest box with as few lines: no single word is left over on a line of its own.
        count = len(self._wrap(pieces, limit))
        tried = (self._wrap(pieces, limit * share / 20) for share in range(8, 21))
        lines = next((lines for lines in tried if len(lines) == count), [])
        pages = [tuple(lines[at : at + LINES_MAX]) for at in range(0, len(lines), LINES_MAX)]
        return tuple(
            _Page(
                lines=page,
                start_seconds=page[0][0].start_seconds if number else 0.0,
            )
            for number, page in enumerate(pages)
        )

    def _break(self, index: int, limit: float) -> list[_Piece]:
        """The drawable signs of a word, cut where a line would end."""
        word = self._words[index]
        parts = [""]
        for sign in word.text:
            if not _draws(self._font, sign):
                continue
            if parts[-1] and self._font.getlength(parts[-1] + sign) > limit:
                parts.append("")
            parts[-1] += sign
        seconds_a_part = (word.end_seconds - word.start_seconds) / len(parts)
        return [
            _Piece(text=part, word=index, start_seconds=word.start_seconds + at * seconds_a_part)
            for at, part in enumerate(parts)
            if part
        ]

    def _wrap(self, pieces: list[_Piece], limit: float) -> list[tuple[_Piece, ...]]:
        lines: list[list[_Piece]] = []
        for piece in pieces:
            if lines and self._length([*lines[-1], piece]) <= limit:
                lines[-1].append(piece)
            else:
                lines.append([piece])
        return [tuple(line) for line in lines]

    def _length(self, line: Sequence[_Piece]) -> float:
        return sum(self._font.getlength(p.text) for p in line) + self._gap * (len(line) - 1)

    def _overlay(self, page: _Page, spoken: int | None) -> _Overlay:
        padding = round(self._line_height * 0.3)
        box_width = round(max(self._length(line) for line in page.lines)) + 2 * padding
        box_height = self._line_height * len(page.lines) + padding
        image = PillowImage.new("RGBA", (min(box_width, self._width), box_height))
        drawing = ImageDraw.Draw(image)
        drawing.rounded_rectangle((0, 0, image.width - 1, box_height - 1), padding, fill=_SHADE)
        for row, line in enumerate(page.lines):
            x = (image.width - self._length(line)) / 2
            for piece in reversed(line) if _is_right_to_left(line) else line:
                drawing.text(
                    (x, padding // 2 + row * self._line_height),
                    piece.text,
                    font=self._font,
                    fill=_SPOKEN if piece.word == spoken else _PLAIN,
                    stroke_width=self._outline,
                    stroke_fill=_OUTLINE,
                )
                x += self._font.getlength(piece.text) + self._gap
        left = (self._width - image.width) // 2
        top = max(0, self._height - box_height - round(self._height * BOTTOM_SHARE))
        pixels = np.asarray(image).astype(np.uint16)[: self._height - top]
        alpha = pixels[..., 3:]
        return left, top, pixels[..., :3] * alpha, 255 - alpha


def can_draw(text: str) -> bool:
    """Whether the font has at least half of the letters, so that captions make sense."""
    font = _load_font(LETTER_HEIGHT_MIN_PIXELS)
    letters = [sign for sign in text if sign.isalnum()]
    drawable = sum(1 for sign in letters if _draws(font, sign))
    return not letters or drawable / len(letters) >= DRAWABLE_SHARE_MIN


def _load_font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT_FILE), pixels)


def _draws(font: ImageFont.FreeTypeFont, sign: str) -> bool:
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return False
    return bytes(font.getmask(sign)) != bytes(font.getmask(_NO_CHARACTER))


def _is_right_to_left(line: Sequence[_Piece]) -> bool:
    """By the first letter with a direction, as Unicode's rule P2 (UAX 9) has it."""
    directions = (unicodedata.bidirectional(sign) for piece in line for sign in piece.text)
    return next((d in ("R", "AL") for d in directions if d in ("L", "R", "AL")), False)
