from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from tests.generation.models.contract import TinyModel


@pytest.fixture(scope="package")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TinyModel]:
    """Builds, saves and loads the tiny model of an id, once for all tests; `cache_bytes` are for
    its prompts."""
    from generation.device import Device
    from generation.models.embeddings import EmbeddingCache
    from generation.models.levers import Levers
    from generation.models.opening import load, silence_libraries
    from generation.models.tiers import Tier
    from generation.models.weights import WeightFolders
    from tests.generation.tiny.catalogue import TinyWeights

    silence_libraries()
    cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}
    tiny = TinyWeights(tmp_path_factory.mktemp("tiny models"))
    device = Device.choose("cpu", threads=1)

    @cache
    def build(model: str, cache_bytes: int = 0, tier: Tier = Tier.RESIDENT) -> TinyModel:
        card = tiny.card(cards[model])
        weights = WeightFolders({})
        embeddings = EmbeddingCache(cache_bytes)
        found = weights.of_model(card)
        loaded = load(
            card,
            found,
            weights,
            device,
            tier,
            embeddings=embeddings,
            levers=Levers(quantisation="int8"),
        )
        return TinyModel(card=card, model=loaded, embeddings=embeddings)

    return build
