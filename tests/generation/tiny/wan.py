"""Tiny pipelines around Wan's autoencoder: Wan 2.1 and 2.2, VACE, SkyReels-V2, SANA-Video."""

# diffusers and transformers are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false, reportUnknownArgumentType=false
# Their annotations are wrong where a tuple may have any length, or a scheduler any class.
# pyright: reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLWan,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    SanaVideoPipeline,
    SanaVideoTransformer3DModel,
    SkyReelsV2DiffusionForcingPipeline,
    SkyReelsV2Transformer3DModel,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
    WanVACEPipeline,
    WanVACETransformer3DModel,
)
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    Gemma2Config,
    Gemma2Model,
)

from tests.generation.tiny.text import (
    VOCABULARY,
    WIDTH,
    letter_tokenizer,
    t5_tokenizer,
    umt5_encoder,
)

LATENT_CHANNELS = 16
IMAGE_TOKENS = 257
TRANSFORMER: dict[str, Any] = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "text_dim": WIDTH,
    "freq_dim": 64,
    "ffn_dim": 32,
    "num_layers": 2,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 32,
}


def save_wan(folder: Path) -> None:
    """Wan 2.1 text to video."""
    WanPipeline(**_text(), vae=_autoencoder(), scheduler=_unipc(), transformer=_transformer(16)
    ).save_pretrained(folder)  # fmt: skip


def save_wan_pair(folder: Path) -> None:
    """Wan 2.2 A14B text to video: a transformer for the noisy steps and one for the others."""
    WanPipeline(
        **_text(),
        vae=_autoencoder(),
        scheduler=_unipc(),
        transformer=_transformer(16),
        transformer_2=_transformer(16, seed=1),
        boundary_ratio=0.875,
    ).save_pretrained(folder)


def save_wan_pair_image(folder: Path) -> None:
    """Wan 2.2 A14B image to video."""
    WanImageToVideoPipeline(
        **_text(),
        vae=_autoencoder(),
        scheduler=_unipc(),
        transformer=_transformer(36),
        transformer_2=_transformer(36, seed=1),
        boundary_ratio=0.9,
    ).save_pretrained(folder)


def save_wan_ti2v(folder: Path) -> None:
    """Wan 2.2 TI2V-5B: one transformer for words and pictures, told by a timestep per token."""
    WanPipeline(
        **_text(),
        vae=_autoencoder(),
        scheduler=_unipc(),
        transformer=_transformer(16),
        expand_timesteps=True,
    ).save_pretrained(folder)


def save_wan_image(folder: Path) -> None:
    """Wan 2.1 image to video."""
    _save_wan_21_image(folder, positions=None)


def save_wan_first_last(folder: Path) -> None:
    """Wan 2.1 first and last frame to video: image embeddings with positions."""
    _save_wan_21_image(folder, positions=2 * IMAGE_TOKENS)


def save_wan_vace(folder: Path) -> None:
    torch.manual_seed(0)
    transformer = WanVACETransformer3DModel(
        **TRANSFORMER, in_channels=16, out_channels=16, vace_layers=[0], vace_in_channels=96
    )
    _stir(transformer)
    WanVACEPipeline(
        **_text(), vae=_autoencoder(), scheduler=_unipc(), transformer=transformer.eval()
    ).save_pretrained(folder)


def save_skyreels(folder: Path) -> None:
    torch.manual_seed(0)
    transformer = SkyReelsV2Transformer3DModel(
        **TRANSFORMER, in_channels=16, out_channels=16, inject_sample_info=True
    )
    SkyReelsV2DiffusionForcingPipeline(
        **_text(), vae=_autoencoder(), scheduler=_unipc(), transformer=transformer.eval()
    ).save_pretrained(folder)


def save_sana_video(folder: Path) -> None:
    torch.manual_seed(0)
    encoder = Gemma2Model(
        Gemma2Config(
            head_dim=8,
            hidden_size=WIDTH,
            intermediate_size=32,
            num_attention_heads=2,
            num_hidden_layers=2,
            num_key_value_heads=2,
            vocab_size=VOCABULARY,
            attn_implementation="eager",
        )
    )
    torch.manual_seed(0)
    transformer = SanaVideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_attention_heads=2,
        attention_head_dim=12,
        num_layers=2,
        num_cross_attention_heads=2,
        cross_attention_head_dim=12,
        cross_attention_dim=24,
        caption_channels=WIDTH,
        mlp_ratio=2.5,
        sample_size=8,
        patch_size=(1, 2, 2),
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )
    SanaVideoPipeline(
        tokenizer=letter_tokenizer(),
        text_encoder=encoder.eval(),
        vae=_autoencoder(),
        transformer=transformer.eval(),
        scheduler=DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=8.0
        ),
    ).save_pretrained(folder)


def _save_wan_21_image(folder: Path, *, positions: int | None) -> None:
    torch.manual_seed(0)
    encoder = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=32,
            intermediate_size=32,
            patch_size=2,
        )
    )
    WanImageToVideoPipeline(
        **_text(),
        vae=_autoencoder(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        image_encoder=encoder.eval(),
        image_processor=CLIPImageProcessor(crop_size=32, size=32),
        transformer=_transformer(36, image_dim=WIDTH, pos_embed_seq_len=positions),
    ).save_pretrained(folder)


def _text() -> dict[str, Any]:
    return {"tokenizer": t5_tokenizer(), "text_encoder": umt5_encoder()}


def _transformer(in_channels: int, *, seed: int = 0, **options: Any) -> WanTransformer3DModel:
    torch.manual_seed(seed)
    return WanTransformer3DModel(
        **TRANSFORMER, in_channels=in_channels, out_channels=16, **options
    ).eval()


def _stir(module: torch.nn.Module) -> None:
    """Layers that begin as zeros would hide what they are given."""
    for name, parameter in module.named_parameters():
        if "proj_out" in name or "proj_in" in name:
            torch.nn.init.normal_(parameter, std=0.1)


def _unipc() -> UniPCMultistepScheduler:
    return UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )


def _autoencoder() -> AutoencoderKLWan:
    torch.manual_seed(0)
    autoencoder = AutoencoderKLWan(
        base_dim=3,
        z_dim=LATENT_CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
    # More contrast: at random it is so little that bytes would hide what a picture changes.
    autoencoder.decoder.conv_out.weight.data *= 10
    return autoencoder.eval()
