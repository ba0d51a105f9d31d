"""The pocket model's autoencoder: video to few latents and back.

A picture is cut into blocks of 32 x 32 pixels and 4 frames; the first frame stands alone and
counts as four equal ones, as in causal video autoencoders. At half the size a block becomes its
principal components, fitted in closed form, and comes back from them. Filters then hide the
blocks, and a `Restorer` corrects what the whole clip looks like.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterable
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from generation.pocket.deblocking import without_flicker, without_seams
from generation.pocket.restorer import Restorer

PATCH_SIZE = 32
PATCH_FRAMES = 4
_HALF = PATCH_SIZE // 2
"""A block's height and width where components are taken, at half the picture's size."""
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
        latent_channels: int = 256,
        restorer_widths: tuple[int, ...] = (32, 64, 96, 128),
        scaling_factor: float = 1.0,
        timestep_conditioning: bool = False,
    ) -> None:
        """`restorer_widths` are the channels of the restorer's levels, the finest one first."""
        super().__init__()
        self.spatial_compression_ratio = PATCH_SIZE
        self.temporal_compression_ratio = PATCH_FRAMES
        values = 3 * PATCH_FRAMES * _HALF**2
        self.components = nn.Linear(values, latent_channels)
        self.blocks = nn.Linear(latent_channels, values)
        self.restorer = Restorer(tuple(restorer_widths))
        # The pipeline scales latents by these; the components have their scale already.
        self.register_buffer("latents_mean", torch.zeros(latent_channels))
        self.register_buffer("latents_std", torch.ones(latent_channels))

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:
        """Encode video; the distribution is a point. Raises ValueError for other shapes."""
        frames, height, width = x.shape[2:]
        if frames % PATCH_FRAMES != 1 or height % PATCH_SIZE or width % PATCH_SIZE:
            raise ValueError(
                f"video of {frames} frames of {width} x {height} is not {PATCH_FRAMES}n + 1 frames "
                f"with sides that are multiples of {PATCH_SIZE}"
            )
        whole = torch.cat([x[:, :, :1].expand(-1, -1, PATCH_FRAMES - 1, -1, -1), x], dim=2)
        latents = self.components(to_blocks(whole)).permute(0, 4, 1, 2, 3)
        moments = torch.cat([latents, torch.full_like(latents, _CERTAIN)], dim=1)
        posterior = DiagonalGaussianDistribution(moments)
        return AutoencoderKLOutput(latent_dist=posterior) if return_dict else (posterior,)

    def decode(self, z: Tensor, temb: Tensor | None = None, return_dict: bool = True) -> Any:
        """Decode latents; `temb` is there for the pipeline and unused."""
        del temb
        soft = _from_blocks(self.blocks(z.permute(0, 2, 3, 4, 1)))
        soft = without_flicker(without_seams(soft, block=_HALF))
        large = functional.interpolate(soft.flatten(1, 2), scale_factor=2, mode="bilinear")
        video = large.unflatten(1, (3, -1)) + self.restorer(soft)
        # The first frame was encoded as four equal ones.
        video = video[:, :, PATCH_FRAMES - 1 :]
        return DecoderOutput(sample=video) if return_dict else (video,)

    @torch.no_grad()
    def fit(self, blocks: Iterable[Tensor]) -> None:
        """Take the principal components of batches of blocks, (count, values) each.

        The latents' deviations become the square roots of the components' own, with a mean
        square of 1: what matters most in a picture stays largest, and is decided first
        when noise is taken away.
        """
        values, channels = self.components.in_features, self.components.out_features
        count, total, products = 0, torch.zeros(values), torch.zeros(values, values)
        for batch in blocks:
            count, total = count + len(batch), total + batch.sum(dim=0)
            products.addmm_(batch.T, batch)
        centre = total / count
        variances, turn = torch.linalg.eigh(products / count - torch.outer(centre, centre))
        basis = turn.flip(1)[:, :channels].T
        spread = variances.flip(0)[:channels].clamp(min=1e-8).sqrt()
        scale = 1 / (spread * spread.mean()).sqrt()
        self.components.weight.copy_(basis * scale[:, None])
        self.components.bias.copy_(-self.components.weight @ centre)
        self.blocks.weight.copy_(basis.T / scale)
        self.blocks.bias.copy_(centre)

    def latents_of(self, x: Tensor) -> Tensor:
        """Latents of video as the transformer sees them."""
        return self.encode(x).latent_dist.mode()


def to_blocks(video: Tensor) -> Tensor:
    """(batch, 3, t, h, w) to (batch, t / 4, h / 32, w / 32, values), at half the size."""
    small = functional.avg_pool3d(video, (1, 2, 2))
    split = (
        small.unflatten(4, (-1, _HALF)).unflatten(3, (-1, _HALF)).unflatten(2, (-1, PATCH_FRAMES))
    )
    return split.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4)


def _from_blocks(flat: Tensor) -> Tensor:
    """Undo `to_blocks`, but for the halving."""
    split = flat.unflatten(4, (3, PATCH_FRAMES, _HALF, _HALF))
    joined = split.permute(0, 4, 1, 5, 2, 6, 3, 7)
    return joined.flatten(6, 7).flatten(4, 5).flatten(2, 3)
