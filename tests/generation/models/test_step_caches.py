"""Every step cache that suits a family, on tiny weights: it leaves work out, repeats itself, and
nothing of it is left in the shots after it."""

# diffusers is partly typed.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.errors import GenerationFailed
from generation.models.acceleration import refuse_unsuited_caches
from generation.models.adapter import Footage, OnStep, Shot
from generation.models.cached_steps import is_used_for
from generation.models.card import ModelCard, Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.opening import FAMILIES
from generation.models.step_cache import (
    ONLY_FROM_WORDS,
    SUITED,
    FasterCache,
    FirstBlockCache,
    MagCache,
    PyramidAttentionBroadcast,
    SeaCache,
    StepCache,
    TaylorSeer,
    told,
)
from generation.models.tiers import Tier, is_denoiser
from tests.generation.models.contract import TinyModel, difference, ignore_steps

Build = Callable[..., TinyModel]
STEPS = 8
CACHES: Mapping[str, StepCache] = {
    cache.name: cache
    for cache in (
        FirstBlockCache(threshold=0.9),
        PyramidAttentionBroadcast(timestep_min=0, timestep_max=1000),
        FasterCache(),
        TaylorSeer(interval=3, warm_up_steps=2),
        MagCache(threshold=1.0, retention=0.1, ratios=(1.0, 1.0)),
        SeaCache(threshold=10.0),
    )
}
"""So set that something is left out of eight steps of random weights."""
TAYLOR_COMPUTED = 4
"""Steps 1, 2, 4 and 7."""
OTHERS_OF_A_FAMILY = (
    "cogvideox-1.5-5b",
    "cogvideox-5b-image",
    "hunyuan-video-1.5-image",
    "kandinsky-5-pro-image",
    "wan-2.1-14b-image",
    "wan-2.2-5b",
    "wan-2.2-a14b",
)
"""Models whose pipelines or transformers differ from those of their family's first."""


class Interrupted(Exception):
    pass


def suited_combinations() -> Iterator[tuple[ModelCard, str]]:
    cards = read_catalogue(CATALOGUE_FILE)
    firsts = {card.family: card for card in reversed(cards)}
    chosen = [*firsts.values(), *(card for card in cards if card.id in OTHERS_OF_A_FAMILY)]
    for card in chosen:
        for cache in SUITED.get(card.family, ()):
            has_task = Task.TEXT in card.tasks or cache not in ONLY_FROM_WORDS
            if has_task and (card.id, cache) != ("wan-2.2-a14b", "MagCache"):  # both are refused
                yield card, cache


def other_pipelines(card: ModelCard) -> Iterator[Task]:
    """Tasks that the pipeline of the first one does not make, or makes from amid the schedule."""
    pipelines = FAMILIES[card.family].pipelines
    for task in card.tasks[1:]:
        if task is Task.VIDEO or pipelines[task] != pipelines[card.tasks[0]]:
            yield task


COMBINATIONS = [(card.id, cache) for card, cache in suited_combinations()]
OTHER_TASKS = [
    (card.id, cache, task)
    for card, cache in suited_combinations()
    for task in other_pipelines(card)
]


class AttentionCalls:
    """How often the last blocks of a pipeline's transformers compute their attention."""

    def __init__(self, pipeline: Any) -> None:
        self.count = 0
        parts = {name: part for name, part in pipeline.components.items() if is_denoiser(name)}
        for denoiser in filter(None, parts.values()):
            layers = {
                name: layer
                for name, layer in denoiser.named_modules()
                if isinstance(layer, torch.nn.Linear)
                and re.search(r"^[a-z_]*blocks\.\d+\..*att(n|ention)", name)
            }
            block = ".".join(list(layers)[-1].split(".")[:2])
            query = next(layer for name, layer in layers.items() if name.startswith(f"{block}."))
            query.register_forward_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.count += 1


class Cached:
    """A tiny model with a preset that caches its steps beside its usual one."""

    def __init__(self, tiny: TinyModel, cache: StepCache, task: Task) -> None:
        usual = tiny.card.default_preset
        presets = {"default": usual, "cached": replace(usual, step_cache=cache)}
        self.model = DiffusersModel(
            tiny.pipeline_for(tiny.card.tasks[0]),
            card=replace(tiny.card, presets=presets),
            family=FAMILIES[tiny.card.family],
            revision="",
            find=lambda source: Path(source.repository),
            embeddings=tiny.embeddings,
        )
        self.plain_shot = tiny.shot(task, steps=STEPS)
        self.shot = replace(self.plain_shot, preset="cached")
        self._calls = AttentionCalls(self.model.pipeline_for(task))

    def made(self, shot: Shot, on_step: OnStep = ignore_steps) -> tuple[Footage, int]:
        """And how often attention was computed for it."""
        before = self._calls.count
        return self.model.generate(shot, on_step), self._calls.count - before


@pytest.mark.parametrize(("model", "cache"), COMBINATIONS)
def test_a_cached_shot_computes_less_repeats_itself_and_leaves_no_trace(
    tiny_model: Build, model: str, cache: str
) -> None:
    tiny = tiny_model(model)
    cached = Cached(tiny, CACHES[cache], tiny.card.tasks[0])
    plain, all_calls = cached.made(cached.plain_shot)
    steps: list[tuple[int, int]] = []
    near, calls = cached.made(cached.shot, lambda step, count: steps.append((step, count)))
    assert steps == [(step, STEPS) for step in range(1, STEPS + 1)]
    assert (plain.step_cache, near.step_cache) == ("", told(CACHES[cache]))
    assert calls < all_calls
    assert difference(near.frames, plain.frames) > 0
    if cache == "TaylorSeer" and model != "wan-2.2-a14b":  # which counts for each transformer
        assert calls * STEPS == all_calls * TAYLOR_COMPUTED, "each half of guidance for itself"

    def stop(step: int, count: int) -> None:
        if step == STEPS - 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        cached.made(cached.shot, stop)
    again, calls_again = cached.made(cached.shot)
    assert calls_again == calls
    assert np.array_equal(again.frames, near.frames)
    after, calls_after = cached.made(cached.plain_shot)
    assert calls_after == all_calls
    assert np.array_equal(after.frames, plain.frames)


@pytest.mark.parametrize(
    ("model", "cache", "task"), OTHER_TASKS, ids=lambda value: str(value).replace(" ", "-")
)
def test_a_cache_suits_the_pipelines_of_the_other_tasks(
    tiny_model: Build, model: str, cache: str, task: Task
) -> None:
    cached = Cached(tiny_model(model), CACHES[cache], task)
    plain, all_calls = cached.made(cached.plain_shot)
    near, calls = cached.made(cached.shot)
    if is_used_for(CACHES[cache], cached.shot):
        assert near.step_cache == told(CACHES[cache])
        assert calls < all_calls
        assert difference(near.frames, plain.frames) > 0
    else:
        assert (near.step_cache, calls) == ("", all_calls)
        assert np.array_equal(near.frames, plain.frames)


@pytest.mark.parametrize("cache", ["FirstBlockCache", "TaylorSeer", "MagCache"])
def test_each_section_of_a_long_clip_begins_with_nothing_remembered(
    tiny_model: Build, cache: str
) -> None:
    cached = Cached(tiny_model("framepack"), CACHES[cache], Task.IMAGE)
    steps = 4
    _, one = cached.made(replace(cached.shot, frames=37, steps=steps))
    _, two = cached.made(replace(cached.shot, frames=73, steps=steps))
    assert two == 2 * one < 2 * steps


@pytest.mark.parametrize("cache", ["FirstBlockCache", "TaylorSeer"])
def test_a_shot_that_goes_round_is_computed_whole(tiny_model: Build, cache: str) -> None:
    cached = Cached(tiny_model("wan-2.1-1.3b"), CACHES[cache], Task.TEXT)
    plain, all_calls = cached.made(replace(cached.plain_shot, goes_round=True))
    near, calls = cached.made(replace(cached.shot, goes_round=True))
    assert (calls, near.step_cache) == (all_calls, "")
    assert np.array_equal(near.frames, plain.frames)


def test_without_guidance_there_is_no_half_of_it_to_leave_out(tiny_model: Build) -> None:
    cached = Cached(tiny_model("cogvideox-2b"), FasterCache(), Task.TEXT)
    near, calls = cached.made(replace(cached.shot, guidance=1.0))
    assert (calls, near.step_cache) == (STEPS, "")


@pytest.mark.parametrize("cache", ["FirstBlockCache", "TaylorSeer"])
def test_a_streamed_model_leaves_out_the_same_steps(tiny_model: Build, cache: str) -> None:
    each = [
        Cached(tiny_model("wan-2.1-1.3b", tier=tier), CACHES[cache], Task.TEXT)
        for tier in (Tier.RESIDENT, Tier.STREAMED)
    ]
    (whole, calls), (streamed, streamed_calls) = (cached.made(cached.shot) for cached in each)
    assert calls == streamed_calls
    assert np.array_equal(whole.frames, streamed.frames)


@pytest.mark.parametrize(
    ("model", "cache", "said"),
    [
        ("wan-2.2-a14b", "MagCache", "this model has two"),
        ("modelscope", "FirstBlockCache", "UNet3DConditionModel is not made for FirstBlockCache"),
    ],
)
def test_weights_that_do_not_fit_a_cache_are_refused_when_they_are_loaded(
    tiny_model: Build, model: str, cache: str, said: str
) -> None:
    tiny = tiny_model(model)
    preset = replace(tiny.card.default_preset, step_cache=CACHES[cache])
    card = replace(tiny.card, presets={"default": preset})
    with pytest.raises(GenerationFailed, match=f"model {model}, preset default: .*{said}"):
        refuse_unsuited_caches(card, tiny.pipeline_for(tiny.card.tasks[0]))


def test_the_table_of_what_suits_is_of_families_and_caches_that_there_are() -> None:
    assert set(SUITED) <= set(FAMILIES)
    assert {cache for caches in SUITED.values() for cache in caches} == set(CACHES)


def test_other_ratios_are_told_as_others() -> None:
    one, other = (MagCache(ratios=ratios) for ratios in ((1.0, 1.01), (1.0, 1.02)))
    assert told(one) != told(other)
    assert told(FirstBlockCache(threshold=0.1)) == "FirstBlockCache (threshold=0.1)"
