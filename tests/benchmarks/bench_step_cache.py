"""Step caches: what each leaves out, and what it costs in likeness.

First the pocket model at its usual steps, the same prompts and seeds each time. Beside the caches
stands the same model at fewer steps, which leaves work out in the simplest way. Then one tiny model
of each family, whose random weights say nothing about pictures, only that work is left out.

`work` is the share of the denoiser's multiplications in linear layers that are left: it depends on
no machine. Likeness is measured against the clip without a cache; `right` is how often what is
asked for is seen, as in `generation.pocket.evaluate`.
"""

# diffusers and torch are partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from generation.device import Device
from generation.models.adapter import Frames, Shot
from generation.models.calibration import calibrated_ratios
from generation.models.card import Preset, Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.models.opening import FAMILIES, silence_libraries
from generation.models.step_cache import (
    SUITED,
    FasterCache,
    FirstBlockCache,
    MagCache,
    PyramidAttentionBroadcast,
    SeaCache,
    StepCache,
    TaylorSeer,
)
from generation.pocket.captions import simple_caption
from generation.pocket.evaluate import direction_scenes, judge, similarity
from generation.pocket.world import Scene
from tests.benchmarks.bench_adapters import load_tiny
from tests.benchmarks.denoiser_work import DenoiserWork
from tests.generation.models.contract import TinyModel, ignore_steps
from tests.generation.tiny.catalogue import TinyWeights

CLIPS = 6
FRAMES = 25
STEPS = 20
FEWER_STEPS = (14, 10, 7)
PLAIN = "plain"


@dataclass(frozen=True, kw_only=True)
class Made:
    seconds: float
    multiplications: int
    frames: Frames


class Bench:
    """One model with a preset for each way to be measured."""

    def __init__(self, tiny: TinyModel, ways: Mapping[str, Preset]) -> None:
        card = tiny.card
        self.ways = {PLAIN: card.default_preset, **ways}
        pipeline = tiny.pipeline_for(card.tasks[0])
        self._work = DenoiserWork(pipeline)
        self._model = DiffusersModel(
            pipeline,
            card=replace(card, presets={"default": card.default_preset, **self.ways}),
            family=FAMILIES[card.family],
            revision="",
            find=lambda source: Path(source.repository),
            embeddings=EmbeddingCache(2**24),
        )

    def make(self, way: str, shot: Shot) -> Made:
        steps = self.ways[way].steps_default
        self._work.begin()
        began = time.perf_counter()
        footage = self._model.generate(replace(shot, preset=way, steps=steps), ignore_steps)
        return Made(
            seconds=time.perf_counter() - began,
            multiplications=self._work.multiplications,
            frames=footage.frames,
        )


def _calibrated(tiny: TinyModel, shot: Shot) -> tuple[float, ...]:
    pipeline = tiny.pipeline_for(shot.task)
    return calibrated_ratios(
        pipeline, STEPS, lambda: tiny.model.generate(replace(shot, steps=STEPS), ignore_steps)
    )


def _caches(usual: Preset, ratios: tuple[float, ...]) -> Mapping[str, Preset]:
    caches: Mapping[str, StepCache] = {
        **{f"first block, {each:g}": FirstBlockCache(threshold=each) for each in (0.1, 0.2)},
        **{
            f"attention, every {each}": PyramidAttentionBroadcast(interval=each, timestep_max=950)
            for each in (2, 3)
        },
        **{f"Taylor, every {each}": TaylorSeer(interval=each) for each in (2, 3, 4)},
        "Taylor of order 2, every 3": TaylorSeer(order=2),
        **{
            f"magnitudes, {each:g}": MagCache(threshold=each, ratios=ratios)
            for each in (0.06, 0.12)
        },
    }
    return {name: replace(usual, step_cache=cache) for name, cache in caches.items()}


def _pocket(tiny: TinyModel) -> dict[str, Any]:
    """All ways in turn, clip by clip, so that a busy machine meets them alike."""
    usual, scenes = tiny.card.default_preset, direction_scenes(CLIPS)
    shots = [
        tiny.shot(Task.TEXT, prompt=simple_caption(scene), frames=FRAMES, seed=seed)
        for seed, scene in enumerate(scenes)
    ]
    ratios = _calibrated(tiny, replace(shots[0], seed=CLIPS))
    fewer = {f"{steps} steps": replace(usual, steps_default=steps) for steps in FEWER_STEPS}
    bench = Bench(tiny, {**_caches(usual, ratios), **fewer})
    bench.make(PLAIN, shots[0])
    made: dict[str, list[Made]] = {way: [] for way in bench.ways}
    for shot in shots:
        for way in bench.ways:
            made[way].append(bench.make(way, shot))
    return {way: _compared(each, made[PLAIN], scenes) for way, each in made.items()}


def _compared(made: list[Made], plain: list[Made], scenes: list[Scene]) -> dict[str, float]:
    """Figures of one way: medians of time, means of the rest."""
    pairs = list(zip(made, plain, strict=True))
    return {
        "times_as_fast": round(statistics.median(p.seconds / m.seconds for m, p in pairs), 2),
        "work": round(
            sum(m.multiplications for m in made) / sum(p.multiplications for p in plain), 2
        ),
        **({} if made is plain else _likeness(pairs)),
        **_followed(made, scenes),
    }


def _likeness(pairs: list[tuple[Made, Made]]) -> dict[str, float]:
    likeness = [
        similarity(frame, other)
        for one, usual in pairs
        for frame, other in zip(one.frames, usual.frames, strict=True)
    ]
    noise = [cv2.PSNR(one.frames, usual.frames) for one, usual in pairs]
    return {
        "ssim": round(float(np.mean(likeness)), 3),
        "least_ssim": round(min(likeness), 3),
        "psnr_decibels": round(float(np.mean(noise)), 1),
    }


def _followed(made: list[Made], scenes: list[Scene]) -> dict[str, float]:
    judged = [
        judge("step cache", scene, simple_caption(scene), number, one.frames).right
        for number, (scene, one) in enumerate(zip(scenes, made, strict=True))
    ]
    return {
        "right_motion": round(float(np.mean([right["motion"] for right in judged])), 2),
        "right_everything": round(float(np.mean([right["everything"] for right in judged])), 2),
    }


def _family(tiny: TinyModel) -> dict[str, Any]:
    """Each cache that suits it, as it comes."""
    usual = replace(tiny.card.default_preset, steps_default=STEPS)
    shot, suited = tiny.shot(tiny.card.tasks[0]), SUITED[tiny.card.family]
    ratios = _calibrated(tiny, shot) if "MagCache" in suited else (1.0, 1.0)
    caches: Mapping[str, StepCache] = {
        cache.name: cache
        for cache in (
            FirstBlockCache(),
            PyramidAttentionBroadcast(),
            FasterCache(),
            TaylorSeer(),
            MagCache(ratios=ratios),
            SeaCache(),
        )
    }
    card = replace(tiny.card, presets={"default": usual})
    ways = {name: replace(usual, step_cache=caches[name]) for name in suited}
    bench = Bench(replace(tiny, card=card), ways)
    made = {way: bench.make(way, shot) for way in bench.ways}
    plain = made.pop(PLAIN)
    return {
        way: {
            "work": round(one.multiplications / plain.multiplications, 2),
            **_likeness([(one, plain)]),
        }
        for way, one in made.items()
    }


def measure() -> dict[str, Any]:
    silence_libraries()
    device = Device.choose("cpu", threads=os.cpu_count() or 1)
    cards = {card.family: card for card in reversed(read_catalogue(CATALOGUE_FILE))}
    families: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="reelroom-tiny-") as folder:
        weights = TinyWeights(Path(folder))
        for family in SUITED:
            tiny = load_tiny(weights.card(cards[family]), device)
            if tiny is not None:
                families[family] = _pocket(tiny) if family == "pocket" else _family(tiny)
    return {"clips": CLIPS, "steps": STEPS, "pocket": families.pop("pocket"), "tiny": families}
