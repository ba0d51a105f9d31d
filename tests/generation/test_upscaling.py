"""A clip made larger by a model of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from generation.clip import Clip
from generation.decoding import sound
from generation.encoding import encode_clip
from generation.errors import UnsupportedOption
from generation.inspection import read_label
from generation.job import Progress, Stage
from generation.models.adapter import Image
from generation.models.card import Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.request import Command
from tests.generation.moving_pictures import turning
from tests.generation.test_clip_recipes import LABEL, asked, clip_of, files_of
from tests.generation.test_production import Produce, producer_of

CARDS = {card.id: card for card in read_catalogue(CATALOGUE_FILE) if Task.UPSCALE in card.tasks}


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Produce:
    """Of the shipped catalogue, with tiny weights of the same classes."""
    from tests.generation.tiny.catalogue import LAYOUTS

    root = tmp_path_factory.mktemp("upscalers")
    for model in CARDS:
        LAYOUTS[model](root / model)
    return producer_of(CATALOGUE_FILE, {model: root / model for model in CARDS})


def enlarged(make: Produce, model: str, media: bytes) -> tuple[Clip, list[Progress]]:
    request = asked(Command.UPSCALE, media, model=model, steps=1, guidance=1.0)
    return make(request, files=files_of(request, media))


@pytest.mark.parametrize("model", list(CARDS))
def test_a_clip_of_any_size_and_rate_is_made_twice_as_large(make: Produce, model: str) -> None:
    given = clip_of(turning(13)[:, :70, :90], fps=10, with_sound=True)
    clip, told = enlarged(make, model, given)
    facts = clip.facts
    assert (facts.width, facts.height, facts.fps, facts.frames) == (180, 140, 10, 13)
    assert sound(clip.media) is not None
    assert facts.notes[0].startswith(f"Enlarged from 90 × 70 by {CARDS[model].title}, ")
    assert facts.model_revision
    assert facts.making is not None
    assert (facts.making.width, facts.making.height, facts.making.scheduler) == (90, 70, "")
    assert read_label(clip.media) == replace(LABEL, command="upscale")
    steps = [(event.step, event.steps) for event in told if event.stage is Stage.GENERATING]
    assert steps[-1][0] == steps[-1][1]


@pytest.mark.parametrize("model", list(CARDS))
def test_a_clip_longer_than_the_longest_shot_is_made_in_parts_and_whole(
    make: Produce, model: str
) -> None:
    longest = CARDS[model].frames_generated(CARDS[model].seconds_max)
    frames = turning(longest + 5)[:, 20:52, 20:52]
    clip, _ = enlarged(make, model, clip_of(frames, fps=24))
    assert clip.facts.frames == len(frames)
    assert (clip.facts.width, clip.facts.height) == (64, 64)


def test_an_upload_that_a_model_makes_larger_is_ai_generated(make: Produce) -> None:
    label = replace(LABEL, generated=False, model="Lanczos")
    given = encode_clip(turning(3), fps=12, max_bytes=10**6, label=label)
    made = read_label(enlarged(make, "swin2sr", given)[0].media)
    assert made is not None
    assert (made.generated, made.model) == (True, "swin2sr")


def test_a_model_for_clips_is_refused_and_so_is_a_prompt_for_an_upscaler(make: Produce) -> None:
    given = clip_of(turning(2))
    with pytest.raises(UnsupportedOption, match="cannot do /upscale"):
        enlarged(make, "pocket", given)
    request = asked(Command.RESTYLE, given, model="swin2sr", strength=0.5, seconds=0.1)
    with pytest.raises(UnsupportedOption, match="cannot do /restyle; it does /upscale"):
        make(request, files=files_of(request, given))


@pytest.mark.parametrize("factor", [2, 4])
def test_a_picture_in_tiles_is_the_picture_in_one(tmp_path: Path, factor: int) -> None:
    """Swin2SR sees some windows far: in the middle of tiles it is exact, and nowhere is a seam."""
    from generation.models.families import upscalers
    from tests.generation.tiny.upscalers import save_swin2sr, save_swin2sr_of_four

    (save_swin2sr if factor == 2 else save_swin2sr_of_four)(tmp_path)
    assemble = upscalers.SWIN2SR.assemble
    assert assemble is not None
    pipeline = assemble(tmp_path)
    wide = np.asarray(PillowImage.fromarray(turning(1)[0]).resize((300, 41)))
    whole = _frames(pipeline, wide, tile=512)
    assert whole.shape == (82, 600, 3)
    assert np.abs(_frames(pipeline, wide, tile=256) - whole).max() < 0.02


def _frames(pipeline: Callable[..., Any], picture: Image, *, tile: int) -> NDArray[np.float32]:
    from generation.models.families import upscalers

    before, upscalers.TILE = upscalers.TILE, tile
    try:
        return np.asarray(pipeline(np.stack([picture])).frames[0][0])
    finally:
        upscalers.TILE = before
