"""Weights that stream to the device make the same clips. Here the device is main memory again: that
the hooks are in place and in order is proved, not what they save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from generation.device import Device
from generation.errors import GenerationFailed
from generation.models.attention import BACKENDS, attend_by
from generation.models.card import Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.quantising import can_quantise
from generation.models.tiers import Tier, best_tier, needed_bytes, resting_bytes, suits, tiers_of
from generation.request import Camera, CameraMove
from tests.generation.models.contract import TinyModel

FIRST_OF_FAMILY = [
    card.id
    for card in {card.family: card for card in reversed(read_catalogue(CATALOGUE_FILE))}.values()
]
PARTS = {"transformer": 500, "text_encoder": 300, "text_encoder_2": 100, "vae": 100}
GPU = Device(
    torch_device=torch.device("cuda", 0),
    dtype=torch.bfloat16,
    memory_bytes=8 * 2**30,
    description="a GPU",
)
Build = Callable[..., TinyModel]


class Interrupted(Exception):
    pass


def stop(step: int, steps: int) -> None:
    raise Interrupted


@pytest.mark.parametrize("model", FIRST_OF_FAMILY)
def test_a_model_that_is_streamed_makes_the_same_clip(tiny_model: Build, model: str) -> None:
    tiled, streamed = tiny_model(model, tier=Tier.TILED), tiny_model(model, tier=Tier.STREAMED)
    task = tiled.card.tasks[0]
    with pytest.raises(Interrupted):
        streamed.model.generate(streamed.shot(task), stop)
    assert np.array_equal(streamed.make(task).frames, tiled.make(task).frames)


@pytest.mark.parametrize("model", ["wan-2.1-1.3b", "sdxl"])
def test_a_text_encoder_aside_makes_the_same_clip(tiny_model: Build, model: str) -> None:
    tiled, aside = tiny_model(model, tier=Tier.TILED), tiny_model(model, tier=Tier.ENCODER_ASIDE)
    task = tiled.card.tasks[0]
    for _ in range(2):
        assert np.array_equal(aside.make(task).frames, tiled.make(task).frames)


def test_loras_and_motion_adapters_are_exchanged_in_a_streamed_model(tiny_model: Build) -> None:
    tiled = tiny_model("animatediff", tier=Tier.TILED)
    streamed = tiny_model("animatediff", tier=Tier.STREAMED)
    chosen = tiled.card.preset("lcm")
    for changes in (
        {"preset": "lcm", "steps": chosen.steps_default, "guidance": chosen.guidance_default},
        {"camera": Camera.of(CameraMove.ZOOM_IN)},
        {},
    ):
        made = streamed.make(Task.TEXT, **changes).frames
        assert np.array_equal(made, tiled.make(Task.TEXT, **changes).frames)


def test_every_tier_rests_on_less_than_the_one_before_and_needs_no_more() -> None:
    resting = [resting_bytes(tier, PARTS) for tier in Tier]
    assert resting == [1000, 1000, 600, 550, 0, 100]
    needed = [needed_bytes(tier, PARTS) for tier in Tier]
    assert needed == sorted(needed, reverse=True)


GIB = 2**30
WAN_14B = {
    "transformer": 26.1 * GIB,
    "text_encoder": 10.6 * GIB,
    "vae": 0.5 * GIB,
}
"""In bfloat16, the VAE in float32; diffusers' Wan 2.1 14B."""


@pytest.mark.parametrize(
    ("gigabytes", "expected", "without_rounding"),
    [
        (80, Tier.RESIDENT, Tier.RESIDENT),
        (40, Tier.TILED, Tier.TILED),
        (36, Tier.ENCODER_ASIDE, Tier.ENCODER_ASIDE),
        (24, Tier.QUANTISED, Tier.STREAMED),
        (12, Tier.STREAMED, Tier.STREAMED),
        (8, Tier.STREAMED, Tier.STREAMED),
    ],
)
def test_less_memory_means_a_slower_tier_and_never_none(
    gigabytes: int, expected: Tier, without_rounding: Tier
) -> None:
    parts = {name: round(size) for name, size in WAN_14B.items()}
    for quantises, tier in ((True, expected), (False, without_rounding)):
        tiers = tiers_of(GPU, quantises=quantises)
        assert best_tier(tiers, parts, {}, gigabytes * GIB) is tier


def test_what_a_run_took_overrules_the_estimate_both_ways() -> None:
    tiers, parts = tiers_of(GPU, quantises=False), PARTS
    assert best_tier(tiers, parts, {}, 1100) is Tier.TILED
    assert best_tier(tiers, parts, {Tier.RESIDENT: 90}, 1100) is Tier.RESIDENT
    assert best_tier(tiers, parts, {Tier.TILED: 101}, 1100) is Tier.ENCODER_ASIDE
    assert best_tier(tiers, parts, {Tier.OFFLOADED: 600}, 599) is Tier.STREAMED


def test_weights_move_out_of_the_device_only_where_it_has_a_memory_of_its_own() -> None:
    cpu = Device.choose("cpu", threads=1)
    assert tiers_of(cpu, quantises=True) == (Tier.RESIDENT, Tier.TILED)
    assert tiers_of(GPU, quantises=True) == tuple(Tier)
    assert Tier.QUANTISED not in tiers_of(GPU, quantises=False)


@pytest.mark.parametrize(
    ("parts", "tiers"),
    [
        (PARTS, set(Tier)),
        ({"unet": 5, "vae": 1}, set(Tier) - {Tier.ENCODER_ASIDE, Tier.QUANTISED}),
        ({"transformer": 5, "vae": 1}, set(Tier) - {Tier.ENCODER_ASIDE}),
    ],
)
def test_a_tier_that_would_change_nothing_for_a_model_is_left_out(
    parts: Mapping[str, int], tiers: set[Tier]
) -> None:
    assert {tier for tier in Tier if suits(tier, parts)} == tiers


def test_nothing_is_rounded_unless_asked_for_and_made_for_the_device() -> None:
    assert not can_quantise("none", GPU)
    assert not can_quantise("int8", replace(GPU, torch_device=torch.device("cpu")))


def test_the_attention_that_is_set_reaches_every_layer(tiny_model: Build) -> None:
    from diffusers.models.attention_dispatch import AttentionBackendName

    pipeline = tiny_model("wan-2.1-1.3b").pipeline_for(Task.TEXT)
    processors = [block.attn1.processor for block in pipeline.transformer.blocks]
    try:
        attend_by(pipeline, "cudnn")
        backends = {processor._attention_backend for processor in processors}
        assert backends == {AttentionBackendName(BACKENDS["cudnn"])}
    finally:
        attend_by(pipeline, "native")


def test_attention_by_a_package_that_is_not_installed_says_which_setting(
    tiny_model: Build,
) -> None:
    pipeline = tiny_model("wan-2.1-1.3b").pipeline_for(Task.TEXT)
    with pytest.raises(GenerationFailed, match=r"generation\.attention = sage"):
        attend_by(pipeline, "sage")
