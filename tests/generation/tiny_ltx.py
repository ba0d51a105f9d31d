"""A whole LTX pipeline with two-layer models and random weights: the smallest that still runs.

It is saved as safetensors in diffusers' layout, so that tests load it as they would the real one.
Its pictures mean nothing, but they depend on prompt, seed and given pictures like real ones.
"""

# diffusers and transformers are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import json
import string
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXVideoTransformer3DModel,
)
from transformers import T5Config, T5EncoderModel, T5Tokenizer

from generation.models.opening import silence_libraries
from generation.request import CameraMove

FRAME_MULTIPLE = 8
SIDE = 64
LATENT_CHANNELS = 8


def save_tiny_ltx(folder: Path) -> Path:
    """Builds the pipeline (always the same weights) and saves it into the folder."""
    silence_libraries()
    pipeline = LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=tiny_autoencoder(),
        text_encoder=_text_encoder(),
        tokenizer=_tokenizer(),
        transformer=_transformer(),
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def write_tiny_catalogue(
    file: Path, *, model: str = "pocket", source: str = "nowhere", display_scale: int = 2
) -> Path:
    """A catalogue with one model, whose card suits the tiny pipeline."""
    card = {
        "title": "Tiny",
        "summary": "Noise, for tests",
        "family": "ltx",
        "source": source,
        "tasks": ["text", "image", "first and last", "keyframes", "video", "extend", "still"],
        "features": ["prompt", "negative prompt"],
        "display_scale": display_scale,
        "fps": 8,
        "frame_multiple": FRAME_MULTIPLE,
        "seconds_min": 1,
        "seconds_max": 4,
        "seconds_default": 1,
        "needs_gpu": False,
        "camera_moves": [move.value for move in CameraMove],
        "price_credits_per_second": 1.0,
        "limited_vocabulary": False,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in card.items()]
    licence = 'licence = { name = "Apache-2.0", commercial = "yes" }'
    preset = (
        f"[{model}.presets.default]\nsteps_min = 1\nsteps_default = 4\nsteps_max = 50\n"
        "guidance_min = 1.0\nguidance_default = 3.0\nguidance_max = 12.0"
    )
    sizes = f'sizes = {{ "1:1" = [{SIDE}, {SIDE}], "16:9" = [{SIDE * 2}, {SIDE}] }}'
    file.write_text(
        "\n".join([f"[{model}]", sizes, licence, *lines, preset]) + "\n", encoding="utf-8"
    )
    return file


def _transformer() -> LTXVideoTransformer3DModel:
    torch.manual_seed(0)
    return LTXVideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_attention_heads=2,
        attention_head_dim=16,
        cross_attention_dim=32,
        num_layers=2,
        caption_channels=16,
    ).eval()


def tiny_autoencoder() -> AutoencoderKLLTXVideo:
    torch.manual_seed(0)
    return AutoencoderKLLTXVideo(
        latent_channels=LATENT_CHANNELS,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True, False),
    ).eval()


def _text_encoder() -> T5EncoderModel:
    torch.manual_seed(0)
    config = T5Config(vocab_size=128, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    return T5EncoderModel(config).eval()


def _tokenizer() -> T5Tokenizer:
    pieces = ["<pad>", "</s>", "<unk>", "▁", *string.ascii_lowercase, *string.digits]
    return T5Tokenizer(
        vocab=[(piece, 0.0 if number < 3 else -2.0) for number, piece in enumerate(pieces)],
        extra_ids=0,
    )
