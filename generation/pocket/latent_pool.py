"""A stream of freshly rendered clips as latents, cheap enough to feed training.

Rendering every sample anew would take as long as learning from it. The pool keeps the last
clips of each kind and size, adds a few new ones whenever it is asked, and draws from all.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily;
# the `to` of their models is typed as a function without self.
# pyright: reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from generation.pocket.autoencoder import PocketAutoencoder
from generation.pocket.rendering import render
from generation.pocket.world import (
    Scene,
    sample_picture_scene,
    sample_scene,
)

ClipKind = Literal["world", "anywhere", "loop", "picture", "picture loop"]
"""What clips show: scenes as a caption alone asks for, or as given pictures may have them."""


@dataclass(frozen=True, kw_only=True)
class ClipShape:
    """A batch's frames and its size in pixels."""

    frames: int
    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Scenes and their normalised latents (count, channels, latent frames, rows, columns).

    `last` holds the clips' last frames encoded alone, one latent frame each.
    """

    scenes: tuple[Scene, ...]
    latents: Tensor
    last: Tensor


_Entry = tuple[Scene, Tensor, Tensor]


class LatentPool:
    """Draws batches; deterministic for a seed and a sequence of calls."""

    def __init__(
        self,
        autoencoder: PocketAutoencoder,
        *,
        seed: int,
        part: int = 0,
        device: torch.device,
        fresh: int = 8,
        capacity: int = 20000,
    ) -> None:
        self._autoencoder = autoencoder.to(device).eval()
        self._rng = np.random.default_rng([seed, 4, part])
        self._device = device
        self._fresh = fresh
        self._capacity = capacity
        self._kept: dict[tuple[ClipKind, ClipShape], list[_Entry]] = {}
        self._made: dict[tuple[ClipKind, ClipShape], int] = {}

    def draw(self, kind: ClipKind, shape: ClipShape, count: int) -> Batch:
        """`count` clips of one kind and shape, at least `fresh` of them never drawn before."""
        key = (kind, shape)
        kept = self._kept.setdefault(key, [])
        made = self._made.get(key, 0)
        new = self._render(kind, shape, max(self._fresh, min(count, count - len(kept))))
        for entry in new:
            if len(kept) < self._capacity:
                kept.append(entry)
            else:
                kept[made % self._capacity] = entry
            made += 1
        self._made[key] = made
        old = [kept[int(n)] for n in self._rng.integers(len(kept), size=count - len(new))]
        chosen = [*new, *old][:count]
        return Batch(
            scenes=tuple(scene for scene, _, _ in chosen),
            latents=torch.stack([latents for _, latents, _ in chosen]).float(),
            last=torch.stack([last for _, _, last in chosen]).float(),
        )

    def _draw_scene(self, kind: ClipKind, shape: ClipShape) -> Scene:
        loop = kind in ("loop", "picture loop")
        if kind in ("picture", "picture loop"):
            return sample_picture_scene(self._rng, loop=loop)
        return sample_scene(
            self._rng, aspect=shape.width / shape.height, loop=loop, anywhere=kind != "world"
        )

    @torch.no_grad()
    def _render(self, kind: ClipKind, shape: ClipShape, count: int) -> list[_Entry]:
        scenes = [self._draw_scene(kind, shape) for _ in range(count)]
        clips = render(scenes, frames=shape.frames, height=shape.height, width=shape.width)
        clips = clips.mul_(2).sub_(1).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16):
            latents = self._autoencoder.latents_of(clips).to("cpu", torch.bfloat16)
            last = self._autoencoder.latents_of(clips[:, :, -1:]).to("cpu", torch.bfloat16)
        return list(zip(scenes, latents.unbind(), last.unbind(), strict=True))
