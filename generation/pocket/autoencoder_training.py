"""Trains the autoencoder: its basis in closed form, then the sharpening network."""

import logging
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from generation.pocket.autoencoder import PocketAutoencoder, to_patches
from generation.pocket.rendering import render
from generation.pocket.world import sample_picture_scene, sample_scene

_log = logging.getLogger(__name__)

_WHITENING = 0.5
_PICTURE_SHARE = 0.08
_SIZES = ((128, 128), (128, 128), (96, 160), (160, 96))
"""Heights and widths in pixels."""
_LEARNING_RATE = 1.2e-3
_LATENT_NOISE = 0.25
"""Largest noise, in the transformer's scale, that the sharpener learns to see through."""


def sample_clips(rng: np.random.Generator, count: int, *, frames: int) -> Tensor:
    """Random clips of one random aspect: (count, 3, frames, height, width), from -1 to 1."""
    height, width = _SIZES[int(rng.integers(len(_SIZES)))]
    scenes = [
        sample_picture_scene(rng)
        if rng.uniform() < _PICTURE_SHARE
        else sample_scene(rng, aspect=width / height, loop=bool(rng.uniform() < 0.1))
        for _ in range(count)
    ]
    return render(scenes, frames=frames, height=height, width=width).mul_(2).sub_(1)


def sample_patches(rng: np.random.Generator, autoencoder: PocketAutoencoder) -> Iterator[Tensor]:
    """Endless batches of blocks, (24000, values), mirrored at random for more variety."""
    step, size = autoencoder.patch_frames, autoencoder.patch_size
    while True:
        batch: list[Tensor] = []
        while len(batch) < 30:
            clips = sample_clips(rng, 8, frames=25)
            clips = clips.flip([axis for axis in (2, 3, 4) if rng.uniform() < 0.5])
            whole = torch.cat([clips[:, :, :1].expand(-1, -1, step - 1, -1, -1), clips], dim=2)
            patches = to_patches(whole, step, size).flatten(0, 3)
            chosen = torch.from_numpy(rng.permutation(len(patches))[:800])
            batch.append(patches[chosen])
        yield torch.cat(batch)


def fit_autoencoder(autoencoder: PocketAutoencoder, *, seed: int, rounds: int = 4) -> None:
    """Give a new autoencoder its basis."""
    torch.manual_seed(seed)
    started = time.monotonic()
    patches = sample_patches(np.random.default_rng([seed, 1]), autoencoder)
    autoencoder.fit_basis(patches, rounds=rounds, whitening=_WHITENING)
    _log.info("autoencoder basis fitted in %.0f s", time.monotonic() - started)


def train_sharpener(
    autoencoder: PocketAutoencoder, *, minutes: float, seed: int, device: torch.device
) -> list[tuple[int, float]]:
    """Train the sharpener for `minutes`; returns (step, loss) every 20 steps."""
    rng = np.random.default_rng([seed, 2])
    noise = torch.Generator().manual_seed(seed)
    autoencoder.to(device)
    sharpener = autoencoder.sharpener.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(sharpener.parameters(), lr=_LEARNING_RATE, weight_decay=0.01)
    curve: list[tuple[int, float]] = []
    started, step, recent = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - started) / (60 * minutes)) < 1:
        warm = min(1.0, (step + 1) / 50)
        optimizer.param_groups[0]["lr"] = _LEARNING_RATE * warm * (0.02 + 0.98 * (1 - done))
        clips = sample_clips(rng, 8, frames=5).to(device)
        loss = _sharpening_loss(autoencoder, clips, noise)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(sharpener.parameters(), 1.0)
        optimizer.step()
        recent, step = recent + loss.item() / 20, step + 1
        if step % 20 == 0:
            curve.append((step, recent))
            if step % 100 == 0:
                _log.info("sharpener step %d, loss %.4f, %.0f %%", step, recent, 100 * done)
            recent = 0.0
    return curve


def _sharpening_loss(
    autoencoder: PocketAutoencoder, clips: Tensor, noise: torch.Generator
) -> Tensor:
    """L1 error of pixels and of their differences, from latents with a little noise."""
    with torch.no_grad():
        latents = autoencoder.normalised(clips)
        level = torch.rand(len(latents), 1, 1, 1, 1, generator=noise) * _LATENT_NOISE
        dirt = torch.randn(latents.shape, generator=noise) * level
        blocks = autoencoder.decode_blocks(
            autoencoder.denormalised(latents + dirt.to(clips.device))
        )
    with torch.autocast(clips.device.type, torch.bfloat16):
        sharp = autoencoder.sharpener(blocks)
    sharp = sharp[:, :, autoencoder.patch_frames - 1 :].float()
    across = functional.l1_loss(sharp.diff(dim=4), clips.diff(dim=4))
    down = functional.l1_loss(sharp.diff(dim=3), clips.diff(dim=3))
    return functional.l1_loss(sharp, clips) + across + down
