"""Tiny models that make clips larger."""

# diffusers and transformers are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
from __future__ import annotations

from pathlib import Path

import torch
from diffusers import LTXLatentUpsamplePipeline
from diffusers.pipelines.ltx.modeling_latent_upsampler import LTXLatentUpsamplerModel
from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution

from tests.generation.tiny_ltx import LATENT_CHANNELS, tiny_autoencoder


def save_ltx_upscaler(folder: Path) -> None:
    autoencoder = tiny_autoencoder()
    torch.manual_seed(0)
    upsampler = LTXLatentUpsamplerModel(
        in_channels=LATENT_CHANNELS, mid_channels=32, num_blocks_per_stage=1
    )
    pipeline = LTXLatentUpsamplePipeline(vae=autoencoder, latent_upsampler=upsampler.eval())
    pipeline.save_pretrained(folder, safe_serialization=True)


def save_swin2sr(folder: Path) -> None:
    _save_swin2sr(folder, upsampler="pixelshuffle")


def save_swin2sr_light(folder: Path) -> None:
    _save_swin2sr(folder, upsampler="pixelshuffledirect")


def save_swin2sr_of_four(folder: Path) -> None:
    """One that makes pictures four times as large, as those trained on real pictures do."""
    _save_swin2sr(folder, upsampler="nearest+conv", upscale=4)


def _save_swin2sr(folder: Path, *, upsampler: str, upscale: int = 2) -> None:
    torch.manual_seed(0)
    config = Swin2SRConfig(
        embed_dim=12, depths=[2], num_heads=[2], upsampler=upsampler, upscale=upscale
    )
    Swin2SRForImageSuperResolution(config).eval().save_pretrained(folder)
