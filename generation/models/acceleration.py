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
from diffusers.hooks import FirstBlockCacheConfig

from generation.errors import GenerationFailed
from generation.models.adapter import Shot
from generation.models.card import Preset
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
        denoisers = [
            part
            for name, part in pipeline.components.items()
            if is_denoiser(name) and part is not None
        ]
        bucket = (shot.preset, shot.width, shot.height, shot.frames)
        self._asked[bucket] += 1
        hot = preset.compile and self._asked[bucket] > HOT_AFTER
        with contextlib.ExitStack() as stack:
            if hot:
                self._compile(denoisers)
            elif self._is_compiled:
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            if preset.first_block_cache:
                stack.enter_context(_cached_steps(denoisers, preset.first_block_cache))
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


@contextlib.contextmanager
def _cached_steps(denoisers: Sequence[Any], threshold: float) -> Generator[None, None, None]:
    with contextlib.ExitStack() as stack:
        for denoiser in denoisers:
            try:
                denoiser.enable_cache(FirstBlockCacheConfig(threshold=threshold))
            except (AttributeError, ValueError) as error:
                raise _not_made_for("first_block_cache", denoiser) from error
            stack.callback(denoiser.disable_cache)
        yield


def _not_made_for(key: str, denoiser: Any) -> GenerationFailed:
    return GenerationFailed(
        f"the preset sets {key}, which {type(denoiser).__name__} is not made for; remove it from "
        f"the catalogue"
    )
