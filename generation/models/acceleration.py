"""What a preset may spend likeness or start-up time on for faster steps; off unless it says so."""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

import torch

from generation.errors import GenerationFailed
from generation.models.adapter import Shot
from generation.models.cached_steps import cached_steps, is_used_for, refuse_unsuited
from generation.models.card import ModelCard, Preset
from generation.models.step_cache import StepCache
from generation.models.tiers import is_denoiser

HOT_AFTER = 2
"""Shots of one size and length that run uncompiled: to compile takes up to minutes, and pays for
itself only in a bucket that members keep asking for."""

Bucket = tuple[str, int, int, int]
"""Preset, width, height, frames: what compiled code is made for."""


class Acceleration:
    """Of one loaded model. `compiler` is torch.compile's backend."""

    def __init__(self, compiler: str = "inductor") -> None:
        self._compiler = compiler
        self._asked: Counter[Bucket] = Counter()
        self._is_compiled = False

    @contextlib.contextmanager
    def applied(self, pipeline: Any, preset: Preset, shot: Shot) -> Generator[None, None, None]:
        """Within it, the pipeline's denoisers run as the preset says, and afterwards plainly.

        Raises GenerationFailed where they are not made for it.
        """
        denoisers, cache = _denoisers(pipeline), step_cache_of(preset, shot)
        bucket = (shot.preset, shot.width, shot.height, shot.frames)
        self._asked[bucket] += 1
        hot = preset.compile and self._asked[bucket] > HOT_AFTER
        with contextlib.ExitStack() as stack:
            if hot:
                self._compile(denoisers)
            elif self._is_compiled:
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            if cache is not None:
                stack.enter_context(cached_steps(pipeline, denoisers, cache, shot))
            yield

    def _compile(self, denoisers: Sequence[Any]) -> None:
        """The blocks that repeat, which is as fast as the whole and compiles several times faster
        (diffusers' documentation of torch.compile)."""
        if self._is_compiled:
            return
        for denoiser in denoisers:
            try:
                denoiser.compile_repeated_blocks(backend=self._compiler)
            except (AttributeError, ValueError) as error:
                raise _not_made_for("compile", denoiser) from error
        self._is_compiled = True


def step_cache_of(preset: Preset, shot: Shot) -> StepCache | None:
    """The preset's, if it is used for such a shot."""
    cache = preset.step_cache
    return cache if cache is not None and is_used_for(cache, shot) else None


def refuse_unsuited_caches(card: ModelCard, pipeline: Any) -> None:
    """Raises GenerationFailed for a preset whose step cache the loaded parts are not made for."""
    for name, preset in card.presets.items():
        if preset.step_cache is not None:
            try:
                refuse_unsuited(preset.step_cache, _denoisers(pipeline))
            except GenerationFailed as error:
                raise GenerationFailed(f"model {card.id}, preset {name}: {error}") from error


def _denoisers(pipeline: Any) -> Sequence[Any]:
    return [
        part for name, part in pipeline.components.items() if is_denoiser(name) and part is not None
    ]


def _not_made_for(key: str, denoiser: Any) -> GenerationFailed:
    return GenerationFailed(
        f"the preset sets {key}, which {type(denoiser).__name__} is not made for; remove it from "
        f"the catalogue"
    )
