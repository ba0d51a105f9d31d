"""Puts the pocket model's parts together as diffusers' pipeline, writes and loads the folder."""

import hashlib
from pathlib import Path

import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXVideoTransformer3DModel,
)
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from generation.pocket.autoencoder import PocketAutoencoder

WEIGHTS_FOLDER = Path(__file__).with_name("weights")


def assemble(
    *,
    transformer: LTXVideoTransformer3DModel,
    autoencoder: PocketAutoencoder,
    text_encoder: T5EncoderModel,
    tokenizer: PreTrainedTokenizerFast,
) -> LTXConditionPipeline:
    """The parts as one pipeline."""
    return LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=autoencoder,  # pyright: ignore[reportArgumentType]
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=transformer,
    )


def save_pocket_pipeline(pipeline: LTXConditionPipeline, folder: Path) -> None:
    """Write half-precision safetensors in diffusers' layout; the pipeline becomes half precision."""
    pipeline.to(torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True)


def load_pocket_pipeline(folder: Path = WEIGHTS_FOLDER) -> LTXConditionPipeline:
    """Load the folder as float32, from disk alone.

    Raises OSError when the folder or a part of it is missing.
    """
    # diffusers looks custom classes up among its own, then in the module that model_index.json
    # names; the autoencoder is ours, so it is handed over rather than found.
    autoencoder = PocketAutoencoder.from_pretrained(
        folder,
        subfolder="vae",
        local_files_only=True,
        use_safetensors=True,
        torch_dtype=torch.float32,
    )
    pipeline = LTXConditionPipeline.from_pretrained(
        folder,
        vae=autoencoder,
        dtype=torch.float32,
        local_files_only=True,
        use_safetensors=True,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def weights_digest(folder: Path = WEIGHTS_FOLDER) -> str:
    """SHA-256 over all weight files of a folder, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
