# PyAV's stubs leave frames partly untyped.
# pyright: reportUnknownMemberType=false
"""A clip of ours back to pictures and sound. What members upload is made one of ours first, by
`generation/video_decoder.py`."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np
from PIL import Image as PillowImage

from generation.encoding import AUDIO_RATE, Sound
from generation.errors import UnreadableMedia
from generation.models.adapter import Image


def pictures(data: bytes) -> Iterator[Image]:
    """One by one: at no time are all in memory."""
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def still(data: bytes, second: float) -> bytes:
    """The picture that is shown at this second, the last one where the clip is shorter, as PNG.

    Raises UnreadableMedia.
    """
    shown: Image | None = None
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            if shown is not None and (frame.time or 0.0) > second:
                break
            shown = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    if shown is None:
        raise UnreadableMedia("the clip holds no picture")
    png = io.BytesIO()
    PillowImage.fromarray(shown).save(png, "PNG")
    return png.getvalue()


def sound(data: bytes) -> Sound | None:
    """None where the clip has none."""
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
