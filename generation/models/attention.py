"""Which kernel computes attention."""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from typing import Any

from generation.errors import GenerationFailed
from generation.models.levers import Attention
from generation.models.tiers import is_denoiser

BACKENDS: dict[Attention, str] = {
    "native": "native",
    "flash": "flash",
    "cudnn": "_native_cudnn",
    "sage": "sage",
    "xformers": "xformers",
}
"""diffusers' names. Those that it would download at run time are none of them."""


def attend_by(pipeline: Any, attention: Attention) -> None:
    """Has a pipeline's denoisers compute attention so. Transformers alone can choose: UNets use
    torch's own, which picks a kernel by the device, as `native` does.

    Raises GenerationFailed where the package is not installed or does not know the device.
    """
    for name, part in pipeline.components.items():
        if is_denoiser(name) and name != "unet" and part is not None:
            try:
                part.set_attention_backend(BACKENDS[attention])
            except (ImportError, RuntimeError, ValueError) as error:
                raise GenerationFailed(f"generation.attention = {attention}: {error}") from error
