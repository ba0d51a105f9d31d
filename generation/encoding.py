# PyAV's stubs leave packets and keyword options partly untyped.
# pyright: reportUnknownMemberType=false
"""Pictures (and sound) to an MP4 that every chat client plays: H.264 High, yuv420p, BT.709,
the index before the data (faststart), AAC at 48 kHz.

What it writes is read back by `generation/inspection.py`.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image as PillowImage

from generation.clip_label import ClipLabel
from generation.errors import TooLargeToDeliver
from generation.models.adapter import Frames, Image

AUDIO_RATE = 48_000
AUDIO_BITS_PER_SECOND = 96_000
VISUALLY_LOSSLESS_CRF = 18
SMALLER_SIZES = (1.0, 0.75, 0.5, 0.35)
LEAST_BITS_PER_PIXEL = 0.02
"""Below this H.264 shows blocks, and a smaller picture looks better."""
CONTAINER_OVERHEAD = 0.06
"""Share of the file that index, label and the encoder's overshoot may take."""

Pictures = Callable[[], Iterable[Image]]
"""Starts the same pictures anew at each call: an encoding that turns out too large is repeated."""
OnPicture = Callable[[int], None]
"""Called with the index of each picture before it is encoded; what it raises ends the encoding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """Mono sound: int16, (samples,)."""

    samples: NDArray[np.int16]
    sample_rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    def lasting(self, seconds: float) -> Sound:
        """Exactly so long: cut, or silent at the end."""
        count = round(seconds * self.sample_rate)
        samples = self.samples[:count]
        return replace(self, samples=np.pad(samples, (0, count - len(samples))))


def encode_clip(
    frames: Frames,
    *,
    fps: float,
    max_bytes: int,
    label: ClipLabel,
    audio: Sound | None = None,
    display_scale: int = 1,
    on_picture: OnPicture | None = None,
) -> bytes:
    """The frames as an MP4 of at most `max_bytes`, enlarged by the whole factor `display_scale`.

    Raises TooLargeToDeliver where even a small picture at a low bit rate does not fit.
    """
    return encode_pictures(
        lambda: (enlarge(frame, display_scale) for frame in frames),
        count=len(frames),
        fps=fps,
        max_bytes=max_bytes,
        label=label,
        audio=audio,
        on_picture=on_picture,
    )


def encode_pictures(
    pictures: Pictures,
    *,
    count: int,
    fps: float,
    max_bytes: int,
    label: ClipLabel,
    audio: Sound | None = None,
    on_picture: OnPicture | None = None,
) -> bytes:
    """Like `encode_clip`, for `count` pictures made one by one: at no time are all in memory.

    First at constant quality; where that is too large, at the bit rate that fits, then at smaller
    sizes. Raises TooLargeToDeliver.
    """
    if count < 1:
        raise ValueError("a clip needs at least one frame")
    first = next(iter(pictures()))
    height, width = first.shape[:2]
    heard = pictures if on_picture is None else lambda: _heard(pictures(), on_picture)
    smallest = math.inf
    for settings in _attempts(width, height, count, fps, max_bytes, audio):
        data = _encode(heard, settings, fps=fps, label=label, audio=audio)
        if len(data) <= max_bytes:
            return data
        smallest = min(smallest, len(data))
    raise TooLargeToDeliver(None if math.isinf(smallest) else int(smallest), max_bytes)


def _heard(pictures: Iterable[Image], on_picture: OnPicture) -> Iterator[Image]:
    for index, picture in enumerate(pictures):
        on_picture(index)
        yield picture


def enlarge(picture: Image, factor: int) -> Image:
    """The picture, each side times `factor`, by Lanczos resampling."""
    if factor == 1:
        return picture
    height, width = picture.shape[:2]
    larger = PillowImage.fromarray(picture).resize(
        (width * factor, height * factor), PillowImage.Resampling.LANCZOS
    )
    return np.asarray(larger)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settings:
    """One way to encode: sizes in pixels, both even; without a bit rate, constant quality."""

    width: int
    height: int
    bits_per_second: int | None


def _attempts(
    width: int, height: int, count: int, fps: float, max_bytes: int, audio: Sound | None
) -> Iterator[_Settings]:
    """Ways to encode from the best down. A bit rate is tried at 100 % and at 70 % of the share
    that fits, because rate control overshoots on clips of a few frames."""
    yield _Settings(width=_even(width), height=_even(height), bits_per_second=None)
    bits = max_bytes * 8 * (1 - CONTAINER_OVERHEAD)
    if audio is not None:
        bits -= AUDIO_BITS_PER_SECOND * audio.seconds
    for scale in SMALLER_SIZES:
        scaled_width, scaled_height = _even(round(width * scale)), _even(round(height * scale))
        least_bits = LEAST_BITS_PER_PIXEL * scaled_width * scaled_height * count
        for share in (1.0, 0.7):
            if bits * share >= least_bits:
                rate = int(bits * share * fps / count)
                yield _Settings(width=scaled_width, height=scaled_height, bits_per_second=rate)


def _even(pixels: int) -> int:
    """yuv420p shares each colour sample among 2 x 2 pixels."""
    return max(2, pixels + pixels % 2)


def _encode(
    pictures: Pictures, settings: _Settings, *, fps: float, label: ClipLabel, audio: Sound | None
) -> bytes:
    # Faststart reads the written file again to move its index, which needs a file on disk.
    with tempfile.TemporaryDirectory(prefix="reelroom-") as folder:
        file = Path(folder, "clip.mp4")
        # use_metadata_tags would drop the tags that players know, so only iTunes tags are used.
        with av.open(str(file), "w", options={"movflags": "+faststart"}) as container:
            container.metadata.update(label.to_tags())
            video = _add_video(container, settings, fps)
            sound = (
                None
                if audio is None
                else container.add_stream(
                    "aac", rate=AUDIO_RATE, layout="mono", bit_rate=AUDIO_BITS_PER_SECOND
                )
            )
            pending = iter(()) if audio is None else _audio_frames(audio)
            for index, picture in enumerate(pictures()):
                container.mux(video.encode(_video_frame(picture, settings, index)))
                if sound is not None:  # in step with the pictures, so that the muxer buffers little
                    _mux_audio(container, sound, pending, until_seconds=(index + 1) / fps)
            container.mux(video.encode(None))
            if sound is not None:
                _mux_audio(container, sound, pending, until_seconds=math.inf)
                container.mux(sound.encode(None))
        return file.read_bytes()


def _add_video(container: OutputContainer, settings: _Settings, fps: float) -> VideoStream:
    options = {"preset": "medium", "profile": "high"}
    if settings.bits_per_second is None:
        options["crf"] = str(VISUALLY_LOSSLESS_CRF)
    else:
        options["maxrate"] = options["b"] = str(settings.bits_per_second)
        options["bufsize"] = str(settings.bits_per_second)
    rate = Fraction(fps).limit_denominator(1001)
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.width, stream.height = settings.width, settings.height
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def _video_frame(picture: Image, settings: _Settings, index: int) -> VideoFrame:
    height, width = picture.shape[:2]
    if settings.width - width in (0, 1) and settings.height - height in (0, 1):
        # An odd side is padded by repeating its edge: resampling would blur the whole picture.
        padding = ((0, settings.height - height), (0, settings.width - width), (0, 0))
        picture = np.pad(picture, padding, mode="edge")
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
        width=settings.width,
        height=settings.height,
        format="yuv420p",
        interpolation="LANCZOS",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
    )
    frame.pts = index
    return frame


def _audio_frames(audio: Sound) -> Iterator[AudioFrame]:
    """The sound at 48 kHz in blocks of a few hundredths of a second."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=AUDIO_RATE)
    edges = chain(range(0, len(audio.samples), 1024), (len(audio.samples),))
    for start, end in pairwise(edges):
        block = AudioFrame.from_ndarray(
            np.ascontiguousarray(audio.samples[np.newaxis, start:end]), format="s16", layout="mono"
        )
        block.sample_rate = audio.sample_rate
        block.pts = start
        block.time_base = Fraction(1, audio.sample_rate)
        yield from resampler.resample(block)
    yield from resampler.resample(None)


def _mux_audio(
    container: OutputContainer,
    stream: AudioStream,
    pending: Iterator[AudioFrame],
    *,
    until_seconds: float,
) -> None:
    for frame in pending:
        container.mux(stream.encode(frame))
        if frame.time is not None and frame.time >= until_seconds:
            return
