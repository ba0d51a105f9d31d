from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from generation.pocket.autoencoder import PocketAutoencoder, to_patches
from generation.pocket.rendering import render
from generation.pocket.world import Scene, Thing
from tests.generation.pocket.tiny_pocket import tiny_autoencoder


@pytest.mark.parametrize(("frames", "height", "width"), [(1, 64, 64), (5, 32, 96), (25, 64, 32)])
def test_sizes_come_back_as_they_went_in(frames: int, height: int, width: int) -> None:
    autoencoder = tiny_autoencoder()
    video = torch.rand(2, 3, frames, height, width) * 2 - 1
    latents = autoencoder.encode(video).latent_dist.mode()
    assert latents.shape == (2, 16, (frames - 1) // 4 + 1, height // 32, width // 32)
    with torch.no_grad():
        assert autoencoder.decode(latents).sample.shape == video.shape


@pytest.mark.parametrize(("frames", "height"), [(4, 64), (6, 64), (5, 48)])
def test_other_sizes_are_refused(frames: int, height: int) -> None:
    with pytest.raises(ValueError, match="4n \\+ 1 frames"):
        tiny_autoencoder().encode(torch.zeros(1, 3, frames, height, 64))


def test_encoding_is_certain() -> None:
    posterior = tiny_autoencoder().encode(torch.rand(1, 3, 5, 64, 64)).latent_dist
    drawn = posterior.sample(torch.Generator().manual_seed(1))
    assert torch.allclose(drawn, posterior.mode(), atol=1e-5)


def test_a_clips_first_latent_is_that_of_its_first_frame() -> None:
    autoencoder = tiny_autoencoder()
    video = torch.rand(1, 3, 9, 64, 64)
    whole = autoencoder.encode(video).latent_dist.mode()
    first = autoencoder.encode(video[:, :, :1]).latent_dist.mode()
    assert torch.allclose(whole[:, :, :1], first, atol=1e-5)


def test_a_fitted_basis_gives_clips_back() -> None:
    """A basis as large as the sample spans it, so its clips survive encoding."""
    scene = Scene(thing=Thing(name="star", colour="red"), motion="right", background="meadow")
    clip = render([scene], frames=9, height=64, width=64) * 2 - 1
    whole = torch.cat([clip[:, :, :1].expand(-1, -1, 3, -1, -1), clip], dim=2)
    patches = to_patches(whole, 4, 32).flatten(0, 3)

    def batches() -> Iterator[torch.Tensor]:
        while True:
            yield patches.clone()

    torch.manual_seed(0)
    autoencoder = PocketAutoencoder(latent_channels=11, width=16, blocks=1)
    autoencoder.fit_basis(batches(), rounds=1, whitening=0.5)
    latents = autoencoder.normalised(clip)
    back = autoencoder.decode_blocks(autoencoder.denormalised(latents))[:, :, 3:]
    assert (back - clip).abs().max() < 0.05


def test_weights_survive_saving(tmp_path: Path) -> None:
    autoencoder = tiny_autoencoder()
    autoencoder.save_pretrained(tmp_path)
    again = PocketAutoencoder.from_pretrained(tmp_path, local_files_only=True)
    for name, value in autoencoder.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
