"""Clips that do not say who asked for what: the same pictures, another label."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from PIL import Image as PillowImage

from generation.anonymising import anonymous
from generation.clip_label import ClipLabel
from generation.encoding import Sound, encode_clip
from generation.errors import UnreadableMedia
from generation.inspection import inspect, read_label
from generation.still import encode_still, read_still_label

LABEL = ClipLabel(
    prompt="a secret sea",
    negative_prompt="",
    model="pocket",
    model_revision="r77",
    seed=123456789,
    steps=4,
    guidance=3.0,
    command="imagine-video",
)
TOLD = (b"secret", b"pocket", b"r77", b"123456789")


def packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data), "r") as container:
        return [bytes(packet) for packet in container.demux() if packet.dts is not None]


@pytest.mark.parametrize("with_sound", [False, True])
def test_a_clip_keeps_its_pictures_and_sound_and_tells_nothing(with_sound: bool) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (24, 32, 48, 3), dtype=np.uint8)
    audio = Sound(samples=np.zeros(24000, np.int16), sample_rate=24000) if with_sound else None
    clip = encode_clip(frames, fps=24, max_bytes=1_000_000, label=LABEL, audio=audio)
    assert all(word in clip for word in TOLD)
    nameless = anonymous(clip, generated=True)
    assert not [word for word in TOLD if word in nameless]
    assert b"AI-generated." in nameless
    assert packets(nameless) == packets(clip)
    before, after = inspect(clip), inspect(nameless)
    assert (after.frames, after.fps, after.faststart) == (24, 24, True)
    assert after.audio_codec == before.audio_codec
    assert read_label(nameless) is None


def test_a_still_keeps_every_pixel_and_tells_nothing() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    still = encode_still(pixels, max_bytes=1_000_000, label=LABEL)
    nameless = anonymous(still, generated=True)
    assert not [word for word in TOLD if word in nameless]
    assert b"AI-generated." in nameless
    with PillowImage.open(io.BytesIO(nameless)) as image:
        assert np.array_equal(np.asarray(image), pixels)
    assert read_still_label(nameless) is None


def test_what_no_model_made_is_not_called_ai_generated() -> None:
    frames = np.zeros((4, 32, 48, 3), dtype=np.uint8)
    clip = encode_clip(frames, fps=4, max_bytes=1_000_000, label=LABEL)
    assert b"AI-generated" not in anonymous(clip, generated=False)


@pytest.mark.parametrize("data", [b"", b"no clip at all", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_is_no_clip_is_said(data: bytes) -> None:
    with pytest.raises(UnreadableMedia):
        anonymous(data, generated=True)
