"""The leaderboard as a picture: a dot for each contender's points, a bar for its interval."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw

from bot.arena.leaderboard import MOST_SHOWN, Leaderboard, Line
from bot.drawing import FAINT, INK, MARGIN, PAPER, WIDTH, font, shortened

ROW = 46
NAME_WIDTH = 300
NUMBERS_WIDTH = 190
NAME_CHARACTERS = 26
GRID_POINTS = 100

GRID = (226, 224, 218)
INTERVAL = (147, 187, 246)
DOT = (37, 99, 195)


def draw(board: Leaderboard) -> bytes:
    """A PNG. Needs at least one line."""
    lines = board.lines[:MOST_SHOWN]
    least = math.floor(min(line.rating.low for line in lines) / GRID_POINTS) * GRID_POINTS
    most = math.floor(max(line.rating.high for line in lines) / GRID_POINTS + 1) * GRID_POINTS
    top = MARGIN + 80
    height = top + ROW * len(lines) + 36 + MARGIN
    image = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN), board.title, font=font(28), fill=INK)
    said = f"{board.votes} votes on {board.comparisons} comparisons; bars are 95 % intervals"
    pen.text((MARGIN, MARGIN + 42), said, font=font(16), fill=FAINT)
    scale = _Scale(least=least, most=most)
    bottom = top + ROW * len(lines)
    steps = max(1, round((most - least) / GRID_POINTS / 8))
    for mark in range(least, most + 1, GRID_POINTS * steps):
        across = scale.across(mark)
        pen.line((across, top, across, bottom), fill=GRID, width=1)
        pen.text((across, bottom + 8), str(mark), font=font(14), fill=FAINT, anchor="ma")
    for index, line in enumerate(lines):
        _row(pen, line, scale, top + ROW * index + ROW // 2)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class _Scale:
    """From points to pixels from the left."""

    def __init__(self, *, least: int, most: int) -> None:
        self._least = least
        self._left = MARGIN + NAME_WIDTH
        self._pixels = (WIDTH - MARGIN - NUMBERS_WIDTH - self._left) / (most - least)

    def across(self, points: float) -> int:
        return round(self._left + (points - self._least) * self._pixels)


def _row(pen: ImageDraw.ImageDraw, line: Line, scale: _Scale, middle: int) -> None:
    rating = line.rating
    name = f"{line.rank}. {line.title}"
    pen.text(
        (MARGIN, middle), shortened(name, NAME_CHARACTERS), font=font(18), fill=INK, anchor="lm"
    )
    low, dot, high = (scale.across(each) for each in (rating.low, rating.points, rating.high))
    pen.rounded_rectangle((low, middle - 5, max(high, low + 2), middle + 5), 5, fill=INTERVAL)
    pen.ellipse((dot - 7, middle - 7, dot + 7, middle + 7), fill=DOT)
    numbers = f"{rating.points:.0f} · {rating.votes} votes"
    pen.text((WIDTH - MARGIN, middle), numbers, font=font(16), fill=FAINT, anchor="rm")
