"""What the bot's pictures of figures have in common: paper, inks, letters."""

from __future__ import annotations

from PIL import ImageFont

from generation.narration.captions import FONT_FILE

WIDTH = 960
MARGIN = 40

PAPER = (250, 249, 246)
INK = (34, 38, 44)
FAINT = (112, 118, 126)


def font(pixels: int) -> ImageFont.FreeTypeFont:
    """The letters of captions, at this height."""
    return ImageFont.truetype(str(FONT_FILE), pixels)


def shortened(name: str, characters: int) -> str:
    """At most so many characters; what is cut off is shown by an ellipsis."""
    return name if len(name) <= characters else name[: characters - 1] + "…"
