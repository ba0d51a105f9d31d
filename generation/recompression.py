"""A clip made smaller: decoded, and encoded again within fewer bytes.

Run as `python -m generation.recompression <max bytes>`, the clip on standard input, the smaller one
on standard output; whoever posts clips must not be held up by it.
"""

from __future__ import annotations

import asyncio
import sys

from generation.decoding import pictures, sound
from generation.encoding import encode_pictures
from generation.errors import TooLargeToDeliver, UnreadableMedia
from generation.inspection import inspect, read_label
from generation.still import is_still, shrink_still

TOO_LARGE = 3
UNREADABLE = 4
TIMEOUT_SECONDS = 300.0


def recompress(data: bytes, max_bytes: int) -> bytes:
    """The same clip, label and sound in at most `max_bytes`; or the same still.

    Raises TooLargeToDeliver, and UnreadableMedia if it is no clip of ours.
    """
    if is_still(data):
        return shrink_still(data, max_bytes)
    facts, label = inspect(data), read_label(data)
    if label is None:
        raise UnreadableMedia("the file carries no label")
    return encode_pictures(
        lambda: pictures(data),
        count=facts.frames,
        fps=facts.fps,
        max_bytes=max_bytes,
        label=label,
        audio=sound(data),
    )


async def recompress_aside(data: bytes, max_bytes: int) -> bytes:
    """`recompress` in a process of its own. Raises as it does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "generation.recompression",
        str(max_bytes),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            smaller, _ = await process.communicate(data)
    except TimeoutError:
        raise TooLargeToDeliver(len(data), max_bytes) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == TOO_LARGE:
        raise TooLargeToDeliver(len(data), max_bytes)
    if process.returncode != 0:
        raise UnreadableMedia(f"the process ended with status {process.returncode}")
    return smaller


def _main() -> int:
    try:
        smaller = recompress(sys.stdin.buffer.read(), int(sys.argv[1]))
    except TooLargeToDeliver:
        return TOO_LARGE
    except UnreadableMedia:
        return UNREADABLE
    sys.stdout.buffer.write(smaller)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
