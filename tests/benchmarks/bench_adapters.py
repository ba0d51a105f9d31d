"""What an adapter adds to the bare pipeline call, family by family.

Tiny pipelines of the catalogue's classes, at sizes where a step takes at least 20 ms: what an
adapter costs does not grow with the model. Bare call and adapter make the same shot in turn.
"""

# torch is partly typed.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from generation.device import Device
from generation.models.adapter import Shot
from generation.models.card import ModelCard
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.models.family import Call
from generation.models.levers import Levers
from generation.models.opening import FAMILIES, load, silence_libraries
from generation.models.tiers import Tier
from generation.models.weights import WeightFolders
from tests.generation.models.contract import TinyModel, given, ignore_steps
from tests.generation.tiny.catalogue import TinyWeights

LEAST_STEP_SECONDS = 0.02
LARGEST_SIDE = 512
STEPS = 6
ROUNDS = 4
TARGET_RATIO = 1.05


def _bare(tiny: TinyModel, shot: Shot) -> None:
    assert isinstance(tiny.model, DiffusersModel)
    family, pipeline = FAMILIES[tiny.card.family], tiny.model.pipeline_for(shot.task)
    preset = tiny.card.preset(shot.preset)
    call = Call(shot=shot, preset=preset, card=tiny.card, pipeline=pipeline)
    pipeline.set_progress_bar_config(disable=True)
    torch.manual_seed(shot.seed)
    pipeline(
        **family.arguments(call),
        generator=torch.Generator("cpu").manual_seed(shot.seed),
        output_type=family.output_type,
    )


def _seconds(make: Callable[[], object]) -> float:
    began = time.perf_counter()
    make()
    return time.perf_counter() - began


def _step_seconds(tiny: TinyModel, shot: Shot) -> float:
    """Between the first and the last step: without text encoder and decoder."""
    times: list[float] = []
    tiny.model.generate(shot, lambda step, steps: times.append(time.perf_counter()))
    return (times[-1] - times[0]) / (len(times) - 1)


def _slow_enough(tiny: TinyModel) -> tuple[Shot, float]:
    """The smallest shot whose steps take long enough, and how long."""
    task = tiny.card.tasks[0]
    shot = tiny.shot(task, steps=max(STEPS, len(tiny.card.default_preset.timesteps)))
    while (seconds := _step_seconds(tiny, shot)) < LEAST_STEP_SECONDS:
        if shot.width * 2 > LARGEST_SIDE:
            break
        width, height = shot.width * 2, shot.height * 2
        shot = replace(shot, width=width, height=height, **given(task, width, height, shot.frames))
    return shot, seconds


def _compare(tiny: TinyModel) -> dict[str, Any]:
    shot, step_seconds = _slow_enough(tiny)
    bare: list[float] = []
    adapter: list[float] = []
    for number in range(ROUNDS):
        ways = [(bare, lambda: _bare(tiny, shot)), (adapter, lambda: _made(tiny, shot))]
        for seconds, make in ways if number % 2 else reversed(ways):
            seconds.append(_seconds(make))
    return {
        "side": shot.width,
        "step_ms": round(step_seconds * 1000),
        "bare_seconds": round(min(bare), 3),
        "ratio": round(min(adapter) / min(bare), 3),
        "ratio_of_medians": round(statistics.median(adapter) / statistics.median(bare), 3),
    }


def _made(tiny: TinyModel, shot: Shot) -> None:
    tiny.model.generate(shot, ignore_steps)


def load_tiny(card: ModelCard, device: Device) -> TinyModel | None:
    """None for what is no pipeline of diffusers, so that there is no bare call."""
    weights, embeddings = WeightFolders({}), EmbeddingCache(0)
    found = weights.of_model(card)
    model = load(
        card, found, weights, device, Tier.RESIDENT, embeddings=embeddings, levers=Levers()
    )
    if not isinstance(model, DiffusersModel):
        return None
    return TinyModel(card=card, model=model, embeddings=embeddings)


def measure() -> dict[str, Any]:
    """The least of the rounds is compared: what else runs on the machine only ever adds."""
    silence_libraries()
    device = Device.choose("cpu", threads=1)
    cards = {card.family: card for card in reversed(read_catalogue(CATALOGUE_FILE))}
    families: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="reelroom-tiny-") as folder:
        tiny = TinyWeights(Path(folder))
        for family, card in sorted(cards.items()):
            if (loaded := load_tiny(tiny.card(card), device)) is not None:
                families[family] = _compare(loaded)
    ratios = [each["ratio"] for each in families.values()]
    return {
        "rounds": ROUNDS,
        "families": families,
        "ratio_median": round(statistics.median(ratios), 3),
        "ratio_most": max(ratios),
        "target_ratio": TARGET_RATIO,
        "met": max(ratios) <= TARGET_RATIO,
    }
