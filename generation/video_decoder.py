# PyAV's stubs leave streams and graphs partly untyped.
# pyright: reportUnknownMemberType=false
"""Decodes one untrusted video: standard input to a clean MP4 on standard output.

A program of its own, run by `generation.uploads`, under limits of memory and processor time.
Arguments: most pixels of a frame, most seconds, longest side of the result in pixels. The MP4 is
upright, H.264 and AAC, without metadata; one line of JSON on standard error has its facts.
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, TypeVar

import av
import av.error
from av.audio.frame import AudioFrame
from av.container.input import InputContainer
from av.container.output import OutputContainer
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from generation.decoder_limits import Refused, decode_standard_input

FORMATS = "mov,matroska"
"""FFmpeg's names: MP4, MOV and 3GP; WebM and MKV."""
VIDEO_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4")
AUDIO_CODECS = ("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis")
MAX_MEMORY_BYTES = 2 * 2**30
MAX_PROCESSOR_SECONDS = 90
MAX_FPS = 60
DEFAULT_FPS = 24
THREADS = 2
AUDIO_RATE = 48_000
UNIT = 1 << 16  # the display matrix has 16 bits behind the point


def main(arguments: Sequence[str]) -> None:
    decode_standard_input(
        clean,
        arguments,
        max_memory_bytes=MAX_MEMORY_BYTES,
        max_processor_seconds=MAX_PROCESSOR_SECONDS,
    )


def clean(data: bytes, limits: Sequence[int]) -> tuple[bytes, str]:
    """The MP4 and its facts as JSON. Raises Refused."""
    max_pixels, max_seconds, max_side = limits
    allowed = {
        "format_whitelist": FORMATS,
        "codec_whitelist": ",".join(VIDEO_CODECS + AUDIO_CODECS),
    }
    file = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), "r", container_options=allowed) as container,
            av.open(file, "w", format="mp4") as out,
        ):
            facts = _convert(container, out, max_pixels, max_seconds, max_side)
    except MemoryError as error:
        raise Refused("it needs too much memory to read") from error
    except (av.error.FFmpegError, ValueError, IndexError, OSError) as error:
        raise Refused("it is no MP4, MOV or WebM video that can be read") from error
    return file.getvalue(), json.dumps(facts)


def _convert(
    container: InputContainer,
    out: OutputContainer,
    max_pixels: int,
    max_seconds: int,
    max_side: int,
) -> dict[str, Any]:
    if not container.streams.video:
        raise Refused("it has no pictures")
    video = container.streams.video[0]
    if _codec(video) not in VIDEO_CODECS:
        raise Refused("its codec is none of H.264, HEVC, VP8, VP9, AV1")
    if video.width * video.height > max_pixels:
        raise Refused(f"its frames have more than {max_pixels / 1e6:g} million pixels")
    video.codec_context.thread_count = THREADS
    rate = _rate(video)
    most_frames = int(max_seconds * rate)
    encoder: Any = None
    sound: Any = None
    if container.streams.audio and _heard(container):
        sound = out.add_stream("aac", rate=AUDIO_RATE, layout="mono")
    frames, begin = 0, 0.0
    for frame in _even_paced(container, rate, max_side, max_pixels):
        frames += 1
        if frames > most_frames:
            raise Refused(f"it is longer than {max_seconds} seconds")
        if encoder is None:
            begin = frame.time or 0.0
            encoder = out.add_stream(
                "libx264",
                rate=rate,
                options={"crf": "14", "preset": "fast", "threads": str(THREADS)},
            )
            encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
            encoder.codec_context.time_base = 1 / rate
        frame.pts, frame.time_base = frames - 1, 1 / rate
        out.mux(encoder.encode(frame))
    if encoder is None:
        raise Refused("it has no pictures")
    out.mux(encoder.encode(None))
    if sound is not None:
        _copy_sound(container, out, sound, begin, frames / rate)
    return {
        "width": encoder.width,
        "height": encoder.height,
        "fps": float(rate),
        "seconds": float(frames / rate),
    }


def _rate(video: VideoStream) -> Fraction:
    """Frames a second. Of a video of changing pace the one that shows its quickest part whole, as
    FFmpeg guesses it; the average where that is no rate that anybody films at."""
    average = Fraction(video.average_rate or video.guessed_rate or DEFAULT_FPS)
    guessed = Fraction(video.guessed_rate or average)
    rate = guessed if average <= guessed <= MAX_FPS else average
    return max(Fraction(1), min(Fraction(MAX_FPS), rate)).limit_denominator(1001)


def _heard(container: InputContainer) -> bool:
    return _codec(container.streams.audio[0]) in AUDIO_CODECS


def _codec(stream: Stream) -> str:
    """FFmpeg's name; empty where it may not be or cannot be decoded: there is no context then."""
    return str(getattr(stream.codec_context, "name", ""))


def _even_paced(
    container: InputContainer, rate: Fraction, max_side: int, max_pixels: int
) -> Iterator[VideoFrame]:
    """Upright frames at one rate, whatever pace the file has, no side above `max_side`."""
    graph: Graph | None = None
    size = (0, 0)
    for frame in container.decode(video=0):
        if graph is None:
            graph, size = _graph(frame, rate, max_side), (frame.width, frame.height)
        if (frame.width, frame.height) != size or frame.width * frame.height > max_pixels:
            raise Refused("its frames change their size")
        graph.push(frame)
        yield from _made(graph, VideoFrame)
    if graph is not None:
        graph.push(None)
        yield from _made(graph, VideoFrame)


Made = TypeVar("Made", VideoFrame, AudioFrame)
Filters = tuple[tuple[str, str], ...]
TURNS: dict[tuple[int, int, int, int], Filters] = {
    (1, 0, 0, 1): (),
    (-1, 0, 0, 1): (("hflip", ""),),
    (1, 0, 0, -1): (("vflip", ""),),
    (-1, 0, 0, -1): (("hflip", ""), ("vflip", "")),
    (0, 1, -1, 0): (("transpose", "clock"),),
    (0, -1, 1, 0): (("transpose", "cclock"),),
    (0, 1, 1, 0): (("transpose", "cclock_flip"),),
    (0, -1, -1, 0): (("transpose", "clock_flip"),),
}
"""By the signs of the display matrix's four numbers that turn and mirror (ISO/IEC 14496-12, 6.2.2):
phones write them instead of turning the pictures, and mirror what they take of their owner."""


def _upright(frame: VideoFrame) -> Filters:
    """None for a video that says nothing, or that stands at an angle no display has."""
    found: Any = frame.side_data  # PyAV's stubs call its items strings
    for data in found:
        if data.type == SideDataType.DISPLAYMATRIX:
            matrix = struct.unpack("=9i", bytes(data))
            parts = (matrix[0], matrix[1], matrix[3], matrix[4])
            a, b, c, d = (round(part / UNIT) for part in parts)
            return TURNS.get((a, b, c, d), ())
    return ()


def _graph(frame: VideoFrame, rate: Fraction, max_side: int) -> Graph:
    """Even pace, upright, small enough: FFmpeg's filters one after the other."""
    smaller = f"min(1\\,{max_side}/max(iw\\,ih))"
    width, height = (f"max(2\\,2*trunc({side}*{smaller}/2))" for side in ("iw", "ih"))
    graph = Graph()
    last = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base,
    )
    for name, arguments in (
        ("fps", f"{rate.numerator}/{rate.denominator}"),
        *_upright(frame),
        ("scale", f"w={width}:h={height}:flags=lanczos"),
        ("format", "yuv420p"),
        ("buffersink", ""),
    ):
        node = graph.add(name, arguments or None)
        last.link_to(node)
        last = node
    graph.configure()
    return graph


def _made(graph: Graph, kind: type[Made]) -> Iterator[Made]:
    """What comes out of the filters' end by now."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, kind)
        yield frame


def _copy_sound(
    container: InputContainer, out: OutputContainer, stream: Any, begin: float, seconds: Fraction
) -> None:
    """What is heard during `seconds` from the moment `begin` of the file, at which the pictures
    begin; silence where the sound begins later."""
    container.seek(0)
    graph = Graph()
    last = graph.add_abuffer(template=container.streams.audio[0])
    for name, arguments in (
        ("atrim", f"start={begin}:duration={float(seconds)}"),
        ("asetpts", f"PTS-{begin}/TB"),
        ("aresample", f"{AUDIO_RATE}:async=1:first_pts=0"),
        ("aformat", "sample_fmts=fltp:channel_layouts=mono"),
        ("abuffersink", ""),
    ):
        node = graph.add(name, arguments or None)
        last.link_to(node)
        last = node
    graph.configure()
    samples = 0
    for frame in chain(container.decode(audio=0), (None,)):
        with contextlib.suppress(av.error.EOFError):  # it has been given all that it lets through
            graph.push(frame)
        for block in _made(graph, AudioFrame):
            block.pts, block.time_base = samples, Fraction(1, AUDIO_RATE)
            samples += block.samples
            out.mux(stream.encode(block))
    out.mux(stream.encode(None))
