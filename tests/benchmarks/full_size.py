"""Pipelines of real size with random weights: what they compute takes as long and as much memory as
with trained ones. Nothing is downloaded; sizes are those of the published configurations."""

# diffusers and transformers are partly typed, and export their classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# Their annotations are wrong where a tuple may have any length, or a scheduler any class.
# pyright: reportArgumentType=false
from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping
from typing import Any

import torch
from diffusers import (
    AnimateDiffPipeline,
    AutoencoderKL,
    AutoencoderKLLTXVideo,
    AutoencoderKLWan,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXVideoTransformer3DModel,
    MotionAdapter,
    UNet2DConditionModel,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

from tests.generation.tiny.text import clip_tokenizer, t5_tokenizer

XXL: Mapping[str, Any] = {
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 10240,
    "num_layers": 24,
    "num_heads": 64,
    "feed_forward_proj": "gated-gelu",
}
"""T5 v1.1 XXL and UMT5 XXL."""


@contextlib.contextmanager
def _made_on(device: torch.device, dtype: torch.dtype) -> Generator[None, None, None]:
    """Within it, new modules have random weights of this format on this device."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            yield
    finally:
        torch.set_default_dtype(usual)


def wan_1_3b(device: torch.device) -> WanPipeline:
    """Wan 2.1 T2V 1.3B; its VAE in float32, as it is run."""
    with _made_on(device, torch.bfloat16):
        transformer = WanTransformer3DModel(num_attention_heads=12, ffn_dim=8960, num_layers=30)
        encoder = UMT5EncoderModel(UMT5Config(vocab_size=256384, **XXL))
    with _made_on(device, torch.float32):
        vae = AutoencoderKLWan()
    return WanPipeline(
        tokenizer=t5_tokenizer(),
        text_encoder=encoder.eval(),
        transformer=transformer.eval(),
        vae=vae.eval(),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
    )


def ltx_2b(device: torch.device) -> LTXConditionPipeline:
    """LTX-Video 2B."""
    with _made_on(device, torch.bfloat16):
        return LTXConditionPipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(),
            vae=AutoencoderKLLTXVideo().eval(),
            text_encoder=T5EncoderModel(T5Config(vocab_size=32128, **XXL)).eval(),
            tokenizer=t5_tokenizer(),
            transformer=LTXVideoTransformer3DModel().eval(),
        )


def animatediff(device: torch.device) -> AnimateDiffPipeline:
    """Stable Diffusion 1.5 with the motion adapter v1.5-2."""
    encoder = CLIPTextConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12
    )
    with _made_on(device, torch.float16):
        return AnimateDiffPipeline(
            vae=AutoencoderKL(
                block_out_channels=(128, 256, 512, 512),
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                layers_per_block=2,
                latent_channels=4,
            ).eval(),
            text_encoder=CLIPTextModel(encoder).eval(),
            tokenizer=clip_tokenizer(),
            unet=UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8).eval(),
            motion_adapter=MotionAdapter(motion_max_seq_length=32, use_motion_mid_block=False),
            scheduler=DDIMScheduler(beta_schedule="linear", clip_sample=False, steps_offset=1),
        )


FULL_SIZE: Mapping[str, Callable[[torch.device], Any]] = {
    "wan-2.1-1.3b": wan_1_3b,
    "ltx-video": ltx_2b,
    "animatediff": animatediff,
}
"""By the id of the card that they are run by."""
