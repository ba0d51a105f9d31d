"""Decodes one untrusted picture: standard input to a clean PNG on standard output.

A program of its own, run by `generation.uploads`, under limits of memory and processor time.
Arguments: most pixels, most frames, longest side of the result in pixels. Exit code 2 with one
line on standard error tells why a picture is refused. Imports only Pillow, so it starts fast.
"""

from __future__ import annotations

import io
import sys
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_MEMORY_BYTES = 768 * 2**20
MAX_PROCESSOR_SECONDS = 10
EXIT_REFUSED = 2


class Refused(Exception):
    """The picture will not be used; the message says why."""


def main() -> None:
    max_pixels, max_frames, max_side = (int(argument) for argument in sys.argv[1:4])
    limit_resources()
    try:
        png = clean(sys.stdin.buffer.read(), max_pixels, max_frames, max_side)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(EXIT_REFUSED)
    sys.stdout.buffer.write(png)


def limit_resources() -> None:
    """Where the system has such limits: no huge memory, no endless work, no files, no core."""
    try:
        import resource
    except ImportError:  # Windows; the caller's time-out remains
        return
    for kind, most in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS refuses a limit of address space
            continue


def clean(data: bytes, max_pixels: int, max_frames: int, max_side: int) -> bytes:
    """PNG of the first frame, upright, without metadata. Raises Refused."""
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
    return file.getvalue()


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


if __name__ == "__main__":
    main()
