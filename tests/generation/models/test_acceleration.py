"""Compiled blocks reach the pipeline, and only what is asked for often is compiled."""

# torch's compiler tells what it did by private names only.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from generation.models.acceleration import HOT_AFTER, Acceleration
from generation.models.card import Preset, Task
from generation.models.step_cache import FirstBlockCache, TaylorSeer
from tests.generation.models.contract import TinyModel, difference, ignore_steps

Build = Callable[..., TinyModel]
STEPS = 8


def preset(**changes: Any) -> Preset:
    steps: dict[str, Any] = {"steps_min": 1, "steps_default": STEPS, "steps_max": 50}
    guidance = {"guidance_min": 1.0, "guidance_default": 3.0, "guidance_max": 9.0}
    fields: dict[str, Any] = {**steps, **guidance, **changes}
    return Preset(**fields)


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
        preset(step_cache=FirstBlockCache(threshold=0.1), compile=True)


@pytest.mark.parametrize("distilled", [{"distilled": True}, {"timesteps": tuple(range(STEPS))}])
def test_a_distilled_preset_has_no_step_cache(distilled: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no steps to spare"):
        preset(**{"steps_min": STEPS, "steps_max": STEPS, **distilled}, step_cache=TaylorSeer())
