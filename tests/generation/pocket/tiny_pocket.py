"""The pocket pipeline with tiny random parts, for tests of everything but its quality."""

# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import torch
from diffusers import LTXConditionPipeline

from generation.pocket.autoencoder import PocketAutoencoder
from generation.pocket.pipeline import assemble
from generation.pocket.text_encoder import build_text_encoder, build_tokenizer
from generation.pocket.transformer_training import build_transformer

CHANNELS = 16


def tiny_autoencoder() -> PocketAutoencoder:
    """An autoencoder with random orthonormal components."""
    torch.manual_seed(0)
    autoencoder = PocketAutoencoder(latent_channels=CHANNELS, restorer_widths=(8, 12))
    basis = torch.linalg.qr(torch.randn(autoencoder.components.in_features, CHANNELS)).Q
    with torch.no_grad():
        autoencoder.components.weight.copy_(basis.T)
        autoencoder.blocks.weight.copy_(basis)
    return autoencoder.eval()


def tiny_pipeline() -> LTXConditionPipeline:
    """Always the same weights."""
    autoencoder = tiny_autoencoder()
    tokenizer = build_tokenizer()
    transformer = build_transformer(
        latent_channels=CHANNELS, caption_channels=128, width=32, layers=1
    )
    return assemble(
        transformer=transformer.eval(),
        autoencoder=autoencoder,
        text_encoder=build_text_encoder(tokenizer).eval(),
        tokenizer=tokenizer,
    )
