"""Untrusted pictures and videos made safe: decoded in a process of their own, under limits."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from generation.decoder_limits import EXIT_REFUSED, decoder_command
from generation.errors import UnusableImage, UnusableVideo

MAX_FRAMES = 200
MAX_SIDE_PIXELS = 1024
DECODER_TIMEOUT_SECONDS = 15.0
DECODER = "generation.upload_decoder"
MAX_VIDEO_SIDE_PIXELS = 1280
VIDEO_DECODER_TIMEOUT_SECONDS = 120.0
VIDEO_DECODER = "generation.video_decoder"

Unusable = UnusableImage | UnusableVideo


async def read_image(data: bytes, *, max_bytes: int, max_pixels: int) -> bytes:
    """PNG bytes of the picture: first frame, upright, no metadata, at most 1024 pixels a side.

    Takes PNG, JPEG, WebP and GIF. Raises UnusableImage with the reason.
    """
    refuse_too_large(len(data), max_bytes, UnusableImage)
    decoder = decoder_command(DECODER, (max_pixels, MAX_FRAMES, MAX_SIDE_PIXELS))
    png, _ = await _decoded(data, decoder, DECODER_TIMEOUT_SECONDS, UnusableImage)
    return png


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadedVideo:
    """A video made clean: `media` is an MP4 (H.264, AAC where it had sound)."""

    media: bytes
    width: int
    height: int
    fps: float
    seconds: float


async def read_video(
    data: bytes, *, max_bytes: int, max_pixels: int, max_seconds: int
) -> UploadedVideo:
    """The video upright, at an even pace, without metadata, at most 1280 pixels a side.

    Takes MP4, MOV, MKV and WebM with usual codecs, whose frames have at most `max_pixels`. Raises
    UnusableVideo with the reason.
    """
    refuse_too_large(len(data), max_bytes, UnusableVideo)
    decoder = decoder_command(VIDEO_DECODER, (max_pixels, max_seconds, MAX_VIDEO_SIDE_PIXELS))
    media, facts = await _decoded(data, decoder, VIDEO_DECODER_TIMEOUT_SECONDS, UnusableVideo)
    return UploadedVideo(media=media, **json.loads(facts))


def refuse_too_large(size_bytes: int, max_bytes: int, unusable: type[Unusable]) -> None:
    """Raises `unusable`, also for nothing at all."""
    if not size_bytes:
        raise unusable("it is empty")
    if size_bytes > max_bytes:
        mebibytes, most = size_bytes / 2**20, max_bytes / 2**20
        raise unusable(f"it has {mebibytes:.1f} MiB; {most:g} MiB are allowed")


async def _decoded(
    data: bytes, decoder: Sequence[str], timeout_seconds: float, unusable: type[Unusable]
) -> tuple[bytes, bytes]:
    """What the program writes to standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        *decoder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            made, said = await process.communicate(data)
    except TimeoutError:
        raise unusable("it takes too long to read") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    if process.returncode == EXIT_REFUSED:
        raise unusable(said.decode(errors="replace").strip())
    if process.returncode != 0:
        raise unusable("it takes too much memory or time to read")
    return made, said
