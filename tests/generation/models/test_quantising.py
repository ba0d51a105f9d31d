"""Eight-bit weights, where torchao is installed (an optional extra)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generation.models.card import Task
from generation.models.quantising import is_installed
from generation.models.tiers import Tier
from tests.generation.models.contract import TinyModel, difference

pytestmark = pytest.mark.skipif(not is_installed(), reason="torchao is not installed")


@pytest.mark.parametrize("model", ["ltx-video", "wan-2.1-1.3b"])
def test_rounded_weights_make_nearly_the_same_clip(
    tiny_model: Callable[..., TinyModel], model: str
) -> None:
    whole = tiny_model(model)
    rounded = tiny_model(model, tier=Tier.QUANTISED)
    pipeline = rounded.pipeline_for(Task.TEXT)
    for part in (pipeline.transformer, pipeline.text_encoder):
        kinds = {type(weight).__name__ for weight in part.parameters()}
        assert any("Int8" in kind for kind in kinds), kinds
    made = rounded.make(Task.TEXT).frames
    assert difference(made, whole.make(Task.TEXT).frames) < 4
    assert np.array_equal(rounded.make(Task.TEXT).frames, made)
