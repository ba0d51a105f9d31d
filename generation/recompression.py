# PyAV's stubs leave frames partly untyped.
# pyright: reportUnknownMemberType=false
"""A clip made smaller: decoded, and encoded again within fewer bytes.

Run as `python -m generation.recompression <max bytes>`, the clip on standard input, the smaller one
on standard output; whoever posts clips must not be held up by it.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator

import av
import numpy as np

from generation.encoding import AUDIO_RATE, Sound, encode_pictures
from generation.errors import TooLargeToDeliver, UnreadableMedia
from generation.inspection import inspect, read_label
from generation.models.adapter import Image

TOO_LARGE = 3
UNREADABLE = 4
TIMEOUT_SECONDS = 300.0


def recompress(data: bytes, max_bytes: int) -> bytes:
    """The same clip, label and sound in at most `max_bytes`.

    Raises TooLargeToDeliver, and UnreadableMedia if it is no clip of ours.
    """
    facts, label = inspect(data), read_label(data)
    if label is None:
        raise UnreadableMedia("the file carries no label")
    return encode_pictures(
        lambda: _pictures(data),
        count=facts.frames,
        fps=facts.fps,
        max_bytes=max_bytes,
        label=label,
        audio=_sound(data),
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


def _pictures(data: bytes) -> Iterator[Image]:
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def _sound(data: bytes) -> Sound | None:
    with av.open(io.BytesIO(data), "r") as container:
        if not container.streams.audio:
            return None
        resampler = av.AudioResampler(format="s16", layout="mono", rate=AUDIO_RATE)
        blocks = [
            block.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for block in resampler.resample(frame)
        ]
        blocks += [block.to_ndarray()[0] for block in resampler.resample(None)]
    return Sound(samples=np.concatenate(blocks), sample_rate=AUDIO_RATE)


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
