"""Puts a preset's step cache on a pipeline for one shot, and takes it off again."""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
from __future__ import annotations

import contextlib
import functools
from collections.abc import Generator, Sequence
from typing import Any

import torch
from diffusers.hooks import (
    FasterCacheConfig,
    FirstBlockCacheConfig,
    MagCacheConfig,
    PyramidAttentionBroadcastConfig,
    SeaCacheConfig,
    TaylorSeerCacheConfig,
)

from generation.errors import GenerationFailed
from generation.models.adapter import Shot
from generation.models.card import Task
from generation.models.step_cache import (
    ONLY_FROM_WORDS,
    ONLY_WHOLE_SCHEDULES,
    FasterCache,
    FirstBlockCache,
    MagCache,
    PyramidAttentionBroadcast,
    SeaCache,
    StepCache,
    TaylorSeer,
)

BLOCKS = r"[a-z_]*blocks\.\d+"
"""A transformer's blocks, by name."""
RESULTS = r"(audio_)?proj_out|out_layer"
"""The layers that make a transformer's result of what its blocks give."""
NAMELESS = (
    "HunyuanVideoFramepackPipeline",
    "Kandinsky5I2VPipeline",
    "Kandinsky5T2VPipeline",
    "WanVideoToVideoPipeline",
)
"""Pipelines of diffusers 0.42.1 that do not tell caches which call of the transformer is which."""
FASTER_CACHE_FORMATS = {"CogVideoXTransformer3DModel": "BFCHW"}
"""Order of the axes of what a transformer gives, where it is not batch, channels, frames..."""


def is_used_for(cache: StepCache, shot: Shot) -> bool:
    """Whether this shot's steps are cached; otherwise all of them are computed.

    In a shot that goes round, everything has moved along time by the next step, so that what was
    computed for one moment would be taken for another. Without guidance there is no half of it to
    leave out.
    """
    if shot.goes_round or (isinstance(cache, FasterCache) and shot.guidance <= 1):
        return False
    if cache.name in ONLY_FROM_WORDS:
        return shot.task is Task.TEXT
    return cache.name not in ONLY_WHOLE_SCHEDULES or shot.task is not Task.VIDEO


@contextlib.contextmanager
def cached_steps(
    pipeline: Any, denoisers: Sequence[Any], cache: StepCache, shot: Shot
) -> Generator[None]:
    """Within it the denoisers leave out what the cache lets them. Nothing is remembered from one
    denoising loop to the next, nor afterwards.

    Raises GenerationFailed where they are not made for it.
    """
    refuse_unsuited(cache, denoisers)
    config = _config(cache, pipeline, shot)
    with contextlib.ExitStack() as stack:
        for denoiser in denoisers:
            try:
                denoiser.enable_cache(config)
            except (AttributeError, ValueError) as error:
                raise _not_made_for(cache, denoiser) from error
            stack.callback(denoiser.disable_cache)
        calls: list[_CallNames] = []
        if type(pipeline).__name__ in NAMELESS:
            calls = [stack.enter_context(_CallNames(denoiser)) for denoiser in denoisers]
        stack.enter_context(_fresh_loops(pipeline, denoisers, calls))
        yield


def refuse_unsuited(cache: StepCache, denoisers: Sequence[Any]) -> None:
    """Raises GenerationFailed for what the family alone does not tell (`step_cache.SUITED`)."""
    if isinstance(cache, MagCache) and len(denoisers) > 1:
        raise GenerationFailed(
            "MagCache's ratios are of one transformer, and this model has two; remove step_cache "
            "from the catalogue, or choose another"
        )
    for denoiser in denoisers:
        if not hasattr(denoiser, "enable_cache"):
            raise _not_made_for(cache, denoiser)


def _not_made_for(cache: StepCache, denoiser: Any) -> GenerationFailed:
    return GenerationFailed(
        f"{type(denoiser).__name__} is not made for {cache.name}; remove step_cache from the "
        f"catalogue, or choose another"
    )


def _config(cache: StepCache, pipeline: Any, shot: Shot) -> Any:
    match cache:
        case FirstBlockCache():
            return FirstBlockCacheConfig(threshold=cache.threshold)
        case PyramidAttentionBroadcast():
            timesteps = (cache.timestep_min, cache.timestep_max)
            return PyramidAttentionBroadcastConfig(
                spatial_attention_block_skip_range=cache.interval,
                spatial_attention_timestep_skip_range=timesteps,
                current_timestep_callback=lambda: pipeline.current_timestep,
            )
        case FasterCache():
            return _faster_cache(cache, pipeline)
        case TaylorSeer():
            return TaylorSeerCacheConfig(
                cache_interval=cache.interval,
                disable_cache_before_step=cache.warm_up_steps,
                max_order=cache.order,
                taylor_factors_dtype=torch.float32,  # of the result alone, which is small
                skip_predict_identifiers=[BLOCKS],
                cache_identifiers=[RESULTS],
            )
        case MagCache():
            return MagCacheConfig(
                threshold=cache.threshold,
                max_skip_steps=cache.skipped_steps_max,
                retention_ratio=cache.retention,
                num_inference_steps=shot.steps,
                mag_ratios=list(cache.ratios),
            )
        case SeaCache():
            return SeaCacheConfig(
                threshold=cache.threshold,
                max_consecutive_cached=cache.skipped_steps_max,
                residual_order=cache.order,
            )


def _faster_cache(cache: FasterCache, pipeline: Any) -> FasterCacheConfig:
    kind = type(pipeline.transformer).__name__
    return FasterCacheConfig(
        spatial_attention_block_skip_range=cache.interval,
        unconditional_batch_skip_range=cache.guidance_interval,
        attention_weight_callback=lambda _: 0.5,
        tensor_format=FASTER_CACHE_FORMATS.get(kind, "BCFHW"),
        current_timestep_callback=lambda: pipeline.current_timestep,
    )


class _CallNames:
    """Names the calls of a denoiser by their number within a step, so that the two halves of
    guidance keep a memory each."""

    def __init__(self, denoiser: Any) -> None:
        self._denoiser = denoiser
        self._number = 0
        self._named: contextlib.AbstractContextManager[None] = contextlib.nullcontext()

    def __enter__(self) -> _CallNames:
        self._hooks = (
            self._denoiser.register_forward_pre_hook(self._before),
            self._denoiser.register_forward_hook(self._after, always_call=True),
        )
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def begin_step(self) -> None:
        self._number = 0

    def _before(self, *_: object) -> None:
        self._number += 1
        self._named = self._denoiser.cache_context(f"call {self._number}")
        self._named.__enter__()

    def _after(self, *_: object) -> None:
        self._named.__exit__(None, None, None)


@contextlib.contextmanager
def _fresh_loops(
    pipeline: Any, denoisers: Sequence[Any], calls: Sequence[_CallNames]
) -> Generator[None]:
    """Each denoising loop has a progress bar: what was remembered is forgotten when it is made, and
    each `update` of it ends a step."""
    plain = pipeline.progress_bar

    @functools.wraps(plain)
    def bar(*arguments: Any, **options: Any) -> Any:
        for denoiser in denoisers:
            denoiser._reset_stateful_cache()
        made = plain(*arguments, **options)
        update = made.update

        def ended(*counts: Any) -> Any:
            for each in calls:
                each.begin_step()
            return update(*counts)

        for each in calls:
            each.begin_step()
        made.update = ended
        return made

    pipeline.progress_bar = bar
    try:
        yield
    finally:
        pipeline.progress_bar = plain
