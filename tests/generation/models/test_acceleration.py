"""Step caches and compiled blocks reach the pipeline, and leave it as it was."""

# torch's compiler tells what it did by private names only.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.errors import GenerationFailed
from generation.models.acceleration import HOT_AFTER, Acceleration
from generation.models.card import Preset, Task
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.models.opening import FAMILIES
from tests.generation.models.contract import TinyModel, difference, ignore_steps

Build = Callable[..., TinyModel]
STEPS = 8


def preset(**changes: Any) -> Preset:
    common: dict[str, Any] = {"steps_min": 1, "steps_default": STEPS, "steps_max": 50}
    guidance = {"guidance_min": 1.0, "guidance_default": 3.0, "guidance_max": 9.0}
    return Preset(**common, **guidance, **changes)


class Counted:
    """How often the last block of a transformer computes."""

    def __init__(self, tiny: TinyModel) -> None:
        self.calls = 0
        block = tiny.pipeline_for(Task.TEXT).transformer.blocks[-1].ffn
        self._handle = block.register_forward_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.calls += 1

    def close(self) -> int:
        self._handle.remove()
        return self.calls


def calls_of(tiny: TinyModel, acceleration: Acceleration, chosen: Preset) -> tuple[int, Any]:
    """Calls of the last block, and the frames."""
    counted, shot = Counted(tiny), tiny.shot(Task.TEXT, steps=STEPS)
    pipeline = tiny.pipeline_for(Task.TEXT)
    with acceleration.applied(pipeline, chosen, shot):
        frames = tiny.model.generate(shot, ignore_steps).frames
    return counted.close(), frames


def test_a_step_cache_skips_blocks_and_leaves_no_trace(tiny_model: Build) -> None:
    tiny, acceleration = tiny_model("wan-2.1-1.3b"), Acceleration()
    plain, frames = calls_of(tiny, acceleration, preset())
    cached, near = calls_of(tiny, acceleration, preset(first_block_cache=0.9))
    assert cached < plain
    assert difference(near, frames) < 40
    again, after = calls_of(tiny, acceleration, preset())
    assert again == plain
    assert np.array_equal(after, frames)


def test_the_preset_of_a_shot_says_whether_its_steps_are_cached(tiny_model: Build) -> None:
    tiny = tiny_model("wan-2.1-1.3b")
    usual = tiny.card.default_preset
    card = replace(
        tiny.card, presets={"default": usual, "fast": replace(usual, first_block_cache=0.9)}
    )
    model = DiffusersModel(
        tiny.pipeline_for(Task.TEXT),
        card=card,
        family=FAMILIES[card.family],
        revision="",
        find=lambda source: Path(source.repository),
        embeddings=EmbeddingCache(0),
    )
    shot = tiny.shot(Task.TEXT, steps=STEPS)
    counts = []
    for name in ("default", "fast"):
        counted = Counted(tiny)
        model.generate(replace(shot, preset=name), ignore_steps)
        counts.append(counted.close())
    assert counts[1] < counts[0]


def test_a_model_without_a_step_cache_says_what_to_remove(tiny_model: Build) -> None:
    tiny = tiny_model("modelscope")
    with pytest.raises(GenerationFailed, match="first_block_cache, which UNet3DConditionModel"):
        calls_of_unet(tiny, preset(first_block_cache=0.1))


def calls_of_unet(tiny: TinyModel, chosen: Preset) -> None:
    shot = tiny.shot(Task.TEXT)
    with Acceleration().applied(tiny.pipeline_for(Task.TEXT), chosen, shot):
        tiny.model.generate(shot, ignore_steps)


def test_a_size_is_compiled_once_it_is_hot_and_others_stay_eager(tiny_model: Build) -> None:
    tiny = tiny_model("ltx-video")
    pipeline = tiny.pipeline_for(Task.TEXT)
    shot, compiled = tiny.shot(Task.TEXT), preset(compile=True)
    acceleration = Acceleration(compiler="eager")
    expected = tiny.model.generate(shot, ignore_steps).frames
    block = pipeline.transformer.transformer_blocks[0]
    try:
        for asked in range(1, HOT_AFTER + 3):
            with acceleration.applied(pipeline, compiled, shot):
                frames = tiny.model.generate(shot, ignore_steps).frames
            assert (block._compiled_call_impl is not None) == (asked > HOT_AFTER)
            assert difference(frames, expected) < 1
        other = replace(shot, frames=shot.frames + 8)
        graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
        assert graphs > 0
        with acceleration.applied(pipeline, compiled, other):
            tiny.model.generate(other, ignore_steps)
        assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
    finally:
        for each in pipeline.transformer.transformer_blocks:
            each._compiled_call_impl = None
        torch._dynamo.reset()


def test_a_preset_has_a_step_cache_or_compiled_code_not_both() -> None:
    with pytest.raises(ValueError, match="do not go together"):
        preset(first_block_cache=0.1, compile=True)
