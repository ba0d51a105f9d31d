"""How much a pipeline's denoisers compute: a count that depends on no machine."""

# torch is partly typed.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from typing import Any

import torch

from generation.models.tiers import is_denoiser


class DenoiserWork:
    """Multiplications of linear layers since `begin`: of projections and feed-forward parts, not
    of queries by keys."""

    def __init__(self, pipeline: Any) -> None:
        self.multiplications = 0
        for name, part in pipeline.components.items():
            if is_denoiser(name) and part is not None:
                for layer in part.modules():
                    if isinstance(layer, torch.nn.Linear):
                        layer.register_forward_hook(self._count)

    def begin(self) -> None:
        self.multiplications = 0

    def _count(self, layer: torch.nn.Linear, _given: Any, result: torch.Tensor) -> None:
        self.multiplications += result.numel() * layer.in_features
