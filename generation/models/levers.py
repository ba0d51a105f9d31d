"""What an operator may set to spend memory for speed, or likeness for memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quantisation = Literal["none", "int8", "float8"]
Attention = Literal["native", "flash", "cudnn", "sage", "xformers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Levers:
    """As they stand here, a model runs as diffusers would run it.

    Encoded prompts are kept in up to `embedding_cache_bytes`. With a `quantisation`, weights may
    be held in eight bits where memory is short. `attention` is the kernel that attention is
    computed by.
    """

    embedding_cache_bytes: int = 0
    quantisation: Quantisation = "none"
    attention: Attention = "native"
