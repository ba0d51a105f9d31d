# PyAV's stubs leave packets and keyword options partly untyped.
# pyright: reportUnknownMemberType=false
"""Pictures on their way to a clip, kept on disk without loss.

To encode a clip within so many bytes its pictures are read several times, which a model cannot make
again each time, and which take gigabytes of memory where the clip is large.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

from generation.models.adapter import Image

LOSSLESS = {"qp": "0", "preset": "ultrafast"}
TIME_BASE_FPS = 25  # of no meaning: pictures are counted, not timed


class Workprint:
    """All pictures have one size. Its file has no name: it ends with this, or with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="reelroom-")  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._out: Any = None
        self._stream: Any = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, picture: Image) -> None:
        """At the end."""
        if self._out is None:
            self._out = av.open(self._file, "w", format="matroska")
            self._stream = self._out.add_stream("libx264rgb", rate=TIME_BASE_FPS, options=LOSSLESS)
            self._stream.height, self._stream.width = picture.shape[:2]
            self._stream.pix_fmt = "rgb24"
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = self._count
        self._out.mux(self._stream.encode(frame))
        self._count += 1

    def pictures(self) -> Iterator[Image]:
        """From the first one on, at each call anew. Nothing can be added any more."""
        if self._out is not None:
            self._out.mux(self._stream.encode(None))
            self._out.close()
            self._out = None
        self._file.seek(0)
        with av.open(self._file, "r", format="matroska") as container:
            for frame in container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
