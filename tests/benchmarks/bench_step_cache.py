"""The first block cache at several thresholds: what it saves, and what it costs in likeness.

The pocket model at its usual steps, the same prompts and seeds each time. Beside the cache stands
the same model at fewer steps, which saves time in the simplest way. `blocks_computed` is the share
of the last block's computations that are left: it depends on no machine. Likeness is measured
against the uncached clip; `right` is how often what is asked for is seen, as in
`generation.pocket.evaluate`.
"""

# diffusers and torch are partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from generation.device import Device
from generation.models.adapter import Frames, Shot
from generation.models.card import ModelCard, Preset
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.models.opening import FAMILIES, silence_libraries
from generation.pocket.captions import simple_caption
from generation.pocket.evaluate import direction_scenes, judge, similarity
from generation.pocket.pipeline import load_pocket_pipeline
from generation.pocket.world import Scene
from generation.request import Camera
from tests.generation.models.contract import ignore_steps

CLIPS = 16
FRAMES = 25
SIDE = 128
THRESHOLDS = (0.05, 0.1, 0.2, 0.3)
FEWER_STEPS = (14, 10)
PLAIN = "plain"


@dataclass(frozen=True, kw_only=True)
class Made:
    seconds: float
    blocks: int
    frames: Frames


class Bench:
    """The pocket model with a preset for each way to be measured."""

    def __init__(self) -> None:
        silence_libraries()
        Device.choose("cpu", threads=os.cpu_count() or 1)
        card = next(card for card in read_catalogue(CATALOGUE_FILE) if card.id == "pocket")
        usual = card.default_preset
        self._ways = {
            PLAIN: usual,
            **{f"cache {each:g}": _cached(usual, each) for each in THRESHOLDS},
            **{f"{steps} steps": replace(usual, steps_default=steps) for steps in FEWER_STEPS},
        }
        self.card: ModelCard = replace(card, presets={"default": usual, **self._ways})
        pipeline = load_pocket_pipeline()
        self._model = DiffusersModel(
            pipeline,
            card=self.card,
            family=FAMILIES[card.family],
            revision="",
            find=lambda source: Path(source.repository),
            embeddings=EmbeddingCache(2**24),
        )
        self._blocks = 0
        pipeline.transformer.transformer_blocks[-1].ff.register_forward_hook(self._count)

    @property
    def ways(self) -> tuple[str, ...]:
        return tuple(self._ways)

    def make(self, way: str, prompt: str, seed: int) -> Made:
        preset = self._ways[way]
        shot = Shot(
            prompt=prompt,
            negative_prompt="",
            width=SIDE,
            height=SIDE,
            frames=FRAMES,
            fps=self.card.fps,
            seed=seed,
            steps=preset.steps_default,
            guidance=preset.guidance_default,
            motion=2,
            camera=Camera(),
            preset=way,
        )
        self._blocks = 0
        began = time.perf_counter()
        frames = self._model.generate(shot, ignore_steps).frames
        return Made(seconds=time.perf_counter() - began, blocks=self._blocks, frames=frames)

    def _count(self, *_: Any) -> None:
        self._blocks += 1


def _cached(preset: Preset, threshold: float) -> Preset:
    return replace(preset, first_block_cache=threshold)


def _compared(made: list[Made], plain: list[Made], scenes: list[Scene]) -> dict[str, float]:
    """Figures of one way: medians of time, means of the rest."""
    pairs = list(zip(made, plain, strict=True))
    return {
        "times_as_fast": round(statistics.median(p.seconds / m.seconds for m, p in pairs), 2),
        "blocks_computed": round(sum(m.blocks for m in made) / sum(p.blocks for p in plain), 2),
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


def measure() -> dict[str, Any]:
    bench = Bench()
    scenes = direction_scenes(CLIPS)
    made: dict[str, list[Made]] = {way: [] for way in bench.ways}
    bench.make(PLAIN, simple_caption(scenes[0]), 0)
    for seed, scene in enumerate(scenes):
        for way in bench.ways:  # in turn, so that a busy machine meets all alike
            made[way].append(bench.make(way, simple_caption(scene), seed))
    return {
        "model": "pocket",
        "clips": CLIPS,
        "steps": bench.card.default_preset.steps_default,
        "ways": {way: _compared(each, made[PLAIN], scenes) for way, each in made.items()},
    }
