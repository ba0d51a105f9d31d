"""What an encoded file really holds, read with PyAV: for the tests and `demo --once`."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import av
import av.error
from av.container.input import InputContainer
from av.stream import Stream

from generation.clip_label import ClipLabel
from generation.errors import UnreadableMedia


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaFacts:
    """Measured by decoding, not read from headers, except the seconds: those are the length that
    a player shows. `faststart`: the index comes before the data, so playing starts at once."""

    codec: str
    pixel_format: str
    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    faststart: bool
    audio_codec: str | None
    audio_seconds: float | None


def inspect(data: bytes) -> MediaFacts:
    """Decodes the whole file. Raises UnreadableMedia."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return _facts(container, is_faststart(data))
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise UnreadableMedia(str(error)) from error


def read_label(data: bytes) -> ClipLabel | None:
    """The label inside an MP4; None where it carries none of ours. Raises UnreadableMedia."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return ClipLabel.from_tags(container.metadata)
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableMedia(str(error)) from error


def is_faststart(data: bytes) -> bool:
    """Whether the MP4's `moov` box comes before its `mdat` box (ISO/IEC 14496-12, 4.2)."""
    position = 0
    while position + 16 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if kind in (b"moov", b"mdat"):
            return kind == b"moov"
        if size == 1:  # the size follows as 64 bits
            (size,) = struct.unpack_from(">Q", data, position + 8)
        if size < 8:
            return False
        position += size
    return False


def _facts(container: InputContainer, faststart: bool) -> MediaFacts:
    video = container.streams.video[0]
    audio = container.streams.audio[0] if container.streams.audio else None
    frames = sum(1 for _ in container.decode(video))
    return MediaFacts(
        codec=video.codec_context.name,
        pixel_format=video.codec_context.pix_fmt or "",
        width=video.width,
        height=video.height,
        fps=float(video.average_rate or 0),
        frames=frames,
        seconds=_seconds(video),
        faststart=faststart,
        audio_codec=None if audio is None else audio.codec_context.name,
        audio_seconds=None if audio is None else _seconds(audio),
    )


def _seconds(stream: Stream) -> float:
    return float((stream.duration or 0) * (stream.time_base or 0))
