"""One picture: made by a shot of one frame, and a PNG that says what made it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from generation.clip_label import ClipLabel
from generation.errors import TooLargeToDeliver, UnreadableMedia
from generation.job import Stage
from generation.models.adapter import Image
from generation.recompression import recompress
from generation.request import Command
from generation.still import encode_still, is_still, read_still_label
from tests.generation.builders import make_request
from tests.generation.test_production import DISPLAY_SCALE, Produce, png, producer
from tests.generation.tiny_ltx import SIDE

LABEL = ClipLabel(
    prompt="a cat “in” 東京",
    negative_prompt="",
    model="pocket",
    model_revision="1",
    seed=5,
    steps=4,
    guidance=3.0,
    command="storyboard-image",
)


@pytest.fixture(scope="module")
def make(tiny_weights: Path, tiny_catalogue: Path) -> Produce:
    return producer(tiny_weights, tiny_catalogue)


def noise(side: int = 64) -> Image:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)


def pixels(data: bytes) -> Image:
    with PillowImage.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def test_a_storyboard_image_is_one_picture_in_the_asked_aspect(make: Produce) -> None:
    request = make_request(
        command=Command.STORYBOARD_IMAGE, seconds=0, aspect="16:9", steps=3, seed=42
    )
    clip, told = make(request)
    assert pixels(clip.media).shape == (SIDE * DISPLAY_SCALE, 2 * SIDE * DISPLAY_SCALE, 3)
    facts = clip.facts
    assert (facts.width, facts.height) == (2 * SIDE * DISPLAY_SCALE, SIDE * DISPLAY_SCALE)
    assert (facts.frames, facts.seconds, facts.is_still, facts.has_audio) == (1, 0, True, False)
    assert [event.step for event in told if event.stage is Stage.GENERATING] == [0, 1, 2, 3]
    label = read_still_label(clip.media)
    assert label is not None
    assert (label.seed, label.model_revision) == (42, facts.model_revision)
    again, _ = make(request)
    assert again.media == clip.media


def test_a_still_keeps_every_pixel_and_says_what_made_it() -> None:
    data = encode_still(noise(), max_bytes=1_000_000, label=LABEL)
    assert is_still(data)
    assert np.array_equal(pixels(data), noise())
    assert read_still_label(data) == LABEL


def test_a_still_that_is_too_large_to_post_becomes_smaller_and_keeps_its_label() -> None:
    data = encode_still(noise(), max_bytes=1_000_000, label=LABEL)
    smaller = recompress(data, len(data) // 2)
    assert len(smaller) <= len(data) // 2
    assert pixels(smaller).shape[0] < 64
    assert read_still_label(smaller) == LABEL
    with pytest.raises(TooLargeToDeliver):
        recompress(data, 100)


def test_a_picture_without_our_label_is_none_of_ours() -> None:
    assert read_still_label(png(8, 8)) is None
    with pytest.raises(UnreadableMedia):
        recompress(png(8, 8), 1000)
    with pytest.raises(UnreadableMedia):
        read_still_label(b"\x89PNG\r\n\x1a\nno picture")
