"""Clips without an end: latents that go round in time while they are denoised.

Between two steps everything is shifted along time, and what falls off one end comes in at the
other, so that each moment is denoised beside both its neighbours and none is the last: the latent
shift of Mobius (arXiv 2502.20307). A multistep scheduler's history is shifted too, for its next
step mixes it with the latents.
"""

# diffusers' schedulers and autoencoders are untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import contextlib
import functools
from collections.abc import Generator
from typing import Any

import torch
from torch import Tensor

from generation.errors import GenerationFailed

CONTEXT_LATENTS = 2
"""The last latents that are decoded before the first again, since a causal autoencoder makes a
frame of what came before it. With two the first frame is hardly different from one amid a clip."""


@contextlib.contextmanager
def going_round(pipeline: Any, *, axis: int, steps: int) -> Generator[None]:
    """Within it the pipeline, whose scheduler is used for this run alone, makes a circle.

    Of n latent frames come n times as many frames as one latent frame stands for.
    """
    roll_steps(pipeline.scheduler, axis=axis, steps=steps)
    plain = pipeline.vae.decode

    @functools.wraps(plain)
    def decode(latents: Tensor, *arguments: Any, **options: Any) -> Any:
        if latents.ndim < 5:  # pictures one by one, (batch, channels, height, width)
            return plain(latents, *arguments, **options)
        count = latents.shape[2]
        context = latents[:, :, -CONTEXT_LATENTS:]
        result = plain(torch.cat([context, latents], dim=2), *arguments, **options)
        frames = result[0]
        begin = _first_of_circle(frames.shape[2], count, context.shape[2])
        return _with_first(result, frames[:, :, begin:])

    pipeline.vae.decode = decode
    try:
        yield
    finally:
        del pipeline.vae.decode


def roll_steps(scheduler: Any, *, axis: int, steps: int) -> None:
    """Lets each step of the scheduler shift samples and history along `axis` of the sample.

    By as much as takes every moment once round in so many steps, at least by one.
    """
    plain = scheduler.step

    @functools.wraps(plain)
    def step(*arguments: Any, **options: Any) -> Any:
        result = plain(*arguments, **options)
        shape = result[0].shape
        stride = max(1, round(shape[axis] / steps))

        def rolled(value: Any) -> Any:
            if isinstance(value, Tensor) and value.shape == shape:
                return torch.roll(value, -stride, axis)
            return [rolled(each) for each in value] if isinstance(value, list) else value

        for name, value in vars(scheduler).items():
            if isinstance(value, Tensor | list):
                setattr(scheduler, name, rolled(value))
        if isinstance(result, tuple):
            return tuple(rolled(value) for value in result)
        return type(result)(**{name: rolled(value) for name, value in result.items()})

    scheduler.step = step


def _first_of_circle(frames: int, latents: int, context: int) -> int:
    """A causal autoencoder makes one frame of the first latent frame and equally many of each
    other one."""
    beyond = latents + context - 1
    if beyond < 1 or (frames - 1) % beyond:
        raise GenerationFailed(f"{latents + context} latent frames became {frames} frames")
    return frames - latents * ((frames - 1) // beyond)


def _with_first(result: Any, frames: Tensor) -> Any:
    return (frames, *result[1:]) if isinstance(result, tuple) else type(result)(sample=frames)
