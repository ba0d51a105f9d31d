"""The clips of known loops and cuts that the gate of `generation.loop_seam` was chosen on."""

from __future__ import annotations

import numpy as np
import pytest

from generation.loop_seam import seam
from generation.models.adapter import Frames
from tests.generation.moving_pictures import turning


def first_again_at_the_end() -> Frames:
    cycle = turning(31)
    return np.concatenate([cycle, cycle[:1]])


def there_and_back() -> Frames:
    half = turning(32)[:17]
    return np.concatenate([half, half[-2:0:-1]])


def with_grain(frames: Frames) -> Frames:
    grain = np.random.default_rng(1).normal(0, 3, frames.shape)
    return np.clip(frames + grain, 0, 255).astype(np.uint8)


def rolling() -> Frames:
    """A whole pattern that moves steadily: its flow hardly ever changes."""
    rough = np.random.default_rng(2).integers(0, 256, (12, 12, 3)).repeat(8, 0).repeat(8, 1)
    return np.stack([np.roll(rough, 4 * t, axis=1) for t in range(24)]).astype(np.uint8)


@pytest.mark.parametrize("frames", [turning(32), turning(12), with_grain(turning(32)), rolling()])
def test_perfect_cycle_is_seamless(frames: Frames) -> None:
    measured = seam(frames)
    assert 0.8 <= measured.ratio <= 1.2
    assert measured.velocity_jump <= 2
    assert measured.is_seamless


def test_open_clip_is_cut_at_its_seam() -> None:
    measured = seam(turning(32, turns=0.6))
    assert measured.ratio > 3
    assert measured.velocity_jump > 5
    assert not measured.is_seamless


def test_duplicate_of_the_first_frame_is_a_stutter() -> None:
    measured = seam(first_again_at_the_end())
    assert measured.ratio == 0
    assert not measured.is_seamless


def test_dropping_the_duplicate_makes_the_loop_seamless() -> None:
    assert seam(first_again_at_the_end()[:-1]).is_seamless


@pytest.mark.parametrize("frames", [there_and_back(), with_grain(there_and_back())])
def test_ping_pong_passes_by_ratio_and_fails_by_velocity(frames: Frames) -> None:
    measured = seam(frames)
    assert 0.5 <= measured.ratio <= 1.5
    assert measured.velocity_jump > 3
    assert not measured.is_seamless


def test_still_picture_is_no_loop() -> None:
    measured = seam(np.repeat(turning(8)[:1], 8, axis=0))
    assert measured.is_static
    assert not measured.is_seamless


def test_worse_seams_have_larger_jumps() -> None:
    jumps = [
        seam(frames).velocity_jump
        for frames in (turning(32), there_and_back(), turning(32, turns=0.6))
    ]
    assert jumps == sorted(jumps)


def test_three_frames_are_too_few_to_measure() -> None:
    with pytest.raises(ValueError, match="at least 4 frames, not 3"):
        seam(turning(3))
