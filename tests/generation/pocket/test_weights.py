"""The weights that ship: small, safe, and the ones that were evaluated."""

import json

from generation.pocket.evaluate import Settings, direction_scenes, judge_prompts
from generation.pocket.pipeline import WEIGHTS_FOLDER, load_pocket_pipeline, weights_digest

MAX_BYTES = 25_000_000


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


def test_the_evaluation_met_its_bar() -> None:
    evaluation = json.loads((WEIGHTS_FOLDER / "evaluation.json").read_text())
    directions = evaluation["right"]["direction"]
    assert directions["motion"]["of"] >= 16
    assert directions["motion"]["share"] >= 12 / 16
    assert directions["colour"]["share"] >= 12 / 16


def test_clips_still_go_the_asked_way_in_the_asked_colour() -> None:
    """A smaller evaluation with a looser bar than the one of the model card."""
    pipeline = load_pocket_pipeline()
    judged = judge_prompts(
        pipeline, "direction", direction_scenes(4), Settings(steps=12, guidance=3.0), seed=3000
    )
    assert sum(one.right["motion"] for one in judged) >= 3
    assert sum(one.right["colour"] for one in judged) >= 3
    assert all(one.right["background"] for one in judged)
