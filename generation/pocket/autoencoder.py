"""The pocket model's autoencoder: patches to coefficients and back, with learned edges.

A picture is cut into blocks of 32 x 32 pixels and 4 frames; the first frame stands alone and
counts as four equal ones, as in causal video autoencoders. A block becomes its first 160
principal components: a closed-form, linear encoder whose latents never drift. The decoder
turns them back and lets a small convolutional network, which sees over the borders of the
blocks, sharpen edges and take away seams.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

_GROUPS = 8
_GAIN = 0.05
"""Keeps Adam's first steps of the last layer, which has many inputs, small in the picture."""
_CERTAIN = -30.0
"""Log variance of an encoding, low enough that a sample of it is its mean."""


class PocketAutoencoder(ModelMixin, ConfigMixin):
    """Video of shape (batch, 3, 4n + 1, height, width) from -1 to 1, to and from latents.

    Latents have the shape (batch, channels, n + 1, height / 32, width / 32).
    """

    _supports_gradient_checkpointing = False

    @register_to_config
    def __init__(
        self,
        *,
        latent_channels: int = 160,
        patch_size: int = 32,
        patch_frames: int = 4,
        width: int = 96,
        blocks: int = 4,
        scaling_factor: float = 1.0,
        timestep_conditioning: bool = False,
    ) -> None:
        super().__init__()
        self.spatial_compression_ratio = patch_size
        self.temporal_compression_ratio = patch_frames
        self.patch_size = patch_size
        self.patch_frames = patch_frames
        values = 3 * patch_frames * patch_size**2
        self.register_buffer("basis", torch.zeros(latent_channels, values))
        self.register_buffer("centre", torch.zeros(values))
        self.register_buffer("latents_mean", torch.zeros(latent_channels))
        self.register_buffer("latents_std", torch.ones(latent_channels))
        self.sharpener = _Sharpener(frames=patch_frames, width=width, blocks=blocks)

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:
        """Encode video; the distribution is a point. Raises ValueError for other shapes."""
        frames, height, width = x.shape[2:]
        step, size = self.patch_frames, self.patch_size
        if frames % step != 1 or height % size or width % size:
            raise ValueError(
                f"video of {frames} frames of {width} x {height} is not {step}n + 1 frames "
                f"with sides that are multiples of {size}"
            )
        whole = torch.cat([x[:, :, :1].expand(-1, -1, step - 1, -1, -1), x], dim=2)
        flat = to_patches(whole, step, size) - self.centre
        latents = functional.linear(flat, self.basis).permute(0, 4, 1, 2, 3)
        moments = torch.cat([latents, torch.full_like(latents, _CERTAIN)], dim=1)
        posterior = DiagonalGaussianDistribution(moments)
        return AutoencoderKLOutput(latent_dist=posterior) if return_dict else (posterior,)

    def decode(self, z: Tensor, temb: Tensor | None = None, return_dict: bool = True) -> Any:
        """Decode latents; `temb` is there for the pipeline and unused."""
        del temb
        video = self.sharpener(self.decode_blocks(z))[:, :, self.patch_frames - 1 :]
        return DecoderOutput(sample=video) if return_dict else (video,)

    def decode_blocks(self, z: Tensor) -> Tensor:
        """The linear half of decoding: (batch, 3, 4 (n + 1), height, width), blurred and seamed."""
        flat = functional.linear(z.permute(0, 2, 3, 4, 1), self.basis.T) + self.centre
        return _from_patches(flat, self.patch_frames, self.patch_size)

    @torch.no_grad()
    def fit_basis(self, batches: Iterator[Tensor], *, rounds: int, whitening: float) -> None:
        """Set basis and latent scale from sample blocks, by subspace iteration on fresh samples.

        Each of `rounds` rounds takes three batches (count, values) from the stream. The scale
        of component i is its standard deviation to the power of `whitening`: 0 keeps the
        components' natural sizes, 1 makes all equal. The mean variance becomes 1.
        """
        channels = self.basis.shape[0]
        first = next(batches)
        self.centre.copy_(first.mean(dim=0))
        _, _, space = torch.svd_lowrank(first - self.centre, q=channels + 32, niter=2)
        for _ in range(rounds):
            image = torch.zeros_like(space)
            for patches in islice(batches, 3):
                centred = patches.sub_(self.centre)
                image += centred.T @ (centred @ space)
            space = torch.linalg.qr(image).Q
        seen = (next(batches) - self.centre) @ space
        variances, turn = torch.linalg.eigh(seen.T @ seen / len(seen))
        self.basis.copy_((space @ turn.flip(1)[:, :channels]).T)
        spread = variances.flip(0)[:channels].sqrt()
        scale = spread**whitening
        self.latents_std.copy_(scale * (spread / scale).square().mean().sqrt())

    def normalised(self, x: Tensor) -> Tensor:
        """Latents of video as the transformer sees them."""
        latents = self.encode(x).latent_dist.mode()
        return (latents - _channels(self.latents_mean)) / _channels(self.latents_std)

    def denormalised(self, latents: Tensor) -> Tensor:
        """Undo the scaling of `normalised`."""
        return latents * _channels(self.latents_std) + _channels(self.latents_mean)


class _Sharpener(nn.Module):
    """Corrects decoded blocks at a quarter of the resolution, one group of frames at a time.

    Each group also sees the last frame of the group before and the first of the group after.
    """

    def __init__(self, *, frames: int, width: int, blocks: int, scale: int = 4) -> None:
        super().__init__()
        self.frames = frames
        self.scale = scale
        channels = 3 * scale**2
        self.enter = nn.Conv2d((frames + 2) * channels, width, 3, padding=1)
        self.blocks = nn.ModuleList(_Residual(width) for _ in range(blocks))
        self.calm = nn.GroupNorm(_GROUPS, width)
        self.leave = nn.Conv2d(width, frames * channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, video: Tensor) -> Tensor:
        """Correct (batch, 3, frames, height, width)."""
        batch, _, total, height, width = video.shape
        groups = total // self.frames
        rows, columns = height // self.scale, width // self.scale
        small = functional.pixel_unshuffle(video.transpose(1, 2), self.scale)
        grouped = small.reshape(batch, groups, -1, rows, columns)
        before = torch.cat([small[:, :1], small[:, self.frames - 1 :: self.frames][:, :-1]], dim=1)
        after = torch.cat([small[:, self.frames :: self.frames], small[:, -1:]], dim=1)
        hidden = self.enter(torch.cat([before, grouped, after], dim=2).flatten(0, 1))
        for block in self.blocks:
            hidden = block(hidden)
        change = _GAIN * self.leave(functional.silu(self.calm(hidden))).reshape(
            batch, total, -1, rows, columns
        )
        return video + functional.pixel_shuffle(change, self.scale).transpose(1, 2)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.calm_first = nn.GroupNorm(_GROUPS, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.calm_second = nn.GroupNorm(_GROUPS, width)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, hidden: Tensor) -> Tensor:
        inner = self.first(functional.silu(self.calm_first(hidden)))
        return hidden + self.second(functional.silu(self.calm_second(inner)))


def _channels(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1, 1)


def to_patches(video: Tensor, frames: int, size: int) -> Tensor:
    """(batch, 3, t, h, w) to (batch, t / frames, h / size, w / size, values)."""
    batch, channels, total, height, width = video.shape
    split = video.reshape(
        batch, channels, total // frames, frames, height // size, size, width // size, size
    )
    return split.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4)


def _from_patches(flat: Tensor, frames: int, size: int) -> Tensor:
    """Undo `to_patches`."""
    batch, groups, rows, columns, _ = flat.shape
    split = flat.view(batch, groups, rows, columns, 3, frames, size, size)
    joined = split.permute(0, 4, 1, 5, 2, 6, 3, 7)
    return joined.reshape(batch, 3, groups * frames, rows * size, columns * size)
