# PyAV's stubs leave streams and graphs partly untyped.
# pyright: reportUnknownMemberType=false
"""Decodes one untrusted video: standard input to a clean MP4 on standard output.

A program of its own, run by `generation.uploads`, under limits of memory and processor time.
Arguments: most pixels of a frame, most seconds, longest side of the result in pixels. The MP4 is
upright, H.264 and AAC, without metadata; one line of JSON on standard error has its facts. Exit
code 2 with one line there tells why a video is refused.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
from av.audio.resampler import AudioResampler
from av.container.input import InputContainer
from av.container.output import OutputContainer
from av.filter import Graph
from av.stream import Stream
from av.video.frame import VideoFrame

FORMATS = "mov,matroska"
"""FFmpeg's names: MP4, MOV and 3GP; WebM and MKV."""
VIDEO_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4")
AUDIO_CODECS = ("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis")
MAX_MEMORY_BYTES = 2 * 2**30
MAX_PROCESSOR_SECONDS = 90
MAX_FPS = 60
THREADS = 2
AUDIO_RATE = 48_000
EXIT_REFUSED = 2


class Refused(Exception):
    """The video will not be used; the message says why."""


def main() -> None:
    max_pixels, max_seconds, max_side = (int(argument) for argument in sys.argv[1:4])
    limit_resources()
    try:
        mp4, facts = clean(sys.stdin.buffer.read(), max_pixels, max_seconds, max_side)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(EXIT_REFUSED)
    sys.stderr.write(json.dumps(facts))
    sys.stdout.buffer.write(mp4)


def limit_resources() -> None:
    """Where the system has such limits: no huge memory, no endless work, no files, no core."""
    try:
        import resource
    except ImportError:  # Windows; the caller's time-out remains
        return
    for kind, most in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS refuses a limit of address space
            continue


def clean(
    data: bytes, max_pixels: int, max_seconds: int, max_side: int
) -> tuple[bytes, dict[str, Any]]:
    """The MP4 and its facts. Raises Refused."""
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
    return file.getvalue(), facts


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
    rate = Fraction(video.average_rate or video.guessed_rate or 24).limit_denominator(1001)
    rate = max(Fraction(1), min(Fraction(MAX_FPS), rate))
    most_frames = int(max_seconds * rate)
    encoder: Any = None
    sound: Any = None
    if container.streams.audio and _heard(container):
        sound = out.add_stream("aac", rate=AUDIO_RATE, layout="mono")
    frames = 0
    for frame in _even_paced(container, rate, max_side, max_pixels):
        frames += 1
        if frames > most_frames:
            raise Refused(f"it is longer than {max_seconds} seconds")
        if encoder is None:
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
        _copy_sound(container, out, sound, frames / rate)
    return {
        "width": encoder.width,
        "height": encoder.height,
        "fps": float(rate),
        "seconds": float(frames / rate),
    }


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
        yield from _made(graph)
    if graph is not None:
        graph.push(None)
        yield from _made(graph)


def _graph(frame: VideoFrame, rate: Fraction, max_side: int) -> Graph:
    turns = {90: "transpose=cclock,", -90: "transpose=clock,", 180: "hflip,vflip,"}
    turn = turns.get(round(frame.rotation / 90) * 90 if abs(frame.rotation) < 180 else 180, "")
    graph = Graph()
    begin = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base,
    )
    smaller = f"min(1\\,{max_side}/max(iw\\,ih))"
    steps = [f"fps={rate.numerator}/{rate.denominator}"]
    steps += turn.rstrip(",").split(",") if turn else []
    steps += [
        f"scale=w=max(2\\,2*trunc(iw*{smaller}/2)):h=max(2\\,2*trunc(ih*{smaller}/2)):flags=lanczos",
        "format=yuv420p",
    ]
    before = begin
    for step in steps:
        name, _, arguments = step.partition("=")
        node = graph.add(name, arguments or None)
        before.link_to(node)
        before = node
    end = graph.add("buffersink")
    before.link_to(end)
    graph.configure()
    return graph


def _made(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, VideoFrame)
        yield frame


def _copy_sound(
    container: InputContainer, out: OutputContainer, stream: Any, seconds: Fraction
) -> None:
    """The first `seconds` of it, from the beginning of the file."""
    container.seek(0)
    resampler = AudioResampler(format="fltp", layout="mono", rate=AUDIO_RATE)
    samples = 0
    for frame in container.decode(audio=0):
        frame.pts = None
        for block in resampler.resample(frame):
            if samples >= seconds * AUDIO_RATE:
                break
            block.pts, block.time_base = samples, Fraction(1, AUDIO_RATE)
            samples += block.samples
            out.mux(stream.encode(block))
    out.mux(stream.encode(None))


if __name__ == "__main__":
    main()
