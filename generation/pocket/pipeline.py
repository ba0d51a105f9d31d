"""Puts the pocket model's parts together as diffusers' pipeline, writes and loads the folder."""

import hashlib
from pathlib import Path

import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
)
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from generation.pocket.autoencoder import PocketAutoencoder
from generation.pocket.transformer import PocketTransformer

WEIGHTS_FOLDER = Path(__file__).with_name("weights")


def assemble(
    *,
    transformer: PocketTransformer,
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
    """Turn the pipeline to half precision and write safetensors in diffusers' layout."""
    pipeline.to(torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True)


def load_pocket_pipeline(folder: Path = WEIGHTS_FOLDER) -> LTXConditionPipeline:
    """Load the folder as float32, from disk alone.

    Raises OSError when the folder or a part of it is missing.
    """
    # Part by part: diffusers' own loader builds only classes of its own, and two are ours.
    options = {"local_files_only": True, "use_safetensors": True}
    pipeline = assemble(
        transformer=PocketTransformer.from_pretrained(
            folder, subfolder="transformer", torch_dtype=torch.float32, **options
        ),
        autoencoder=PocketAutoencoder.from_pretrained(
            folder, subfolder="vae", torch_dtype=torch.float32, **options
        ),
        text_encoder=T5EncoderModel.from_pretrained(
            folder / "text_encoder", dtype=torch.float32, **options
        ),
        tokenizer=PreTrainedTokenizerFast.from_pretrained(
            folder / "tokenizer", local_files_only=True
        ),
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
