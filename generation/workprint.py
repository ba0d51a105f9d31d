# PyAV's stubs leave packets and keyword options partly untyped.
# pyright: reportUnknownMemberType=false
"""Pictures on their way to a clip, kept on disk without loss.

To encode a clip within so many bytes its pictures are read several times, which a model cannot make
again each time, and which take gigabytes of memory where the clip is large.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.video.frame import VideoFrame

from generation.models.adapter import Image

LOSSLESS = {"qp": "0", "preset": "ultrafast"}
TIME_BASE_FPS = 25  # of no meaning: pictures are counted, not timed


class Workprint:
    """A context manager, so that its file goes away. All pictures have one size."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reelroom-")
        self._file = Path(self._folder.name, "workprint.mkv")
        self._out: Any = None
        self._stream: Any = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._out is not None:
            self._out.close()
        self._folder.cleanup()

    def __len__(self) -> int:
        return self._count

    def add(self, picture: Image) -> None:
        """At the end."""
        if self._out is None:
            self._out = av.open(str(self._file), "w")
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
        with av.open(str(self._file), "r") as container:
            for frame in container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
