"""Step caches: what a denoiser computed at one step is taken again at later ones.

Choices of a preset, as data. All are diffusers' own (`enable_cache`); `cached_steps` puts them on.
Importing this module does not import torch.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from generation.models.fields import STRICT, Count, Positive

Interval = Annotated[int, Field(ge=2)]
Timestep = Annotated[int, Field(ge=0, le=1000)]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstBlockCache:
    """Only the first block is computed at a step where it changes its input by nearly as much as
    at the last whole one; what the other blocks added then is added again (ParaAttention).

    `threshold` is the share by which the change may differ; 0.05 to 0.2 is usual.
    """

    __pydantic_config__ = STRICT

    name: Literal["FirstBlockCache"] = "FirstBlockCache"
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class PyramidAttentionBroadcast:
    """Attention is computed at every `interval`th step and taken again at the others, where the
    timestep (of 1000, falling) is between the two (arXiv 2408.12588)."""

    __pydantic_config__ = STRICT

    name: Literal["PyramidAttentionBroadcast"] = "PyramidAttentionBroadcast"
    interval: Interval = 2
    timestep_min: Timestep = 100
    timestep_max: Timestep = 800

    def __post_init__(self) -> None:
        if self.timestep_min >= self.timestep_max:
            raise ValueError("timestep_min is not below timestep_max")


@dataclass(frozen=True, kw_only=True, slots=True)
class FasterCache:
    """In the later two thirds of the steps attention is computed at every `interval`th and
    extrapolated at the others, and the half of guidance without the prompt at every
    `guidance_interval`th (arXiv 2410.19355). diffusers calls it experimental."""

    __pydantic_config__ = STRICT

    name: Literal["FasterCache"] = "FasterCache"
    interval: Interval = 2
    guidance_interval: Interval = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class TaylorSeer:
    """After `warm_up_steps` all blocks are computed at every `interval`th step; in between the
    result is continued by a Taylor series of `order` (arXiv 2503.06923, its lite form)."""

    __pydantic_config__ = STRICT

    name: Literal["TaylorSeer"] = "TaylorSeer"
    interval: Interval = 3
    warm_up_steps: Count = 3
    order: Annotated[int, Field(ge=0, le=3)] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class MagCache:
    """All blocks are left out while the error that is expected of that stays below `threshold`,
    for at most `skipped_steps_max` steps on end and never in the first `retention` of them.

    What is expected are `ratios`: how much what the blocks add grows from step to step, measured
    once for the weights (arXiv 2506.09045); other numbers of steps take the nearest of them.
    """

    __pydantic_config__ = STRICT

    name: Literal["MagCache"] = "MagCache"
    threshold: Positive = 0.06
    skipped_steps_max: Count = 3
    retention: Annotated[float, Field(ge=0, lt=1)] = 0.2
    ratios: Annotated[tuple[Positive, ...], Field(min_length=2)]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeaCache:
    """All blocks are left out while what is seen changed by less than `threshold` since the last
    whole step, noise filtered out, for at most `skipped_steps_max` steps on end; what they would
    add is extrapolated to `order` (arXiv 2602.18993)."""

    __pydantic_config__ = STRICT

    name: Literal["SeaCache"] = "SeaCache"
    threshold: Positive = 0.25
    skipped_steps_max: Count = 2
    order: Annotated[int, Field(ge=0, le=1)] = 1


StepCache = Annotated[
    FirstBlockCache | PyramidAttentionBroadcast | FasterCache | TaylorSeer | MagCache | SeaCache,
    Field(discriminator="name"),
]
CacheName = Literal[
    "FirstBlockCache",
    "PyramidAttentionBroadcast",
    "FasterCache",
    "TaylorSeer",
    "MagCache",
    "SeaCache",
]

SUITED: Mapping[str, tuple[CacheName, ...]] = {
    "cogvideox": (
        "FirstBlockCache",
        "PyramidAttentionBroadcast",
        "FasterCache",
        "TaylorSeer",
        "MagCache",
    ),
    "framepack": ("FirstBlockCache", "PyramidAttentionBroadcast", "TaylorSeer", "MagCache"),
    "hunyuan": ("FirstBlockCache", "PyramidAttentionBroadcast", "TaylorSeer", "MagCache"),
    "hunyuan-1.5": ("TaylorSeer",),
    "kandinsky-5": ("TaylorSeer",),
    "ltx": ("FirstBlockCache", "PyramidAttentionBroadcast", "TaylorSeer", "MagCache"),
    "ltx-2": ("TaylorSeer",),
    "mochi": (
        "FirstBlockCache",
        "PyramidAttentionBroadcast",
        "FasterCache",
        "TaylorSeer",
        "MagCache",
    ),
    "pocket": ("FirstBlockCache", "PyramidAttentionBroadcast", "TaylorSeer", "MagCache"),
    "skyreels-2": ("TaylorSeer",),
    "wan": ("FirstBlockCache", "TaylorSeer", "MagCache", "SeaCache"),
    "wan-vace": ("TaylorSeer",),
}
"""The caches that the contract suite proves for each family; those with UNets have none.

What is not here, though diffusers 0.42.1 would let some of it be switched on:

- PyramidAttentionBroadcast and FasterCache where the two halves of guidance are two calls (Wan,
  HunyuanVideo 1.5, Kandinsky 5, SkyReels-V2, LTX-2): they keep one memory for both halves, so that
  one is given the attention of the other.
- FirstBlockCache, MagCache and SeaCache for VACE, whose transformer adds to what every block gives:
  it would be added to a step that was left out a second time.
- FirstBlockCache for Kandinsky 5, whose blocks name their input otherwise than it expects, and
  MagCache, which cannot be calibrated where the halves of guidance are not told apart; and all but
  TaylorSeer for blocks that diffusers has not registered (LTX-2, HunyuanVideo 1.5,
  SkyReels-V2).
- FasterCache for LTX, whose samples are a row of tokens; and where guidance is an input of the
  transformer, so that there is no second half to leave out (HunyuanVideo, FramePack).
- SeaCache but for Wan, the only one of these whose pipeline tells it the step's noise.
- Any for SANA-Video, whose transformer has none.
"""

ONLY_FROM_WORDS: tuple[CacheName, ...] = ("SeaCache",)
"""What diffusers has of it for Wan is for shots from words alone."""
ONLY_WHOLE_SCHEDULES: tuple[CacheName, ...] = ("MagCache",)
"""Its ratios belong to steps from pure noise on; a clip that is made anew begins amid them."""


def told(cache: StepCache) -> str:
    """Its name and settings, as they are kept with a clip; of ratios a fingerprint."""
    settings = {name: value for name, value in dataclasses.asdict(cache).items() if name != "name"}
    if isinstance(cache, MagCache):
        digest = hashlib.sha256(repr(cache.ratios).encode()).hexdigest()
        settings["ratios"] = f"{len(cache.ratios)} of {digest[:8]}"
    return f"{cache.name} ({', '.join(f'{name}={value}' for name, value in settings.items())})"
