"""Untrusted pictures made safe: decoded in a process of their own, under limits."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from generation.errors import UnusableImage

MAX_FRAMES = 200
MAX_SIDE_PIXELS = 1024
DECODER_TIMEOUT_SECONDS = 15.0
DECODER = Path(__file__).with_name("upload_decoder.py")
EXIT_REFUSED = 2


async def read_image(data: bytes, *, max_bytes: int, max_pixels: int) -> bytes:
    """PNG bytes of the picture: first frame, upright, no metadata, at most 1024 pixels a side.

    Takes PNG, JPEG, WebP and GIF. Raises UnusableImage with the reason.
    """
    if not data:
        raise UnusableImage("it is empty")
    if len(data) > max_bytes:
        raise UnusableImage(
            f"it has {len(data) / 2**20:.1f} MiB; {max_bytes / 2**20:g} MiB are allowed"
        )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # neither the environment nor the working directory decide what is imported
        str(DECODER),
        str(max_pixels),
        str(MAX_FRAMES),
        str(MAX_SIDE_PIXELS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
    )
    try:
        async with asyncio.timeout(DECODER_TIMEOUT_SECONDS):
            png, reason = await process.communicate(data)
    except TimeoutError:
        raise UnusableImage("it takes too long to read") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    if process.returncode == EXIT_REFUSED:
        raise UnusableImage(reason.decode(errors="replace").strip())
    if process.returncode != 0:
        raise UnusableImage("it takes too much memory or time to read")
    return png
