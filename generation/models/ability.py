"""Which models this machine cannot run, told before anybody pays for one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from generation.device import Device
from generation.errors import GenerationFailed
from generation.models.card import ModelCard

logger = logging.getLogger(__name__)

GIGABYTE = 10**9

LeastBytes = Callable[[ModelCard], int]
"""What a model needs of the device's memory in the way that needs least. Raises GenerationFailed
where its weights are not here."""


def unable_models(
    cards: Iterable[ModelCard],
    *,
    device: Device,
    memory_bytes: int,
    least_bytes: LeastBytes,
    failed: Mapping[str, str],
) -> dict[str, str]:
    """Why not, in words for members, by model id. `failed` are the checks that failed, likewise.

    The log has for the operator what would help.
    """
    unable: dict[str, str] = {}
    for card in cards:
        try:
            reason = _reason(card, device, memory_bytes, least_bytes, failed)
            detail = failed.get(card.id, reason)
        except (GenerationFailed, OSError) as error:
            reason, detail = "its weights are not on this machine", str(error)
        if reason is not None:
            logger.warning("%s cannot run here: %s", card.id, detail)
            unable[card.id] = reason
    return unable


def _reason(
    card: ModelCard,
    device: Device,
    memory_bytes: int,
    least_bytes: LeastBytes,
    failed: Mapping[str, str],
) -> str | None:
    if card.needs_gpu and device.torch_device.type == "cpu":
        return "it needs a graphics card, and this machine has none to compute on"
    if card.id in failed:
        return "it failed when it was last checked on this machine"
    needed = least_bytes(card)
    if needed > memory_bytes:
        return (
            f"it needs at least {needed / GIGABYTE:.1f} GB of memory, of which "
            f"{memory_bytes / GIGABYTE:.1f} GB may be taken here"
        )
    return None
