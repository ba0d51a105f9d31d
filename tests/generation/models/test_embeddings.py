"""A prompt that was encoded before makes the very same clip without its text encoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from generation.models.card import Feature
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.embeddings import EmbeddingCache, remembered_prompts
from tests.generation.models.contract import TinyModel

CACHE_BYTES = 16 * 2**20
FIRST_OF_FAMILY = list(
    {card.family: card for card in reversed(read_catalogue(CATALOGUE_FILE))}.values()
)
WITHOUT_WORDS = {"stable-video", "swin2sr", "ltx-upscaler"}
"""Pictures are encoded anew for each shot."""


@pytest.mark.parametrize("model", [card.id for card in FIRST_OF_FAMILY])
def test_a_remembered_prompt_makes_the_same_clip_bit_for_bit(
    tiny_model: Callable[..., TinyModel], model: str
) -> None:
    plain, caching = tiny_model(model), tiny_model(model, CACHE_BYTES)
    task = plain.card.tasks[0]
    expected = plain.make(task).frames
    assert np.array_equal(caching.make(task).frames, expected)
    encoded = caching.embeddings.misses
    assert np.array_equal(caching.make(task).frames, expected)
    assert caching.embeddings.misses == encoded
    assert (caching.embeddings.hits == 0) == (plain.card.family in WITHOUT_WORDS)
    if Feature.PROMPT in plain.card.features:
        other = {"prompt": "a blue cat", "seed": 2}
        assert np.array_equal(caching.make(task, **other).frames, plain.make(task, **other).frames)
        assert caching.embeddings.misses > encoded


def test_a_lora_in_force_is_part_of_what_a_prompt_is_remembered_by(
    tiny_model: Callable[..., TinyModel],
) -> None:
    caching = tiny_model("animatediff", CACHE_BYTES)
    task, chosen = caching.card.tasks[0], caching.card.preset("lcm")
    common = {"steps": chosen.steps_default, "guidance": chosen.guidance_default}
    caching.make(task, **common)
    hits = caching.embeddings.hits
    caching.make(task, preset="lcm", **common)
    assert caching.embeddings.hits == hits
    caching.make(task, preset="lcm", **common)
    assert caching.embeddings.hits > hits


class Words:
    """A pipeline that encodes words as their lengths, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def encode_prompt(self, prompt: object, length: int = 4) -> tuple[torch.Tensor, None]:
        self.asked += 1
        return torch.full((length,), float(len(str(prompt)))), None


def encode(words: Words, cache: EmbeddingCache, *prompts: object, weights: str = "w") -> None:
    with remembered_prompts(words, cache, weights):
        for prompt in prompts:
            words.encode_prompt(prompt)


def test_memory_is_bounded_and_the_prompt_not_used_for_longest_goes() -> None:
    words, cache = Words(), EmbeddingCache(2 * 4 * 4)
    encode(words, cache, "one", "two", "one", "three")
    assert words.asked == 3
    encode(words, cache, "one", "three")
    assert words.asked == 3
    encode(words, cache, "two")
    assert words.asked == 4


def test_what_is_larger_than_all_the_memory_drives_nothing_else_out() -> None:
    words, cache = Words(), EmbeddingCache(2 * 4 * 4)
    encode(words, cache, "one")
    with remembered_prompts(words, cache, "w"):
        words.encode_prompt("long", length=100)
    encode(words, cache, "one")
    assert words.asked == 2


def test_other_weights_other_lengths_and_pictures_are_encoded_anew() -> None:
    words, cache = Words(), EmbeddingCache(1000)
    encode(words, cache, "one")
    encode(words, cache, "one", weights="others")
    with remembered_prompts(words, cache, "w"):
        words.encode_prompt("one", length=5)
        words.encode_prompt(torch.zeros(3))
        words.encode_prompt(torch.zeros(3))
    assert words.asked == 5


def test_a_pipeline_may_write_into_what_it_is_given() -> None:
    words, cache = Words(), EmbeddingCache(1000)
    for _ in range(3):
        with remembered_prompts(words, cache, "w"):
            embedding, _ = words.encode_prompt("one")
        assert torch.equal(embedding, torch.full((4,), 3.0))
        embedding.zero_()
    assert words.asked == 1
