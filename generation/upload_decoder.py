"""Decodes one untrusted picture: standard input to a clean PNG on standard output.

A program of its own, run by `generation.uploads`, under limits of memory and processor time.
Arguments: most pixels, most frames, longest side of the result in pixels. Imports only Pillow, so
it starts fast.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

from PIL import Image, ImageOps, UnidentifiedImageError

from generation.decoder_limits import Refused, decode_standard_input

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_MEMORY_BYTES = 768 * 2**20
MAX_PROCESSOR_SECONDS = 10


def main(arguments: Sequence[str]) -> None:
    decode_standard_input(
        clean,
        arguments,
        max_memory_bytes=MAX_MEMORY_BYTES,
        max_processor_seconds=MAX_PROCESSOR_SECONDS,
    )


def clean(data: bytes, limits: Sequence[int]) -> tuple[bytes, str]:
    """PNG of the first frame, upright, without metadata, and no facts. Raises Refused."""
    max_pixels, max_frames, max_side = limits
    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if getattr(image, "n_frames", 1) > max_frames:
                raise Refused(f"it is an animation of more than {max_frames} frames")
            image.seek(0)
            image.draft("RGB", (max_side, max_side))  # JPEG only: decodes at a fraction of its size
            upright = ImageOps.exif_transpose(to_rgb(image))
    except UnidentifiedImageError as error:
        raise Refused("it is no PNG, JPEG, WebP or GIF picture") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(f"it has more than {max_pixels / 1e6:g} million pixels") from error
    except MemoryError as error:
        raise Refused("it needs too much memory to read") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, Warning) as error:
        raise Refused("it is damaged or cut short") from error
    upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    upright.info.clear()
    file = io.BytesIO()
    upright.save(file, "PNG")
    return file.getvalue(), ""


def to_rgb(image: Image.Image) -> Image.Image:
    """Eight bits a channel; what is transparent becomes white."""
    if image.mode.startswith("I"):  # 16 bits of grey, which `convert` would clip
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        white.alpha_composite(rgba)
        white.info = rgba.info
        image = white
    return image.convert("RGB")
