"""Each check of generation's needs says what is wrong and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generation.pocket.pipeline import weights_digest
from generation.self_check import Wrong, check_device, check_encoders, check_model, report


def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(Wrong, match="quantum") as caught:
        check_device("quantum")
    assert "generation.device" in caught.value.remedy


def test_the_encoders_of_our_clips_are_there() -> None:
    assert "H.264 and AAC" in check_encoders()


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(Wrong) as caught:
        check_model("sora", None)
    assert "pocket" in caught.value.remedy


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match=str(tmp_path)):
        check_model("pocket", tmp_path)


def test_pickled_weights_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    (tmp_path / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(Wrong) as caught:
        check_model("pocket", tmp_path)
    assert "never loaded" in caught.value.remedy


def test_other_weights_than_the_evaluated_ones_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "evaluation.json").write_text(
        json.dumps({"weights_sha256": weights_digest(tmp_path)})
    )
    assert "revision" in check_model("pocket", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(Wrong, match="evaluated"):
        check_model("pocket", tmp_path)


def test_a_check_that_breaks_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise ImportError("no such library")

    report("torch", broken)
    line = json.loads(capsys.readouterr().out)
    assert line["verdict"] == "bad"
    assert "no such library" in line["detail"]
