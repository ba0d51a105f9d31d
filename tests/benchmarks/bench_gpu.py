"""Seconds a clip and peak memory on a GPU: plain diffusers against our runtime, lever by lever.

Real sizes, random weights, the sizes, lengths and steps of the catalogue. Without a GPU it says so.
`python -m tests.benchmarks.bench_gpu --rehearse` runs the same over a tiny model on the CPU, except
what is compiled; it proves the script and measures nothing.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import torch

from generation.device import Device
from generation.errors import GenerationError
from generation.model_check import shortest_shot
from generation.models.adapter import Shot
from generation.models.attention import attend_by
from generation.models.card import ModelCard
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.models.family import Call
from generation.models.levers import Attention
from generation.models.opening import FAMILIES, silence_libraries
from generation.models.step_cache import FirstBlockCache, TaylorSeer
from generation.models.tiers import Tier, place
from tests.benchmarks.full_size import FULL_SIZE
from tests.generation.models.contract import ignore_steps
from tests.generation.tiny.catalogue import TinyWeights

ROUNDS = 2
WARM_UP = 3
"""More than `acceleration.HOT_AFTER`, so that what is compiled is compiled before it is timed."""
TARGET_RATIO = 1.5
CACHE_BYTES = 64 * 2**20
Build = Callable[[torch.device], Any]


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One way to run a model that is plain otherwise."""

    tier: Tier = Tier.RESIDENT
    cache_bytes: int = 0
    attention: Attention = "native"
    preset: Mapping[str, Any] | None = None


LEVERS: Mapping[str, Lever] = {
    "adapter alone": Lever(),
    "remembered prompt": Lever(cache_bytes=CACHE_BYTES),
    "attention by cuDNN": Lever(attention="cudnn"),
    "first block cache 0.1": Lever(preset={"step_cache": FirstBlockCache(threshold=0.1)}),
    "TaylorSeer": Lever(preset={"step_cache": TaylorSeer()}),
    "compiled": Lever(preset={"compile": True}),
    "prompt remembered, compiled": Lever(cache_bytes=CACHE_BYTES, preset={"compile": True}),
    **{
        tier.value: Lever(tier=tier) for tier in Tier if tier not in (Tier.RESIDENT, Tier.QUANTISED)
    },
}


def measure() -> dict[str, Any]:
    if not torch.cuda.is_available():
        return {"left_out": "torch sees no CUDA device here; nothing is measured"}
    cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}
    device = Device.choose("cuda", threads=1)
    models = {
        name: (cards[name], build, _usual_shot(cards[name])) for name, build in FULL_SIZE.items()
    }
    return _report(device, models)


def rehearse() -> dict[str, Any]:
    cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}
    device = Device.choose("cpu", threads=1)
    with tempfile.TemporaryDirectory(prefix="reelroom-tiny-") as folder:
        tiny = TinyWeights(Path(folder))
        small = {name: tiny.card(cards[name]) for name in ("wan-2.1-1.3b",)}
        models = {name: (card, _saved(card), shortest_shot(card)) for name, card in small.items()}
        return _report(device, models)


def _saved(card: ModelCard) -> Build:
    pipeline_class = getattr(diffusers, FAMILIES[card.family].pipelines[card.tasks[0]])
    return lambda device: pipeline_class.from_pretrained(card.source.repository)


def _report(device: Device, models: Mapping[str, tuple[ModelCard, Build, Shot]]) -> dict[str, Any]:
    silence_libraries()
    return {
        "device": device.description,
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "rounds": ROUNDS,
        "models": {name: dict(_compare(device, *each)) for name, each in models.items()},
    }


def _compare(
    device: Device, card: ModelCard, build: Build, shot: Shot
) -> Iterator[tuple[str, Any]]:
    yield "shot", f"{shot.width} x {shot.height}, {shot.frames} frames, {shot.steps} steps"
    pipeline = build(device.torch_device)
    pipeline.to(device.torch_device)
    pipeline.set_progress_bar_config(disable=True)
    plain = _measured(device, lambda: _bare(pipeline, card, shot))
    yield "plain diffusers", plain
    best = 0.0
    for name, lever in LEVERS.items():
        if not device.is_cuda and (lever.preset or {}).get("compile"):
            continue
        del pipeline
        gc.collect()
        device.free_unused_memory()
        pipeline = build(device.torch_device)
        try:
            figures = _measured(device, _made(pipeline, card, lever, shot, device))
            figures["times_plain"] = round(plain["seconds"] / figures["seconds"], 2)
            best = max(best, figures["times_plain"])
        except (GenerationError, RuntimeError, ValueError) as error:
            figures = {"failed": f"{type(error).__name__}: {error}"[:200]}
        yield name, figures
    yield "best_ratio", best
    yield "met", best >= TARGET_RATIO


def _usual_shot(card: ModelCard) -> Shot:
    """The card's first size, its usual length and steps."""
    preset = card.default_preset
    return replace(
        shortest_shot(card),
        frames=card.frames_generated(card.seconds_default),
        steps=preset.steps_default,
        guidance=preset.guidance_default,
    )


def _bare(pipeline: Any, card: ModelCard, shot: Shot) -> None:
    call = Call(shot=shot, preset=card.default_preset, card=card, pipeline=pipeline)
    family = FAMILIES[card.family]
    generator = torch.Generator("cpu").manual_seed(shot.seed)
    pipeline(**family.arguments(call), generator=generator, output_type=family.output_type)


def _made(
    pipeline: Any, card: ModelCard, lever: Lever, shot: Shot, device: Device
) -> Callable[[], None]:
    """Makes the shot with this lever, by the pipeline put where its tier has it."""
    pipeline.to("cpu" if lever.tier is not Tier.RESIDENT else device.torch_device)
    place(pipeline, device, lever.tier)
    attend_by(pipeline, lever.attention)
    preset = replace(card.default_preset, **(lever.preset or {}))
    model = DiffusersModel(
        pipeline,
        card=replace(card, presets={"default": preset}),
        family=FAMILIES[card.family],
        revision="",
        find=lambda source: Path(source.repository),
        embeddings=EmbeddingCache(lever.cache_bytes),
    )

    def make() -> None:
        model.generate(shot, ignore_steps)

    return make


def _measured(device: Device, make: Callable[[], None]) -> dict[str, Any]:
    for _ in range(WARM_UP):
        make()
    device.begin_peak()
    seconds: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        make()  # its frames come to main memory, so the device has finished
        seconds.append(time.perf_counter() - began)
    return {
        "seconds": round(min(seconds), 3),
        "peak_gib": round(device.peak_bytes() / 2**30, 2),
    }


if __name__ == "__main__":
    print(json.dumps(rehearse() if "--rehearse" in sys.argv else measure(), indent=2))
