"""Tiny pipelines of Tencent's and their kin: HunyuanVideo, FramePack, HunyuanVideo-1.5,
Kandinsky 5 (which has HunyuanVideo's autoencoder)."""

# diffusers and transformers are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false, reportUnknownArgumentType=false
# Their annotations are wrong where a tuple may have any length, or a scheduler any class.
# pyright: reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLHunyuanVideo,
    AutoencoderKLHunyuanVideo15,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideo15ImageToVideoPipeline,
    HunyuanVideo15Pipeline,
    HunyuanVideo15Transformer3DModel,
    HunyuanVideoFramepackTransformer3DModel,
    HunyuanVideoPipeline,
    HunyuanVideoTransformer3DModel,
    Kandinsky5I2VPipeline,
    Kandinsky5T2VPipeline,
    Kandinsky5Transformer3DModel,
)
from diffusers.guiders import ClassifierFreeGuidance
from transformers import (
    LlamaConfig,
    LlamaModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLTextConfig,
    Qwen2_5_VLTextModel,
    SiglipImageProcessor,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from generation.models.families.kandinsky import WordsProcessor
from tests.generation.tiny.text import (
    VOCABULARY,
    WIDTH,
    byte_encoder,
    byte_tokenizer,
    clip_encoder,
    clip_tokenizer,
    letter_tokenizer,
)

CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
TRANSFORMER: dict[str, Any] = {
    "in_channels": 4,
    "out_channels": 4,
    "num_attention_heads": 2,
    "attention_head_dim": 10,
    "num_layers": 1,
    "num_single_layers": 1,
    "num_refiner_layers": 1,
    "patch_size": 2,
    "patch_size_t": 1,
    "guidance_embeds": True,
    "text_embed_dim": WIDTH,
    "pooled_projection_dim": 8,
    "rope_axes_dim": (2, 4, 4),
}


def save_hunyuan(folder: Path) -> None:
    torch.manual_seed(0)
    HunyuanVideoPipeline(
        text_encoder=_llama(),
        tokenizer=letter_tokenizer(),
        transformer=HunyuanVideoTransformer3DModel(**TRANSFORMER).eval(),
        vae=_autoencoder(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        text_encoder_2=clip_encoder(width=8),
        tokenizer_2=clip_tokenizer(),
    ).save_pretrained(folder)


def save_framepack_transformer(folder: Path) -> None:
    torch.manual_seed(0)
    HunyuanVideoFramepackTransformer3DModel(
        **TRANSFORMER, has_image_proj=True, image_proj_dim=WIDTH, has_clean_x_embedder=True
    ).save_pretrained(folder)


def save_siglip(folder: Path) -> None:
    """An image encoder and its feature extractor, in two subfolders."""
    _siglip(WIDTH).save_pretrained(folder / "image_encoder")
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(
        folder / "feature_extractor"
    )


def save_hunyuan15(folder: Path) -> None:
    HunyuanVideo15Pipeline(**_hunyuan15("t2v")).save_pretrained(folder)


def save_hunyuan15_image(folder: Path) -> None:
    HunyuanVideo15ImageToVideoPipeline(
        **_hunyuan15("i2v"),
        image_encoder=_siglip(12),
        feature_extractor=SiglipImageProcessor(size={"height": 32, "width": 32}),
    ).save_pretrained(folder)


def _hunyuan15(task: str) -> dict[str, Any]:
    torch.manual_seed(0)
    transformer = HunyuanVideo15Transformer3DModel(
        in_channels=9,
        out_channels=4,
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=2,
        num_refiner_layers=1,
        mlp_ratio=2.0,
        patch_size=1,
        patch_size_t=1,
        text_embed_dim=WIDTH,
        text_embed_2_dim=32,
        image_embed_dim=12,
        rope_axes_dim=(2, 2, 4),
        target_size=64,
        task_type=task,
    )
    torch.manual_seed(0)
    vae = AutoencoderKLHunyuanVideo15(
        latent_channels=4,
        block_out_channels=(8, 8, 8, 8, 8),
        layers_per_block=1,
        spatial_compression_ratio=16,
        temporal_compression_ratio=4,
        downsample_match_channel=False,
        upsample_match_channel=False,
    )
    torch.manual_seed(0)
    encoder = Qwen2_5_VLTextModel(
        Qwen2_5_VLTextConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            num_key_value_heads=2,
            rope_scaling={"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"},
        )
    )
    tokenizer = letter_tokenizer()
    tokenizer.chat_template = CHAT
    return {
        "text_encoder": encoder.eval(),
        "tokenizer": tokenizer,
        "transformer": transformer.eval(),
        "vae": vae.eval(),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=7.0),
        "text_encoder_2": byte_encoder(),
        "tokenizer_2": byte_tokenizer(),
        "guider": ClassifierFreeGuidance(guidance_scale=6.0),
    }


def _llama() -> LlamaModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=4,
        pad_token_id=0,
    )
    return LlamaModel(config).eval()


def _siglip(width: int) -> SiglipVisionModel:
    torch.manual_seed(0)
    config = SiglipVisionConfig(
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    return SiglipVisionModel(config).eval()


def _autoencoder() -> AutoencoderKLHunyuanVideo:
    torch.manual_seed(0)
    return AutoencoderKLHunyuanVideo(
        latent_channels=4,
        down_block_types=("HunyuanVideoDownBlock3D",) * 4,
        up_block_types=("HunyuanVideoUpBlock3D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        norm_num_groups=4,
    ).eval()


def save_kandinsky(folder: Path) -> None:
    _save_kandinsky(folder, Kandinsky5T2VPipeline, with_picture=False)


def save_kandinsky_image(folder: Path) -> None:
    """The picture's latents and their mask come as further channels."""
    _save_kandinsky(folder, Kandinsky5I2VPipeline, with_picture=True)


def _save_kandinsky(folder: Path, pipeline_class: Any, *, with_picture: bool) -> None:
    torch.manual_seed(0)
    encoder = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config={
                "vocab_size": VOCABULARY,
                "hidden_size": WIDTH,
                "intermediate_size": 16,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "rope_scaling": {
                    "mrope_section": [1, 1, 2],
                    "rope_type": "default",
                    "type": "default",
                },
            },
            vision_config={
                "depth": 1,
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_heads": 2,
                "out_hidden_size": 16,
            },
        )
    )
    torch.manual_seed(0)
    transformer = Kandinsky5Transformer3DModel(
        in_visual_dim=4,
        in_text_dim=WIDTH,
        in_text_dim2=32,
        time_dim=32,
        out_visual_dim=4,
        patch_size=(1, 2, 2),
        model_dim=48,
        ff_dim=64,
        num_text_blocks=1,
        num_visual_blocks=1,
        axes_dims=(8, 8, 8),
        visual_cond=with_picture,
    )
    # Its last layer begins as zeros, which would hide everything it is given.
    torch.nn.init.normal_(transformer.out_layer.out_layer.weight, std=0.1)
    pipeline_class(
        transformer=transformer.eval(),
        vae=_autoencoder(),
        text_encoder=encoder.eval(),
        tokenizer=WordsProcessor(letter_tokenizer()),
        text_encoder_2=clip_encoder(width=32),
        tokenizer_2=clip_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    ).save_pretrained(folder)
    # As the hub has it: Qwen's own processor, of which we load the tokenizer.
    letter_tokenizer().save_pretrained(folder / "tokenizer")
    index = folder / "model_index.json"
    fields = json.loads(index.read_text())
    fields["tokenizer"] = ["transformers", "Qwen2VLProcessor"]
    index.write_text(json.dumps(fields))
