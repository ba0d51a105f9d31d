from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition
from PIL import Image

from generation.pocket.pipeline import load_pocket_pipeline, save_pocket_pipeline, weights_digest
from tests.generation.pocket.tiny_pocket import tiny_pipeline


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pocket")
    save_pocket_pipeline(tiny_pipeline(), folder)
    return folder


def generate(pipeline: Any, **options: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    settings: dict[str, Any] = {
        "prompt": "a red circle moving right", "height": 64, "width": 64, "num_frames": 9,
        "frame_rate": 12, "num_inference_steps": 3, "guidance_scale": 3.0,
        "image_cond_noise_scale": 0.0, "max_sequence_length": 64, "output_type": "np",
        "timesteps": [1000.0, 700.0, 300.0], "generator": torch.Generator().manual_seed(1),
    }  # fmt: skip
    return pipeline(**settings | options).frames[0]


def test_the_folder_holds_only_safetensors_and_text(folder: Path) -> None:
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert suffixes == {".safetensors", ".json"}


def test_a_saved_pipeline_makes_the_same_clip_for_a_seed(folder: Path) -> None:
    first = generate(load_pocket_pipeline(folder))
    again = generate(load_pocket_pipeline(folder))
    assert first.shape == (9, 64, 64, 3)
    assert np.isfinite(first).all()
    assert np.array_equal(first, again)


def test_another_prompt_gives_another_clip(folder: Path) -> None:
    pipeline = load_pocket_pipeline(folder)
    assert not np.array_equal(generate(pipeline), generate(pipeline, prompt="a blue star falling"))


def test_given_first_and_last_frames_steer_the_clip(folder: Path) -> None:
    pipeline = load_pocket_pipeline(folder)
    image = Image.new("RGB", (64, 64), (200, 30, 30))
    first = LTXVideoCondition(image=image, frame_index=0)
    last = LTXVideoCondition(image=image, frame_index=8)
    free, begun = generate(pipeline), generate(pipeline, conditions=[first])
    both = generate(pipeline, conditions=[first, last])
    assert not np.array_equal(free, begun)
    assert not np.array_equal(begun, both)
    # The first frame is the encoded picture, but for what filters take from the frames behind it.
    assert np.abs(begun[0] - both[0]).mean() < 0.3 * np.abs(begun[0] - free[0]).mean()


def test_the_digest_follows_the_weights(folder: Path, tmp_path: Path) -> None:
    other = tiny_pipeline()
    other.transformer.proj_out.bias.data += 1
    save_pocket_pipeline(other, tmp_path)
    assert weights_digest(folder) == weights_digest(folder)
    assert weights_digest(folder) != weights_digest(tmp_path)


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="config"):
        load_pocket_pipeline(tmp_path / "nowhere")
