"""The weights that ship: small, safe, and the ones that were evaluated."""

import json

import numpy as np
from numpy.typing import NDArray

from generation.pocket.autoencoder import PATCH_SIZE
from generation.pocket.evaluate import Settings, judge_prompts, world_scenes
from generation.pocket.evaluation_report import shares
from generation.pocket.phrasing import DEFAULT_GUIDANCE, DEFAULT_STEPS
from generation.pocket.pipeline import WEIGHTS_FOLDER, load_pocket_pipeline, weights_digest

MAX_BYTES = 40_000_000
MOST_BORDER_STEPS = 2.2
"""Without filters and restorer steps are three times as large where blocks meet."""
BARS = {"colour": 0.65, "background": 0.85, "motion": 0.6, "style": 0.6}
"""Shares of held-out prompts, ten points or more below those of the model card."""


def test_the_weights_are_small_and_hold_no_code() -> None:
    files = [path for path in WEIGHTS_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MAX_BYTES
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".md", ".png"}
    assert {path.parent.name for path in WEIGHTS_FOLDER.rglob("*.safetensors")} == {
        "transformer",
        "vae",
        "text_encoder",
    }


def test_the_shipped_weights_are_the_evaluated_ones() -> None:
    evaluation = json.loads((WEIGHTS_FOLDER / "evaluation.json").read_text())
    assert evaluation["weights_sha256"] == weights_digest()


def test_the_evaluation_asked_enough() -> None:
    evaluation = json.loads((WEIGHTS_FOLDER / "evaluation.json").read_text())
    assert evaluation["right"]["world"]["everything"]["of"] >= 512
    assert len([name for name in evaluation["right"] if name.startswith("world")]) == 2


def test_clips_still_show_what_was_asked() -> None:
    """A smaller evaluation with looser bars than the figures of the model card."""
    pipeline = load_pocket_pipeline()
    settings = Settings(steps=DEFAULT_STEPS, guidance=DEFAULT_GUIDANCE)
    judged = judge_prompts(pipeline, "world", world_scenes(32, seed=3000), settings, seed=3000)
    found = shares(judged)
    missed = {
        name: found[name]["share"] for name, bar in BARS.items() if found[name]["share"] < bar
    }
    assert not missed
    clips = np.stack([one.clip for one in judged])
    assert max(border_steps(clips, axis=2), border_steps(clips, axis=3)) < MOST_BORDER_STEPS


def border_steps(clips: NDArray[np.uint8], *, axis: int) -> float:
    """How much larger steps from pixel to pixel are where blocks meet than they are elsewhere.

    Clips are (clips, frames, height, width, 3); steps are taken along `axis`.
    """
    steps = np.abs(np.diff(clips.astype(np.float32), axis=axis))
    means = steps.mean(axis=tuple(other for other in range(5) if other != axis))
    borders = np.arange(1, len(means) + 1) % PATCH_SIZE == 0
    return float(means[borders].mean() / means[~borders].mean())
