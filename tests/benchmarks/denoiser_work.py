"""How much a pipeline's denoisers compute: a count that depends on no machine."""

# torch is partly typed, and names its operators at run time.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import functools
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop

from generation.models.tiers import is_denoiser

BESIDE_TORCHS_OWN = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: sdpa_flop}
"""Attention on a CPU, which torch's table of operators leaves out."""


class DenoiserWork:
    """Floating-point operations of matrix products and attention since `begin`."""

    def __init__(self, pipeline: Any) -> None:
        self.operations = 0
        for name, part in pipeline.components.items():
            if is_denoiser(name) and part is not None:
                part.forward = self._counted(part.forward)

    def begin(self) -> None:
        self.operations = 0

    def _counted(self, forward: Any) -> Any:
        @functools.wraps(forward)
        def counted(*arguments: Any, **options: Any) -> Any:
            with FlopCounterMode(display=False, custom_mapping=BESIDE_TORCHS_OWN) as counter:
                result = forward(*arguments, **options)
            self.operations += counter.get_total_flops()
            return result

        return counted
