# torch is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
import pytest
import torch
from torch import Tensor

from generation.pocket.deblocking import without_flicker, without_seams

BLOCK = 16


def uneven(error: float) -> Tensor:
    """A grey clip, (1, 3, 8, 64, 64), each of whose blocks is lighter or darker at random."""
    torch.manual_seed(0)
    errors = (torch.rand(1, 3, 8, 4, 4) * 2 - 1) * error
    return errors.repeat_interleave(BLOCK, dim=3).repeat_interleave(BLOCK, dim=4)


def largest_step(video: Tensor) -> float:
    return max(video.diff(dim=side).abs().max().item() for side in (3, 4))


def test_small_steps_between_blocks_become_slopes() -> None:
    video = uneven(0.03)
    found = without_seams(video, block=BLOCK)
    assert largest_step(video) > 0.04
    assert largest_step(found) < largest_step(video) / 4


def test_what_is_even_stays_as_it_is() -> None:
    video = torch.full((1, 3, 5, 32, 32), 0.3)
    assert torch.equal(without_seams(video, block=BLOCK), video)
    assert torch.allclose(without_flicker(video), video)


@pytest.mark.parametrize("side", [3, 4])
def test_the_edge_of_a_thing_stays_where_blocks_meet(side: int) -> None:
    video = torch.zeros(1, 3, 4, 32, 32)
    video.narrow(side, BLOCK, BLOCK).fill_(1.0)
    assert torch.equal(without_seams(video, block=BLOCK), video)


def test_every_block_keeps_its_share_of_light() -> None:
    """What a step's one side loses its other side gains."""
    video = uneven(0.03)
    found = without_seams(video, block=BLOCK)
    assert torch.allclose(found.mean(dim=(3, 4)), video.mean(dim=(3, 4)), atol=1e-4)


def test_still_surroundings_stop_flickering() -> None:
    torch.manual_seed(0)
    flicker = torch.randn(1, 3, 7, 1, 1).repeat_interleave(4, dim=2) * 0.02
    video = torch.rand(1, 3, 1, 16, 16) + flicker
    found = without_flicker(video)
    assert found.diff(dim=2).abs().mean() < video.diff(dim=2).abs().mean() / 2


def test_a_thing_that_moves_leaves_no_trail() -> None:
    video = torch.full((1, 3, 12, 32, 64), -0.5)
    for frame in range(12):
        video[:, :, frame, 8:24, 4 * frame : 4 * frame + 16] = 0.9
    found = without_flicker(video)
    assert (found - video).abs().max() < 0.02


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_clips_of_any_length_pass(frames: int) -> None:
    video = torch.rand(2, 3, frames, 32, 48)
    assert without_flicker(without_seams(video, block=BLOCK)).shape == video.shape
