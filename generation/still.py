"""One picture as a PNG that says, as clips do, that it is AI-generated and from what.

The words are in iTXt chunks under the keywords of the PNG specification (11.3.4.2).
"""

from __future__ import annotations

import io
import math

from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngImageFile, PngInfo

from generation.clip_label import ClipLabel
from generation.errors import TooLargeToDeliver, UnreadableMedia
from generation.models.adapter import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SMALLER_SIZES = (1.0, 0.75, 0.5, 0.35, 0.25)


def is_still(data: bytes) -> bool:
    """Whether it is a PNG, going by its first bytes."""
    return data.startswith(SIGNATURE)


def encode_still(picture: Image, *, max_bytes: int, label: ClipLabel) -> bytes:
    """The picture as a PNG of at most `max_bytes`, smaller where it must be.

    Raises TooLargeToDeliver.
    """
    return _fitting(PillowImage.fromarray(picture), max_bytes, label)


def shrink_still(data: bytes, max_bytes: int) -> bytes:
    """The same still, label and all, in at most `max_bytes`.

    Raises TooLargeToDeliver, and UnreadableMedia if it is no still of ours.
    """
    label = read_still_label(data)
    if label is None:
        raise UnreadableMedia("the picture carries no label")
    with PillowImage.open(io.BytesIO(data), formats=("PNG",)) as image:
        return _fitting(image.convert("RGB"), max_bytes, label)


def read_still_label(data: bytes) -> ClipLabel | None:
    """None where the PNG carries none of ours. Raises UnreadableMedia."""
    try:
        with PillowImage.open(io.BytesIO(data), formats=("PNG",)) as image:
            assert isinstance(image, PngImageFile)
            tags = {name.lower(): str(text) for name, text in image.text.items()}
    except OSError as error:
        raise UnreadableMedia(str(error)) from error
    return ClipLabel.from_tags(tags)


def _fitting(image: PillowImage.Image, max_bytes: int, label: ClipLabel) -> bytes:
    smallest = math.inf
    for scale in SMALLER_SIZES:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        shown = image if scale == 1.0 else image.resize(size, PillowImage.Resampling.LANCZOS)
        data = _encode(shown, label)
        if len(data) <= max_bytes:
            return data
        smallest = min(smallest, len(data))
    raise TooLargeToDeliver(int(smallest), max_bytes)


def _encode(image: PillowImage.Image, label: ClipLabel) -> bytes:
    words = PngInfo()
    for name, text in label.to_tags().items():
        words.add_itxt(name.capitalize(), text)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True, pnginfo=words)
    return file.getvalue()
