"""The ways to hold a model, from the fastest to the one that needs least memory."""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import torch

from generation.device import Device
from generation.errors import GenerationFailed

WORKING_MEMORY_SHARE = 0.3
"""Share of the memory that activations may need beside the weights, until it was measured."""
QUANTISED_SHARE = 0.5
"""Eight bits a number instead of sixteen."""


class Tier(Enum):
    """Its value is how it is told to people."""

    RESIDENT = "whole"
    """All weights are on the device."""
    TILED = "decoded in tiles"
    """So they are, and pictures are decoded and encoded in tiles."""
    ENCODER_ASIDE = "with its text encoder in main memory"
    """Only the text encoder streams through the device, layer by layer, when words are new; tiles
    too."""
    QUANTISED = "with weights rounded to eight bits"
    """The large weights are half as large, and pictures differ a little; tiles too."""
    OFFLOADED = "moved to the device part by part"
    """Weights are in main memory, and one component at a time on the device; tiles too."""
    STREAMED = "streamed to the device layer by layer"
    """So they are, and of the large components only the layers at work and the next ones are on
    the device; tiles too."""

    @property
    def rests_in_main_memory(self) -> bool:
        return self in (Tier.OFFLOADED, Tier.STREAMED)


def tier_called(name: str) -> Tier:
    """The tier that is told to people by this name. Raises GenerationFailed."""
    try:
        return Tier(name)
    except ValueError:
        raise GenerationFailed(f"no model can be {name!r} any more") from None


def tiers_of(device: Device, *, quantises: bool) -> Sequence[Tier]:
    """Those that make a difference on a device, the fastest first.

    Only CUDA has a memory of its own that weights can be moved out of.
    """
    if not device.is_cuda:
        return (Tier.RESIDENT, Tier.TILED)
    return tuple(tier for tier in Tier if quantises or tier is not Tier.QUANTISED)


def suits(tier: Tier, parts: Iterable[str]) -> bool:
    """Whether a tier makes a difference for a model of these components."""
    match tier:
        case Tier.ENCODER_ASIDE:
            return any(is_text_encoder(part) for part in parts)
        case Tier.QUANTISED:
            return any(is_quantised(part) for part in parts)
        case _:
            return True


def is_text_encoder(part: str) -> bool:
    """By the names that diffusers gives to components; some models have several."""
    return part.startswith("text_encoder")


def is_denoiser(part: str) -> bool:
    return part == "unet" or part.startswith("transformer")


def is_quantised(part: str) -> bool:
    """UNets are convolutions, which are not rounded."""
    return is_text_encoder(part) or (is_denoiser(part) and part != "unet")


def place(pipeline: Any, device: Device, tier: Tier) -> None:
    """Puts a pipeline, loaded to main memory, where its tier has it."""
    match tier:
        case Tier.RESIDENT | Tier.TILED | Tier.QUANTISED:
            pipeline.to(device.torch_device)
        case Tier.OFFLOADED:
            pipeline.enable_model_cpu_offload(device=device.torch_device)
        case Tier.ENCODER_ASIDE:
            _stream(pipeline, device, is_text_encoder)
        case Tier.STREAMED:
            _stream(pipeline, device, lambda part: is_text_encoder(part) or is_denoiser(part))
    vae = pipeline.components.get("vae")
    if tier is not Tier.RESIDENT and hasattr(vae, "use_tiling"):  # not every one can
        vae.enable_tiling()


def _stream(pipeline: Any, device: Device, wanted: Callable[[str], bool]) -> None:
    """Layers of these components come to the device when they are used, the next ones meanwhile;
    the other components rest on it."""
    streamed = [
        name
        for name, part in pipeline.components.items()
        if wanted(name) and getattr(part, "_supports_group_offloading", True)
    ]
    pipeline.enable_group_offload(
        onload_device=device.torch_device,
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=device.is_cuda,
        exclude_modules=[name for name in pipeline.components if name not in streamed],
    )


def resting_bytes(tier: Tier, part_bytes: Mapping[str, int]) -> int:
    """What a model takes of the device between two shots, by the weights of its components."""
    total = sum(part_bytes.values())
    text = sum(size for name, size in part_bytes.items() if is_text_encoder(name))
    denoiser = sum(size for name, size in part_bytes.items() if is_denoiser(name))
    quantised = sum(size for name, size in part_bytes.items() if is_quantised(name))
    match tier:
        case Tier.RESIDENT | Tier.TILED:
            return total
        case Tier.ENCODER_ASIDE:
            return total - text
        case Tier.QUANTISED:
            return total - round(quantised * (1 - QUANTISED_SHARE))
        case Tier.OFFLOADED:
            return 0
        case Tier.STREAMED:
            return total - text - denoiser


def needed_bytes(
    tier: Tier, part_bytes: Mapping[str, int], working_bytes: int | None = None
) -> int:
    """What a tier must have of the device at the same time: what rests there, and what runs were
    seen to take beside it; before any run (None) an estimate by the weights."""
    if working_bytes is not None:
        return resting_bytes(tier, part_bytes) + working_bytes
    match tier:
        case Tier.RESIDENT:
            return round(sum(part_bytes.values()) / (1 - WORKING_MEMORY_SHARE))
        case Tier.OFFLOADED:
            return max(part_bytes.values(), default=0)
        case _:
            return resting_bytes(tier, part_bytes)


def best_tier(
    tiers: Sequence[Tier],
    part_bytes: Mapping[str, int],
    measured: Mapping[Tier, int | None],
    memory_bytes: int,
) -> Tier:
    """The fastest that fits when nothing else is loaded; the last one is always tried.

    `measured` is what runs in a tier took beside the weights that rest, where one was seen.
    """
    allowed = [tier for tier in tiers if suits(tier, part_bytes)]
    for tier in allowed:
        if needed_bytes(tier, part_bytes, measured.get(tier)) <= memory_bytes:
            return tier
    return allowed[-1]
