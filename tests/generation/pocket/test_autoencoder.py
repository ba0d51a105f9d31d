# diffusers and torch are partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from generation.pocket.autoencoder import PocketAutoencoder, to_blocks
from generation.pocket.autoencoder_fitting import fit_autoencoder, sample_windows
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


def test_fitted_components_give_back_what_they_span() -> None:
    """As many components as there are blocks span them all, so soft clips survive encoding."""
    scene = Scene(thing=Thing(name="star", colour="red"), motion="right", background="meadow")
    clip = render([scene], frames=9, height=64, width=64) * 2 - 1
    soft = functional.interpolate(clip.flatten(1, 2), scale_factor=0.5, mode="area")
    clip = functional.interpolate(soft, scale_factor=2, mode="bilinear").unflatten(1, (3, 9))
    whole = torch.cat([clip[:, :, :1].expand(-1, -1, 3, -1, -1), clip], dim=2)
    blocks = to_blocks(whole).flatten(0, 3)
    autoencoder = PocketAutoencoder(latent_channels=12)
    autoencoder.fit([blocks[:5], blocks[5:]])
    with torch.no_grad():
        back = autoencoder.decode(autoencoder.latents_of(clip)).sample
    assert (back - clip).abs().mean() < 0.03


def test_latents_are_ordered_by_how_much_they_matter() -> None:
    """Largest first, with a mean square of 1 over all of them."""
    blocks = to_blocks(sample_windows(np.random.default_rng(0), 4)[:, :, 1:]).flatten(0, 3)
    autoencoder = PocketAutoencoder(latent_channels=8)
    autoencoder.fit([blocks])
    with torch.no_grad():
        latents = autoencoder.components(blocks)
    assert (latents.std(dim=0).diff() <= 1e-3).all()
    assert latents.square().mean().item() == pytest.approx(1, abs=0.2)


def test_what_many_components_keep_of_the_world_is_close_to_it() -> None:
    autoencoder = PocketAutoencoder(latent_channels=256)
    fit_autoencoder(autoencoder, seed=0, batches=8)
    clips = sample_windows(np.random.default_rng(1), 4)
    with torch.no_grad():
        back = autoencoder.decode(autoencoder.latents_of(clips)).sample
    assert (back - clips).abs().mean() < 0.06


def test_weights_survive_saving(tmp_path: Path) -> None:
    autoencoder = tiny_autoencoder()
    autoencoder.save_pretrained(tmp_path)
    again = PocketAutoencoder.from_pretrained(tmp_path, local_files_only=True)
    for name, value in autoencoder.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
