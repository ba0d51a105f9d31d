"""Takes what is wrong with guessed clips out of them: a small U-Net behind the linear decoder.

The transformer's last guess of a clip is ragged and flickers, block by block. What a clip of the
pocket world may look like is known, so a network that sees the whole clip can mend that. As the
decoder of LTX-Video (HaCohen et al., 2024), this one does the last step of taking noise away.
Neighbouring latent frames see each other by shifted channels (Lin et al., 2019: temporal shift).
"""

# torch is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

_FRAMES = 4
"""Frames of a latent frame; their colours are the channels that the network works on."""
_DEPTH = 2
"""Residual blocks on each level, on the way down and on the way up."""


class Restorer(nn.Module):
    """Corrections at twice the height and width of soft clips (batch, 3, 4n, height, width).

    Height and width are multiples of 2 to the power of the number of widths less one. A new one
    corrects nothing.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        values = 3 * _FRAMES
        self.begin = nn.Conv2d(values, widths[0], 3, padding=1)
        self.down = nn.ModuleList(_level(width) for width in widths[:-1])
        self.halve = nn.ModuleList(
            nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in itertools.pairwise(widths)
        )
        self.middle = _level(widths[-1])
        self.widen = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(_level(width) for width in widths[:-1])
        self.end = nn.Conv2d(widths[0], values * 4, 3, padding=1)
        nn.init.zeros_(self.end.weight)
        assert self.end.bias is not None
        nn.init.zeros_(self.end.bias)

    def forward(self, soft: Tensor) -> Tensor:
        clips, _, frames, height, width = soft.shape
        latent_frames = frames // _FRAMES
        grouped = soft.unflatten(2, (latent_frames, _FRAMES)).transpose(1, 2)
        state = grouped.reshape(clips * latent_frames, -1, height, width)
        state = self.begin(state.contiguous(memory_format=torch.channels_last))
        kept: list[Tensor] = []
        for level, halve in zip(self.down, self.halve, strict=True):
            state = _through(level, state, latent_frames)
            kept.append(state)
            state = halve(state)
        state = _through(self.middle, state, latent_frames)
        for level, widen in zip(reversed(self.up), reversed(self.widen), strict=True):
            larger = functional.interpolate(widen(state), scale_factor=2, mode="nearest")
            state = _through(level, larger + kept.pop(), latent_frames)
        found = functional.pixel_shuffle(self.end(state), 2)
        split = found.unflatten(0, (clips, latent_frames)).unflatten(2, (3, _FRAMES))
        return split.transpose(1, 2).flatten(2, 3)


class _Residual(nn.Module):
    """Two convolutions whose outcome is added; it begins as nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, state: Tensor, latent_frames: int) -> Tensor:
        inner = functional.silu(self.first(_shifted(state, latent_frames)))
        return state + self.second(inner)


def _level(width: int) -> nn.ModuleList:
    return nn.ModuleList(_Residual(width) for _ in range(_DEPTH))


def _through(level: nn.Module, state: Tensor, latent_frames: int) -> Tensor:
    assert isinstance(level, nn.ModuleList)
    for block in level:
        state = block(state, latent_frames)
    return state


def _shifted(state: Tensor, latent_frames: int) -> Tensor:
    """A quarter of the channels from the frame before, a quarter from the next one.

    At the ends frames keep their own.
    """
    if latent_frames == 1:
        return state
    clips = state.unflatten(0, (-1, latent_frames))
    quarter = state.shape[1] // 4
    past, coming, own = clips.split([quarter, quarter, state.shape[1] - 2 * quarter], dim=2)
    past = torch.cat([past[:, :1], past[:, :-1]], dim=1)
    coming = torch.cat([coming[:, 1:], coming[:, -1:]], dim=1)
    joined = torch.cat([past, coming, own], dim=2).flatten(0, 1)
    return joined.contiguous(memory_format=torch.channels_last)
