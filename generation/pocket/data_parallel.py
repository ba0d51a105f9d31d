"""Training in several processes at once, which average their gradients.

Processes of one thread each are faster on a busy CPU than one of several threads: they meet
once a step, threads meet at every single operation.
"""

# torch.distributed is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence

import torch
from torch import distributed, nn


def mean_gradients(weights: Sequence[nn.Parameter], *figures: float) -> tuple[float, ...]:
    """Replace gradients by their means over all training processes; the figures' means.

    Alone in its process group, or without one, a process keeps what it has.
    """
    if not distributed.is_initialized():
        return figures
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    flat = torch.cat(
        [
            *(gradient.flatten() for gradient in gradients),
            torch.tensor(figures, device=gradients[0].device),
        ]
    )
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    *parts, means = flat.split([*(gradient.numel() for gradient in gradients), len(figures)])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
    return tuple(means.tolist())
