"""A clip that tells nothing of its making has the same pictures and sound as before."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from generation.clip_label import ClipLabel
from generation.encoding import Sound, encode_clip
from generation.errors import UnreadableMedia
from generation.inspection import inspect, read_label
from generation.unlabelled import COMMENT, unlabelled

LABEL = ClipLabel(
    prompt="a canary",
    negative_prompt="a cat",
    model="a-model",
    model_revision="a-revision",
    seed=7_654_321,
    steps=13,
    guidance=6.5,
    command="imagine-video",
)


def clip(*, sound: bool) -> bytes:
    frames = np.random.default_rng(1).integers(0, 256, (12, 48, 64, 3), dtype=np.uint8)
    samples = (np.sin(np.arange(24_000) / 20) * 9000).astype(np.int16)
    audio = Sound(samples=samples, sample_rate=24_000) if sound else None
    return encode_clip(frames, fps=12, max_bytes=10**7, label=LABEL, audio=audio)


def decoded(media: bytes) -> list[tuple[int | None, bytes]]:
    """Every picture and piece of sound with its time."""
    with av.open(io.BytesIO(media)) as container:
        return [
            (frame.pts, frame.to_ndarray().tobytes())
            for stream in container.streams.get()
            for frame in _frames(media, stream.index)
        ]


def _frames(media: bytes, index: int) -> list[av.VideoFrame | av.AudioFrame]:
    with av.open(io.BytesIO(media)) as container:
        return list(container.decode(container.streams[index]))  # type: ignore[arg-type]


@pytest.mark.parametrize("sound", [False, True])
def test_pictures_and_sound_are_the_same_and_its_making_is_gone(sound: bool) -> None:
    told = clip(sound=sound)
    silent = unlabelled(told)
    assert decoded(silent) == decoded(told)
    assert inspect(silent) == inspect(told)
    assert read_label(told) == LABEL
    assert read_label(silent) is None
    for word in ("canary", "a cat", "a-model", "a-revision", "7654321", "imagine"):
        assert word.encode() in told
        assert word.encode() not in silent
    assert COMMENT.encode() in silent


def test_what_is_no_clip_is_refused() -> None:
    with pytest.raises(UnreadableMedia):
        unlabelled(b"no clip at all")
