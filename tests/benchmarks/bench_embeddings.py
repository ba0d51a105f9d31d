"""A prompt that is remembered against one that is new: the pocket model, and a tiny transformer
behind a text encoder of T5-base's size."""

# diffusers and transformers are partly typed, and export their classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
# pyright: reportUnknownVariableType=false
from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import LTXConditionPipeline, LTXVideoTransformer3DModel
from transformers import T5Config, T5EncoderModel

from generation.models.card import Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
from generation.models.opening import FAMILIES, silence_libraries
from generation.pocket.pipeline import load_pocket_pipeline
from tests.generation.models.contract import TinyModel, ignore_steps
from tests.generation.tiny.catalogue import TinyWeights

ROUNDS = 5
CACHE_BYTES = 64 * 2**20
STEPS = {"pocket": 20, "ltx-video": 8}


def _large_encoder(folder: Path) -> LTXConditionPipeline:
    """T5-base encodes; its widths are Raffel et al. 2020, table 14 (https://arxiv.org/abs/1910.10683)."""
    pipeline: Any = LTXConditionPipeline.from_pretrained(folder, local_files_only=True)
    config = T5Config(vocab_size=128, d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12)
    torch.manual_seed(0)
    pipeline.text_encoder = T5EncoderModel(config).eval()
    widened = {**pipeline.transformer.config, "caption_channels": config.d_model}
    transformer: Any = LTXVideoTransformer3DModel.from_config(widened)
    pipeline.transformer = transformer.eval()
    return pipeline


def _compare(model: str, pipeline: Any, tiny: TinyWeights) -> dict[str, Any]:
    card = tiny.card({card.id: card for card in read_catalogue(CATALOGUE_FILE)}[model])
    embeddings = EmbeddingCache(CACHE_BYTES)
    adapter = DiffusersModel(
        pipeline,
        card=card,
        family=FAMILIES[card.family],
        revision="",
        find=lambda source: Path(source.repository),
        embeddings=embeddings,
    )
    ready = TinyModel(card=card, model=adapter, embeddings=embeddings)
    new: list[float] = []
    remembered: list[float] = []
    for number in range(ROUNDS + 1):
        shot = ready.shot(Task.TEXT, prompt=f"a red ball {number}", steps=STEPS[model])
        for seconds in (new, remembered):
            began = time.perf_counter()
            adapter.generate(shot, ignore_steps)
            seconds.append(time.perf_counter() - began)
    return {
        "steps": STEPS[model],
        "new_seconds": round(statistics.median(new[1:]), 3),
        "remembered_seconds": round(statistics.median(remembered[1:]), 3),
        "ratio": round(statistics.median(new[1:]) / statistics.median(remembered[1:]), 2),
        "hits": embeddings.hits,
        "misses": embeddings.misses,
    }


def measure() -> dict[str, Any]:
    silence_libraries()
    with tempfile.TemporaryDirectory(prefix="reelroom-tiny-") as folder:
        tiny = TinyWeights(Path(folder))
        ltx = tiny.card(
            next(card for card in read_catalogue(CATALOGUE_FILE) if card.id == "ltx-video")
        )
        large = _large_encoder(Path(ltx.source.repository))
        return {
            "rounds": ROUNDS,
            "pocket": _compare("pocket", load_pocket_pipeline(), tiny),
            "tiny transformer behind T5-base": _compare("ltx-video", large, tiny),
        }
