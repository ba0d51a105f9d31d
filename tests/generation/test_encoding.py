# PyAV's stubs leave packets partly untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import io
import pickle
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from generation.clip_label import ClipLabel
from generation.encoding import Sound, encode_clip, encode_pictures, enlarge
from generation.errors import TooLargeToDeliver, UnreadableMedia
from generation.inspection import inspect, is_faststart, read_label
from tests.generation.moving_pictures import decode, noise, turning

LABEL = ClipLabel(
    prompt="ein röter Kreis 😀 moves\nright",
    negative_prompt="blur",
    model="pocket",
    model_revision="abc123",
    seed=2**53 - 1,
    steps=20,
    guidance=4.5,
    command="imagine-video",
)
MEBIBYTE = 2**20


def tone(seconds: float, *, hertz: float = 440.0, rate: int = 22_050) -> Sound:
    times = np.arange(round(seconds * rate)) / rate
    samples = (8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    return Sound(samples=samples, sample_rate=rate)


def decode_sound(data: bytes) -> NDArray[np.float32]:
    with av.open(io.BytesIO(data), "r") as container:
        assert container.streams.audio[0].rate == 48_000
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(blocks).astype(np.float32)


def test_every_chat_client_can_play_the_file() -> None:
    data = encode_clip(turning(12), fps=12, max_bytes=MEBIBYTE, label=LABEL)
    facts = inspect(data)
    assert (facts.codec, facts.pixel_format, facts.faststart) == ("h264", "yuv420p", True)
    assert (facts.audio_codec, facts.audio_seconds) == (None, None)
    with av.open(io.BytesIO(data), "r") as container:
        context = container.streams.video[0].codec_context
        assert context.profile == "High"
        colours = (context.colorspace, context.color_trc, context.color_primaries)
        assert colours == (1, 1, 1)  # BT.709 in ITU-T H.273
        assert context.color_range == 1


@pytest.mark.parametrize("count", [1, 2, 25])
@pytest.mark.parametrize("fps", [8, 12, 24, 30000 / 1001])
def test_all_frames_are_there_at_their_rate(count: int, fps: float) -> None:
    facts = inspect(encode_clip(turning(count), fps=fps, max_bytes=MEBIBYTE, label=LABEL))
    assert facts.frames == count
    assert facts.fps == pytest.approx(fps)
    assert facts.seconds == pytest.approx(count / fps, abs=1e-3)


def test_pictures_look_as_they_did() -> None:
    frames = turning(12)
    shown = decode(encode_clip(frames, fps=12, max_bytes=MEBIBYTE, label=LABEL))
    error = np.mean((shown.astype(float) - frames) ** 2)
    assert 10 * np.log10(255**2 / error) > 34  # decibels (PSNR)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 200, 0), (0, 0, 255), (255, 255, 255)])
def test_colours_are_not_shifted(colour: tuple[int, int, int]) -> None:
    frames = np.full((4, 64, 64, 3), colour, np.uint8)
    shown = decode(encode_clip(frames, fps=12, max_bytes=MEBIBYTE, label=LABEL))
    assert np.abs(shown.astype(int) - frames).max() <= 6


def test_odd_sides_grow_by_one_and_nothing_is_cut_off() -> None:
    frames = turning(4)[:, :95, :93]
    shown = decode(encode_clip(frames, fps=12, max_bytes=MEBIBYTE, label=LABEL))
    assert shown.shape == (4, 96, 94, 3)
    assert np.abs(shown[:, :95, :93].astype(int) - frames).mean() < 4


def test_small_pictures_are_enlarged_by_the_asked_factor() -> None:
    frames = turning(4)
    facts = inspect(encode_clip(frames, fps=12, max_bytes=MEBIBYTE, label=LABEL, display_scale=3))
    assert (facts.width, facts.height) == (288, 288)
    larger = enlarge(frames[0], 3)
    centres = larger[1::3, 1::3].astype(int)
    assert np.abs(centres - frames[0]).mean() < 4


def test_sound_lasts_as_long_as_given_and_keeps_its_pitch() -> None:
    data = encode_clip(turning(24), fps=12, max_bytes=MEBIBYTE, label=LABEL, audio=tone(2.0))
    facts = inspect(data)
    assert facts.audio_codec == "aac"
    assert facts.audio_seconds == pytest.approx(2.0, abs=0.001)
    heard = decode_sound(data)[4800 : 4800 + 48_000]
    spectrum = np.abs(np.fft.rfft(heard))
    assert int(np.argmax(spectrum)) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("max_bytes", [100_000, 40_000, 12_000])
def test_large_clip_is_made_to_fit_with_all_its_frames(max_bytes: int) -> None:
    frames = noise(24)
    assert len(encode_clip(frames, fps=12, max_bytes=MEBIBYTE, label=LABEL)) > max_bytes
    data = encode_clip(frames, fps=12, max_bytes=max_bytes, label=LABEL)
    assert len(data) <= max_bytes
    assert inspect(data).frames == 24
    assert read_label(data) == LABEL


def test_picture_shrinks_where_a_low_bit_rate_alone_does_not_do() -> None:
    data = encode_clip(noise(48, size=384), fps=12, max_bytes=14_000, label=LABEL)
    facts = inspect(data)
    assert len(data) <= 14_000
    assert facts.width == facts.height < 384
    assert facts.frames == 48


def test_hopeless_limit_is_refused_with_the_size_that_was_reached() -> None:
    with pytest.raises(TooLargeToDeliver) as caught:
        encode_clip(noise(4), fps=12, max_bytes=500, label=LABEL)
    assert caught.value.max_bytes == 500
    assert caught.value.size_bytes is not None
    assert caught.value.size_bytes > 500


def test_refusal_crosses_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(TooLargeToDeliver(900, 500)))
    assert isinstance(error, TooLargeToDeliver)
    assert (error.size_bytes, error.max_bytes) == (900, 500)
    assert str(error) == "900 bytes at the lowest quality; 500 bytes are allowed"


def test_sound_counts_towards_the_limit() -> None:
    data = encode_clip(noise(24), fps=12, max_bytes=60_000, label=LABEL, audio=tone(2.0))
    assert len(data) <= 60_000
    assert inspect(data).audio_seconds == pytest.approx(2.0, abs=0.001)


def test_pictures_made_one_by_one_give_the_same_file() -> None:
    frames = turning(6)
    once = encode_clip(frames, fps=12, max_bytes=MEBIBYTE, label=LABEL)
    lazily = encode_pictures(
        lambda: iter(list(frames)), count=6, fps=12, max_bytes=MEBIBYTE, label=LABEL
    )
    assert np.array_equal(decode(once), decode(lazily))


def test_no_frames_make_no_clip() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        encode_clip(turning(2)[:0], fps=12, max_bytes=MEBIBYTE, label=LABEL)


def test_file_says_that_it_is_ai_generated_and_from_what() -> None:
    data = encode_clip(turning(2), fps=12, max_bytes=MEBIBYTE, label=LABEL)
    assert read_label(data) == LABEL
    with av.open(io.BytesIO(data), "r") as container:
        assert container.metadata["comment"] == (f"AI-generated. Model pocket, seed {2**53 - 1}.")


def other_makers_file(folder: Path) -> bytes:
    """An MP4 with its index at the end and a description of its own."""
    file = folder / "other.mp4"
    with av.open(str(file), "w") as container:
        container.metadata["description"] = '["holiday"]'
        stream = container.add_stream("libx264", rate=12)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))
    return file.read_bytes()


def test_file_of_another_maker_has_no_label_and_is_seen_as_not_faststart(tmp_path: Path) -> None:
    data = other_makers_file(tmp_path)
    assert read_label(data) is None
    assert not is_faststart(data)
    assert not inspect(data).faststart


@pytest.mark.parametrize("data", [b"", b"no video at all", bytes(4096)])
def test_bytes_that_are_no_video_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableMedia):
        inspect(data)
    with pytest.raises(UnreadableMedia):
        read_label(data)
    assert not is_faststart(data)


def test_file_cut_short_is_refused() -> None:
    data = encode_clip(turning(12), fps=12, max_bytes=MEBIBYTE, label=LABEL)
    with pytest.raises(UnreadableMedia):
        inspect(data[:300])
