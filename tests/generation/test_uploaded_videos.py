# PyAV's stubs leave streams and packets partly untyped.
# pyright: reportUnknownMemberType=false
"""A member's video comes back as a clip of ours, or is refused with a reason."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from generation.errors import UnusableVideo
from generation.inspection import inspect
from generation.models.adapter import Frames
from generation.uploads import UploadedVideo, read_video
from tests.generation.moving_pictures import decode, turning

MAX_BYTES = 25 * 2**20


def video(
    frames: Frames, *, codec: str = "libx264", kind: str = "mp4", fps: int = 12, sound: bool = False
) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as out:
        out.metadata["comment"] = "where I live"
        stream: Any = out.add_stream(codec, rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        heard: Any = (
            out.add_stream("aac" if kind == "mp4" else "libopus", rate=48_000) if sound else None
        )
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode(None))
        if heard is not None:
            tone = np.sin(np.arange(48_000 * len(frames) // fps) * 0.06).astype(np.float32)
            block = av.AudioFrame.from_ndarray(tone[np.newaxis], format="fltp", layout="mono")
            block.sample_rate, block.pts, block.time_base = 48_000, 0, Fraction(1, 48_000)
            resampler = av.AudioResampler(
                format=heard.codec_context.format, layout=heard.layout, rate=48_000, frame_size=960
            )
            for each in (*resampler.resample(block), *resampler.resample(None)):
                out.mux(heard.encode(each))
            out.mux(heard.encode(None))
    return file.getvalue()


async def read(data: bytes, **limits: int) -> UploadedVideo:
    return await read_video(
        data, **{"max_bytes": MAX_BYTES, "max_pixels": 4_000_000, "max_seconds": 20, **limits}
    )


async def reason_for(data: bytes, **limits: int) -> str:
    with pytest.raises(UnusableVideo) as refusal:
        await read(data, **limits)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("codec", "kind"),
    [
        ("libx264", "mp4"),
        ("libx264", "mov"),
        ("libvpx", "webm"),
        ("libvpx-vp9", "webm"),
        ("libx265", "matroska"),
    ],
)
async def test_a_video_of_each_kind_comes_back_as_an_mp4_of_ours(codec: str, kind: str) -> None:
    given = turning(12)
    clean = await read(video(given, codec=codec, kind=kind))
    facts = inspect(clean.media)
    assert (facts.codec, facts.pixel_format, facts.frames) == ("h264", "yuv420p", 12)
    assert (clean.width, clean.height, clean.fps, clean.seconds) == (96, 96, 12.0, 1.0)
    assert (facts.width, facts.height, facts.fps) == (96, 96, 12.0)
    assert np.abs(decode(clean.media).astype(float) - given).mean() < 8


@pytest.mark.parametrize(("codec", "kind"), [("libx264", "mp4"), ("libvpx", "webm")])
async def test_the_sound_is_kept(codec: str, kind: str) -> None:
    facts = inspect((await read(video(turning(12), codec=codec, kind=kind, sound=True))).media)
    assert facts.audio_codec == "aac"
    assert facts.audio_seconds is not None
    assert abs(facts.audio_seconds - 1.0) < 0.1


async def test_what_the_file_tells_of_its_maker_is_gone() -> None:
    data = video(turning(4))
    assert b"where I live" in data
    assert b"where I live" not in (await read(data)).media


async def test_a_large_video_is_made_smaller_with_its_proportions() -> None:
    wide = np.zeros((3, 900, 1600, 3), np.uint8)
    clean = await read(video(wide))
    assert (clean.width, clean.height) == (1280, 720)


async def test_odd_sizes_become_even() -> None:
    odd = np.zeros((3, 66, 98, 3), np.uint8)[:, :65, :97]
    clean = await read(video(odd, codec="libvpx-vp9", kind="webm"))
    assert (clean.width, clean.height) == (96, 64)


async def test_a_video_over_its_length_is_refused() -> None:
    assert await reason_for(video(turning(36)), max_seconds=2) == "it is longer than 2 seconds"


async def test_a_frame_over_its_pixels_is_refused() -> None:
    reason = await reason_for(video(np.zeros((2, 1000, 1000, 3), np.uint8)), max_pixels=900_000)
    assert reason == "its frames have more than 0.9 million pixels"


@pytest.mark.parametrize(
    "data",
    [
        b"no video at all",
        b"\x00" * 5000,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"RIFF0000AVI LIST",
    ],
    ids=["text", "zeros", "playlist", "avi"],
)
async def test_what_is_no_video_is_refused(data: bytes) -> None:
    assert await reason_for(data) == "it is no MP4, MOV or WebM video that can be read"


async def test_other_codecs_and_containers_are_refused() -> None:
    no_video = "it is no MP4, MOV or WebM video that can be read"
    assert await reason_for(video(turning(3), codec="libx264", kind="avi")) == no_video
    reason = await reason_for(video(turning(3), codec="ffv1", kind="matroska"))
    assert reason in (no_video, "its codec is none of H.264, HEVC, VP8, VP9, AV1")


async def test_a_file_that_is_cut_short_is_refused() -> None:
    data = video(turning(12))
    assert "read" in await reason_for(data[: len(data) // 2])


async def test_an_empty_file_and_one_over_the_limit_are_refused() -> None:
    assert await reason_for(b"") == "it is empty"
    assert (
        await reason_for(bytes(2**20 + 1), max_bytes=2**20) == "it has 1.0 MiB; 1 MiB are allowed"
    )
