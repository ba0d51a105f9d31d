from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from generation.errors import UnusableImage
from generation.uploads import read_image

MAX_BYTES = 10 * 2**20
MAX_PIXELS = 16_000_000
ORIENTATION = 0x0112


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(width: int = 40, height: int = 20) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return image


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    red, green, blue = image.convert("RGB").crop((x, y, x + 1, y + 1)).tobytes()
    return red, green, blue


async def read(data: bytes) -> Image.Image:
    png = await read_image(data, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image.copy()


async def reason_for(data: bytes) -> str:
    with pytest.raises(UnusableImage) as refusal:
        await read_image(data, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
    return refusal.value.reason


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A PNG of one colour: some kilobytes that unpack to hundreds of megabytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def animation(frames: int, kind: str = "GIF") -> bytes:
    pictures = [Image.new("L", (4, 4), number * 97 % 251) for number in range(frames)]
    options = {"lossless": True} if kind == "WEBP" else {}
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_picture_of_each_format_comes_back_as_png(kind: str) -> None:
    image = await read(encoded(halves(), kind))
    assert (image.size, image.mode) == ((40, 20), "RGB")
    red, _, blue = pixel(image, 5, 10)
    assert red > 200 > 60 > blue


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
async def test_every_kind_of_pixel_is_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("I;16", (8, 8), 40_000) if mode == "I;16" else halves(8, 8).convert(mode)
    clean = await read(encoded(image, kind))
    assert (clean.size, clean.mode) == ((8, 8), "RGB")
    if mode == "I;16":
        assert clean.getpixel((0, 0)) == (156, 156, 156)


async def test_what_is_transparent_becomes_white() -> None:
    image = await read(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0))))
    assert image.getpixel((1, 1)) == (255, 255, 255)


async def test_metadata_is_gone_and_the_picture_is_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned a quarter clockwise
    exif[0x010F] = "a maker with a secret"
    data = encoded(halves(), "JPEG", exif=exif, comment=b"where I live", quality=95)
    png = await read_image(data, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
    image = Image.open(io.BytesIO(png))
    assert image.size == (20, 40)
    assert pixel(image, 10, 2)[0] > 200, "the left half is now above"
    assert b"secret" not in png
    assert b"live" not in png
    assert image.info == {}


async def test_a_large_picture_is_made_smaller_with_its_proportions() -> None:
    image = await read(encoded(halves(3000, 1500), "JPEG"))
    assert image.size == (1024, 512)


async def test_a_small_picture_keeps_its_size() -> None:
    assert (await read(encoded(halves(33, 17)))).size == (33, 17)


async def test_the_first_frame_of_a_short_animation_is_taken() -> None:
    assert (await read(animation(12))).getpixel((1, 1)) == (0, 0, 0)


async def test_an_empty_file_is_refused() -> None:
    assert await reason_for(b"") == "it is empty"


async def test_a_file_over_the_limit_is_refused() -> None:
    assert await reason_for(bytes(MAX_BYTES + 1)) == "it has 10.0 MiB; 10 MiB are allowed"


@pytest.mark.parametrize(
    "data",
    [b"hello, this is no picture", b"\x00" * 1000, b"%PDF-1.7 and so on", b"<svg></svg>"],
    ids=["text", "zeros", "pdf", "svg"],
)
async def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert await reason_for(data) == "it is no PNG, JPEG, WebP or GIF picture"


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
async def test_other_formats_are_refused(kind: str) -> None:
    assert await reason_for(encoded(halves(), kind)) == "it is no PNG, JPEG, WebP or GIF picture"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_a_truncated_picture_is_refused(kind: str) -> None:
    data = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), kind)
    assert await reason_for(data[: len(data) // 2]) == "it is damaged or cut short"


async def test_a_decompression_bomb_is_refused() -> None:
    data = bomb(13_300)
    assert len(data) < 40 * 1024
    assert await reason_for(data) == "it has more than 16 million pixels"


async def test_a_gif_whose_frame_is_larger_than_its_screen_is_refused() -> None:
    screen = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x02L\x01\x00;"
    assert await reason_for(screen + frame) == "it has more than 16 million pixels"


@pytest.mark.parametrize(("kind", "frames"), [("GIF", 2000), ("WEBP", 300), ("PNG", 300)])
async def test_a_long_animation_is_refused(kind: str, frames: int) -> None:
    reason = await reason_for(animation(frames, kind))
    assert reason == "it is an animation of more than 200 frames"


async def test_a_picture_within_the_pixel_limit_by_one_row_is_read() -> None:
    image = await read(encoded(Image.new("L", (4000, 4000))))
    assert image.size == (1024, 1024)
