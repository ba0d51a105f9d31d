# PyAV's stubs leave graphs partly untyped.
# pyright: reportUnknownMemberType=false
"""A clip made larger or smoother without a model; its sound stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import islice

import av.error
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from generation import decoding
from generation.encoding import encode_pictures, enlarge
from generation.executor import Execution
from generation.job import Progress, Stage
from generation.models.adapter import Image
from generation.request import UPSCALE_FACTOR, Command, SourceClip
from generation.studio import Made, OnProgress, relabelled, source_of

PICTURES_PER_REPORT = 8
INTERPOLATION = "mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1:scd=fdiff"
"""Of FFmpeg's filter `minterpolate`: motion searched both ways, overlapped blocks of variable size;
at a cut between scenes the last picture stays instead of melting into the next."""
FRAMES_AHEAD = 3
"""How many frames `minterpolate` holds back at the end of its input."""


def upscale(execution: Execution, on_progress: OnProgress) -> Made:
    """Each side times UPSCALE_FACTOR, by Lanczos resampling."""
    source, media = source_of(execution)
    count = sum(1 for _ in decoding.pictures(media))

    def pictures() -> Iterator[Image]:
        return (enlarge(picture, UPSCALE_FACTOR) for picture in decoding.pictures(media))

    made = _encode(execution, media, pictures, count, source.fps, on_progress)
    note = (
        f"Enlarged from {source.width} × {source.height} by Lanczos resampling: "
        "larger and smooth, without new detail."
    )
    return Made(media=made, width=source.width * UPSCALE_FACTOR, notes=(note,))


def smooth(execution: Execution, on_progress: OnProgress) -> Made:
    """More frames a second: what is between two frames is computed from how things moved."""
    source, media = source_of(execution)
    fps = execution.request.fps
    assert fps is not None  # a request to smooth has it, by construction
    given = sum(1 for _ in decoding.pictures(media))
    count = round(given / source.fps * fps)

    def pictures() -> Iterator[Image]:
        return islice(interpolated(decoding.pictures(media), source, fps=fps), count)

    made = _encode(execution, media, pictures, count, fps, on_progress)
    note = f"{source.fps:g} frames a second became {fps} by motion compensation."
    return Made(media=made, width=source.width, notes=(note,))


REWORKS: Mapping[Command, Callable[[Execution, OnProgress], Made]] = {
    Command.UPSCALE: upscale,
    Command.SMOOTH: smooth,
}


def interpolated(pictures: Iterator[Image], source: SourceClip, *, fps: int) -> Iterator[Image]:
    """At least as many pictures as last as long at `fps` frames a second."""
    rate = Fraction(source.fps).limit_denominator(1001)
    graph = Graph()
    begin = graph.add_buffer(
        width=source.width, height=source.height, format=VideoFormat("yuv420p"), time_base=1 / rate
    )
    middle = graph.add("minterpolate", f"fps={fps}:{INTERPOLATION}")
    end = graph.add("buffersink")
    begin.link_to(middle)
    middle.link_to(end)
    graph.configure()
    last: VideoFrame | None = None
    pts = 0
    for picture in pictures:
        last = VideoFrame.from_ndarray(picture, format="rgb24")
        yield from _through(graph, last, pts, 1 / rate)
        pts += 1
    for _ in range(FRAMES_AHEAD):
        assert last is not None  # a clip has frames
        yield from _through(graph, last, pts, 1 / rate)
        pts += 1


def _through(graph: Graph, frame: VideoFrame, pts: int, time_base: Fraction) -> Iterator[Image]:
    given = frame.reformat(format="yuv420p")
    given.pts, given.time_base = pts, time_base
    graph.push(given)
    while True:
        try:
            made = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(made, VideoFrame)
        yield np.asarray(made.to_ndarray(format="rgb24"), dtype=np.uint8)


def _encode(
    execution: Execution,
    media: bytes,
    pictures: Callable[[], Iterator[Image]],
    count: int,
    fps: float,
    on_progress: OnProgress,
) -> bytes:
    def reported() -> Iterator[Image]:
        for index, picture in enumerate(pictures()):
            if index % PICTURES_PER_REPORT == 0:
                on_progress(Progress(stage=Stage.GENERATING, step=index, steps=count))
            yield picture

    return encode_pictures(
        reported,
        count=count,
        fps=fps,
        max_bytes=execution.max_bytes,
        label=relabelled(media, execution.request.label()),
        audio=decoding.sound(media),
    )
