"""Prompts that were encoded before are not encoded again.

A large text encoder takes longer than a distilled model's few steps, and must be brought to the
device where it does not rest there. Members of a server try one prompt with many seeds.
"""

# diffusers' pipelines are untyped.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, cast

import torch

Encoded = Any
"""What a pipeline's `encode_prompt` gives: tensors and None, in tuples."""


class EmbeddingCache:
    """Encoded prompts in main memory, at most `max_bytes`; the one not used for longest goes.

    With 0 bytes nothing is kept. `hits` and `misses` count since the start.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, Encoded] = OrderedDict()
        self._bytes = 0
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable, encode: Callable[[], Encoded]) -> Encoded:
        """What `encode` gave for this key before, on its device again; else asks it."""
        if key in self._kept:
            self._kept.move_to_end(key)
            self.hits += 1
            return _each(self._kept[key], _back_on_its_device)
        self.misses += 1
        encoded = encode()
        size = _size(encoded)
        if size <= self._max_bytes:
            self._kept[key] = _each(encoded, _Resting)
            self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)
        return encoded


class _Resting:
    """A tensor in main memory, and the device that it is wanted on."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.device = tensor.device
        self.values = tensor.detach().to("cpu", copy=True)
        self.nbytes = self.values.nbytes


def _back_on_its_device(resting: _Resting) -> torch.Tensor:
    """A copy: pipelines may write into what they are given."""
    return resting.values.to(resting.device, copy=True)


def _each(encoded: Encoded, change: Callable[[Any], Any]) -> Encoded:
    if encoded is None:
        return None
    if isinstance(encoded, tuple | list):
        return tuple(_each(part, change) for part in cast(Sequence[Encoded], encoded))
    return change(encoded)


def _size(encoded: Encoded) -> int:
    if encoded is None:
        return 0
    if isinstance(encoded, tuple | list):
        return sum(_size(part) for part in cast(Sequence[Encoded], encoded))
    return int(encoded.nbytes)


@contextlib.contextmanager
def remembered_prompts(
    pipeline: Any, cache: EmbeddingCache, weights: Hashable
) -> Generator[None, None, None]:
    """Within it, the pipeline asks the cache before its text encoder.

    `weights` tell these encoders from others: model, revision, LoRAs. The rest of the key is what
    `encode_prompt` is called with: prompts, lengths, guidance or not, device, number format. A
    call with more than words and numbers (a picture, a tensor) is not remembered.
    """
    encode = getattr(pipeline, "encode_prompt", None)
    if encode is None:  # Stable Video Diffusion takes no words
        yield
        return

    def ask_cache(*positional: Any, **named: Any) -> Encoded:
        try:
            key = (weights, type(pipeline).__name__, _key(positional), _key(named))
        except TypeError:
            return encode(*positional, **named)
        return cache.get(key, lambda: encode(*positional, **named))

    pipeline.encode_prompt = ask_cache
    try:
        yield
    finally:
        del pipeline.encode_prompt


def _key(value: Any) -> Hashable:
    """Raises TypeError for what is neither words, numbers, nor lists of them."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return tuple((name, _key(each)) for name, each in sorted(named.items()))
    if isinstance(value, list | tuple):
        return tuple(_key(each) for each in cast(Sequence[Any], value))
    if value is None or isinstance(value, str | int | float | torch.device | torch.dtype):
        # Equal numbers of other types (1, 1.0, True) may mean another thing.
        return (type(value).__name__, value)
    raise TypeError(f"{type(value).__name__} is no part of a key")
