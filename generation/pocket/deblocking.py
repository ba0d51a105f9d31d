"""Filters against what betrays the blocks of a guessed clip: seams, and flicker every four frames.

Each block is guessed with an error of its own. Where two blocks differ a little along their
border, the step is spread over both, as deblocking filters of video codecs do (List et al., 2003);
a large step is taken for the edge of a thing. In time, pixels are averaged with those of near
frames whose surroundings look alike: a bilateral filter (Tomasi and Manduchi, 1998).
"""

# torch is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import torch
from torch import Tensor
from torch.nn import functional

_EDGE = 0.16
"""Steps from this on stay, those up to half of it go; colours reach from -1 to 1."""
_PASSES = 2
"""Rows and columns change each other's steps, so both are done so often."""
_ALIKE = 0.05
"""Difference of colour at which a frame's weight has fallen to 1 / e."""
_REACH = 8
"""Frames before and after."""
_SURROUNDINGS = 5
"""Height and width in pixels over which colours are compared."""


def without_seams(video: Tensor, *, block: int) -> Tensor:
    """Spread small steps at the borders of blocks; video of (batch, 3, frames, height, width)."""
    for _ in range(_PASSES):
        for side in (3, 4):
            video = _spread_steps(video.movedim(side, -1), block).movedim(-1, side)
    return video


def _spread_steps(video: Tensor, block: int) -> Tensor:
    """At the borders along the last side; a step becomes two ramps as long as half a block."""
    blocks = video.unflatten(-1, (-1, block)).clone()
    near, half = block // 8, block // 2
    step = blocks[..., 1:, :near].mean(dim=-1) - blocks[..., :-1, -near:].mean(dim=-1)
    size = step.abs().amax(dim=1, keepdim=True)
    step = step * (2 - 2 * size / _EDGE).clamp(0, 1)
    ramp = step[..., None] / 2 * (torch.arange(half, device=video.device) + 0.5) / half
    blocks[..., :-1, half:] += ramp
    blocks[..., 1:, :half] -= ramp.flip(-1)
    return blocks.flatten(-2)


def without_flicker(video: Tensor) -> Tensor:
    """Average each pixel over the frames around in which its surroundings are nearly the same."""
    frames, margin = video.shape[2], _SURROUNDINGS // 2
    around = functional.avg_pool3d(
        video, (1, _SURROUNDINGS, _SURROUNDINGS), 1, (0, margin, margin), count_include_pad=False
    )
    total, weights = video.clone(), torch.ones_like(video[:, :1])
    for distance in range(1, min(_REACH, frames - 1) + 1):
        early, late = slice(0, frames - distance), slice(distance, frames)
        change = (around[:, :, late] - around[:, :, early]).abs().amax(dim=1, keepdim=True)
        weight = torch.exp(-((change / _ALIKE) ** 2))
        total[:, :, early] += weight * video[:, :, late]
        total[:, :, late] += weight * video[:, :, early]
        weights[:, :, early] += weight
        weights[:, :, late] += weight
    return total / weights
