"""Tiny pipelines whose denoiser is a UNet: ModelScope, Stable Video Diffusion, AnimateDiff,
Stable Diffusion and SDXL."""

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
    AnimateDiffPipeline,
    AutoencoderKL,
    AutoencoderKLTemporalDecoder,
    DDIMScheduler,
    EulerDiscreteScheduler,
    MotionAdapter,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    StableVideoDiffusionPipeline,
    TextToVideoSDPipeline,
    UNet2DConditionModel,
    UNet3DConditionModel,
    UNetSpatioTemporalConditionModel,
)
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from tests.generation.tiny.text import WIDTH, clip_encoder, clip_tokenizer

CHANNELS = (8, 16)
BETAS = {"beta_start": 0.00085, "beta_end": 0.012}


def save_modelscope(folder: Path) -> None:
    torch.manual_seed(0)
    unet = UNet3DConditionModel(
        block_out_channels=CHANNELS,
        layers_per_block=1,
        sample_size=8,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    TextToVideoSDPipeline(
        vae=_autoencoder(),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        unet=unet.eval(),
        scheduler=DDIMScheduler(**BETAS, beta_schedule="scaled_linear", clip_sample=False),
    ).save_pretrained(folder)


def save_stable_video(folder: Path) -> None:
    torch.manual_seed(0)
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        sample_size=8,
        in_channels=8,
        out_channels=4,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        cross_attention_dim=WIDTH,
        num_attention_heads=2,
        projection_class_embeddings_input_dim=24,
        addition_time_embed_dim=8,
    )
    torch.manual_seed(0)
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        latent_channels=4,
    )
    torch.manual_seed(0)
    encoder = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=224,  # the pipeline resizes to this itself
            intermediate_size=32,
            patch_size=32,
        )
    )
    scheduler = EulerDiscreteScheduler(
        **BETAS,
        beta_schedule="scaled_linear",
        interpolation_type="linear",
        prediction_type="v_prediction",
        sigma_max=700.0,
        sigma_min=0.002,
        steps_offset=1,
        timestep_spacing="leading",
        timestep_type="continuous",
        use_karras_sigmas=True,
    )
    StableVideoDiffusionPipeline(
        vae=vae.eval(),
        image_encoder=encoder.eval(),
        unet=unet.eval(),
        scheduler=scheduler,
        feature_extractor=CLIPImageProcessor(crop_size=32, size=32),
    ).save_pretrained(folder)


def save_stable_diffusion(folder: Path) -> None:
    """Also what AnimateDiff is put together with."""
    StableDiffusionPipeline(
        vae=_autoencoder(),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        unet=_still_unet(),
        scheduler=DDIMScheduler(**BETAS, beta_schedule="linear", clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def save_stable_diffusion_xl(folder: Path) -> None:
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        block_out_channels=CHANNELS,
        layers_per_block=1,
        sample_size=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        cross_attention_dim=2 * WIDTH,
        norm_num_groups=4,
    )
    StableDiffusionXLPipeline(
        vae=_autoencoder(),
        text_encoder=clip_encoder(),
        text_encoder_2=clip_encoder(projected=True),
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        unet=unet.eval(),
        scheduler=EulerDiscreteScheduler(**BETAS, beta_schedule="scaled_linear"),
    ).save_pretrained(folder)


def save_motion_adapter(folder: Path) -> None:
    _motion_adapter(0).save_pretrained(folder)


def save_lcm_adapter(folder: Path) -> None:
    """A motion adapter and a LoRA in one folder, as AnimateLCM comes."""
    _motion_adapter(1).save_pretrained(folder)
    _save_lora(folder, "AnimateLCM_sd15_t2v_lora.safetensors")


def save_lightning_adapter(folder: Path) -> None:
    """Weights without a configuration, as AnimateDiff-Lightning comes."""
    folder.mkdir()
    file = folder / "animatediff_lightning_4step_diffusers.safetensors"
    save_file(_motion_adapter(2).state_dict(), file)


def save_camera_lora(folder: Path) -> None:
    _save_lora(folder, "diffusion_pytorch_model.safetensors")


def _save_lora(folder: Path, file: str) -> None:
    """A LoRA of random strength for the tiny AnimateDiff."""
    pipeline: Any = AnimateDiffPipeline(
        vae=_autoencoder(),
        text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(),
        unet=_still_unet(),
        motion_adapter=_motion_adapter(0),
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
    )
    torch.manual_seed(3)
    pipeline.unet.add_adapter(
        LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False)
    )
    AnimateDiffPipeline.save_lora_weights(
        folder,
        unet_lora_layers=get_peft_model_state_dict(pipeline.unet),
        weight_name=file,
        safe_serialization=True,
    )


def _motion_adapter(seed: int) -> MotionAdapter:
    torch.manual_seed(seed)
    adapter = MotionAdapter(
        block_out_channels=CHANNELS,
        motion_layers_per_block=1,
        motion_norm_num_groups=2,
        motion_num_attention_heads=2,
    )
    # Adapters end in a layer of zeros, which would make every one of them alike.
    for name, parameter in adapter.named_parameters():
        if "proj_out" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return adapter


def _still_unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        block_out_channels=CHANNELS,
        layers_per_block=1,
        sample_size=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=2,
    ).eval()


def _autoencoder() -> AutoencoderKL:
    """Four levels, so that latents are an eighth of a side: with two the same test takes ten
    times as long."""
    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    ).eval()
