"""The ways to hold a model, from the fastest to the one that needs least memory."""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from generation.device import Device
from generation.errors import GenerationFailed

WORKING_MEMORY_SHARE = 0.3
"""Share of the memory that activations may need beside the weights, until it was measured."""


class Tier(Enum):
    """Its value is how it is told to people."""

    RESIDENT = "whole"
    """All weights are on the device."""
    TILED = "decoded in tiles"
    """So they are, and pictures are decoded and encoded in tiles."""
    OFFLOADED = "moved to the device part by part"
    """Weights are in main memory, and one component at a time on the device; tiles too."""


def tier_called(name: str) -> Tier:
    """The tier that is told to people by this name. Raises GenerationFailed."""
    try:
        return Tier(name)
    except ValueError:
        raise GenerationFailed(f"no model can be {name!r} any more") from None


def tiers_of(device: Device) -> Sequence[Tier]:
    """Those that make a difference on a device, the fastest first.

    Only CUDA has a memory of its own that weights can be moved out of.
    """
    return tuple(Tier) if device.is_cuda else (Tier.RESIDENT, Tier.TILED)


def place(pipeline: Any, device: Device, tier: Tier) -> None:
    """Puts a pipeline, loaded to main memory, where its tier has it."""
    if tier is Tier.OFFLOADED:
        pipeline.enable_model_cpu_offload(device=device.torch_device)
    else:
        pipeline.to(device.torch_device)
    if tier is not Tier.RESIDENT and hasattr(pipeline.vae, "use_tiling"):  # not every one can
        pipeline.vae.enable_tiling()


def needed_bytes(tier: Tier, part_bytes: Sequence[int]) -> int:
    """What a tier must have of the device at the same time, before any run has measured it.

    `part_bytes` are the weights of each component.
    """
    match tier:
        case Tier.RESIDENT:
            return round(sum(part_bytes) / (1 - WORKING_MEMORY_SHARE))
        case Tier.TILED:
            return sum(part_bytes)
        case Tier.OFFLOADED:
            return max(part_bytes, default=0)
