"""The clips of an export as one picture: a grid of their first frames, with ids and words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from generation.decoding import still
from generation.narration.captions import FONT_FILE

COLUMNS = 6
TILE_WIDTH, TILE_HEIGHT = 160, 120
LABEL_HEIGHT = 34
GAP = 8
LABEL_CHARACTERS = 21
COLOURS = 256

MOST_BYTES_A_CLIP = (TILE_WIDTH + GAP) * (TILE_HEIGHT + LABEL_HEIGHT + GAP) + 512
"""A palette picture has one byte a pixel before it is compressed."""

PAPER = (250, 249, 246)
INK = (34, 38, 44)
FAINT = (112, 118, 126)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A clip on the sheet."""

    file: Path
    title: str
    words: str


def draw(clips: Sequence[Shown]) -> bytes:
    """A PNG. A file that cannot be read leaves its place empty; one at a time is in memory."""
    rows = -(-len(clips) // COLUMNS)
    columns = min(COLUMNS, len(clips))
    cell_width, cell_height = TILE_WIDTH + GAP, TILE_HEIGHT + LABEL_HEIGHT + GAP
    sheet = Image.new("RGB", (columns * cell_width + GAP, rows * cell_height + GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for index, clip in enumerate(clips):
        left = GAP + index % COLUMNS * cell_width
        top = GAP + index // COLUMNS * cell_height
        _paste(sheet, clip.file, left, top)
        pen.text((left, top + TILE_HEIGHT + 3), clip.title, font=_font(11), fill=FAINT)
        pen.text((left, top + TILE_HEIGHT + 17), _short(clip.words), font=_font(12), fill=INK)
    png = io.BytesIO()
    sheet.quantize(COLOURS).save(png, "PNG", optimize=False)
    return png.getvalue()


def _paste(sheet: Image.Image, file: Path, left: int, top: int) -> None:
    try:
        data = file.read_bytes()
        picture = data if file.suffix == ".png" else still(data, 0.0)
        with Image.open(io.BytesIO(picture), formats=("PNG",)) as opened:
            tile = ImageOps.contain(opened.convert("RGB"), (TILE_WIDTH, TILE_HEIGHT))
    except Exception:  # Whatever a damaged file makes its decoder raise: the rest is still shown.
        return
    sheet.paste(tile, (left + (TILE_WIDTH - tile.width) // 2, top + TILE_HEIGHT - tile.height))


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= LABEL_CHARACTERS else line[: LABEL_CHARACTERS - 1] + "…"


def _font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT_FILE), pixels)
