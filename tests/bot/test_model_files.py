"""`python -m bot models` as an operator runs it, against a hub on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.lock import locked_file, read_lock
from generation.models.step_cache import MagCache
from tests.generation.models.hub import REVISION, Hub, open_hub
from tests.generation.tiny_ltx import write_tiny_catalogue
from tests.house.sources import ROOT

FILES = {
    "model_index.json": b"{}",
    "README.md": b"# Tiny",
    "transformer/config.json": b"{}",
    "transformer/diffusion_pytorch_model.safetensors": b"weights",
    "transformer/diffusion_pytorch_model.fp16.safetensors": b"half",
    "tiny.safetensors": b"all in one file",
    "text_encoder/pytorch_model.bin": b"pickled",
}
PICKLED = {"model_index.json": b"{}", "unet/diffusion_pytorch_model.bin": b"pickled"}


@dataclass(frozen=True, kw_only=True)
class Operator:
    folder: Path
    hub: Hub

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "HF_ENDPOINT": self.hub.url,
            "HF_HUB_CACHE": str(self.folder / "cache"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "PYTHONPATH": str(ROOT),
            "REELROOM_GENERATION__CATALOGUE_FILE": str(self.folder / "own.toml"),
        }
        return subprocess.run(
            [sys.executable, "-m", "bot", "models", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def lock(self) -> Path:
        return self.folder / "models.lock.json"


@pytest.fixture
def operator(tmp_path: Path) -> Generator[Operator]:
    own = write_tiny_catalogue(tmp_path / "own.toml", model="tiny", source="somebody/tiny")
    other = write_tiny_catalogue(tmp_path / "other.toml", model="old", source="somebody/old")
    own.write_text(own.read_text() + other.read_text())
    with open_hub({"somebody/tiny": FILES, "somebody/old": PICKLED}) as hub:
        yield Operator(folder=tmp_path, hub=hub)


def test_pull_locks_the_revision_and_the_hash_of_every_file_it_took(operator: Operator) -> None:
    pulled = operator.run("pull", "tiny")
    assert pulled.returncode == 0, pulled.stderr
    locked = read_lock(operator.lock)["somebody/tiny"]
    assert locked.revision == REVISION
    assert set(locked.files) == {
        "model_index.json",
        "transformer/config.json",
        "transformer/diffusion_pytorch_model.safetensors",
    }
    for name, file in locked.files.items():
        (copy,) = (operator.folder / "cache").rglob(f"snapshots/*/{name}")
        assert locked_file(copy) == file
    # A second time nothing is fetched again, and the revision is the locked one.
    before = len([path for path in operator.hub.asked if path.endswith("model.safetensors")])
    assert operator.run("pull", "tiny").returncode == 0
    after = len([path for path in operator.hub.asked if path.endswith("model.safetensors")])
    assert after == before
    # The lock was tampered with: the same bytes are not those that it names any more.
    fields = json.loads(operator.lock.read_text())
    fields["somebody/tiny"]["files"]["model_index.json"]["sha256"] = "0" * 64
    operator.lock.write_text(json.dumps(fields))
    refused = operator.run("pull", "tiny")
    assert refused.returncode == 1
    assert "is not the file that was locked" in refused.stderr


def test_pickled_weights_are_not_downloaded(operator: Operator) -> None:
    refused = operator.run("pull", "old")
    assert refused.returncode == 1
    assert "no safetensors" in refused.stderr
    assert not any(path.endswith(".bin") for path in operator.hub.asked)
    assert not operator.lock.exists()


def test_check_runs_a_model_and_tells_what_it_took(operator: Operator) -> None:
    """The pocket model needs no download; the tiny one was not pulled."""
    data = operator.folder / "data"
    data.mkdir()
    checked = operator.run("check", "pocket", "tiny")
    good, bad = checked.stdout.splitlines()
    assert good.startswith("good: pocket: loaded in ")
    assert " s (whole), 2 steps in " in good
    assert "GiB" in good
    assert bad.startswith("bad: tiny: model tiny: set generation.model_folders.tiny")
    assert "models pull tiny" in bad
    assert checked.returncode == 1
    assert list(json.loads((data / "model_checks.json").read_text())) == ["tiny"]
    assert operator.run("pull", "tiny").returncode == 0
    assert json.loads((data / "model_checks.json").read_text()) == {}, "it may be tried again"
    [peaks] = json.loads((data / "memory_peaks.json").read_text()).values()
    assert [key.split()[0] for key in peaks] == ["pocket"]


def test_calibrate_prints_a_line_that_a_preset_takes(operator: Operator) -> None:
    (operator.folder / "data").mkdir()
    own = operator.folder / "own.toml"
    preset = "steps_min = 4\nsteps_default = 5\nsteps_max = 40\n"
    guidance = "guidance_min = 1.0\nguidance_default = 4.0\nguidance_max = 9.0\n"
    own.write_text(f"{own.read_text()}\n[pocket.presets.cached]\n{preset}{guidance}")
    calibrated = operator.run("calibrate", "pocket", "--preset", "cached")
    assert calibrated.returncode == 0, calibrated.stderr
    own.write_text(own.read_text() + calibrated.stdout)
    card = {card.id: card for card in read_catalogue(CATALOGUE_FILE, own)}["pocket"]
    cache = card.presets["cached"].step_cache
    assert isinstance(cache, MagCache)
    assert len(cache.ratios) == 5
    assert cache.ratios[0] == 1
    refused = operator.run("calibrate", "pocket", "--preset", "nosuch")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "knows default, quick, cached" in refused.stderr


def test_list_says_what_keeps_a_model_off(operator: Operator) -> None:
    listed = operator.run("list").stdout
    assert "pocket: Pocket (text, image, first and last, video, extend, still): enabled\n" in listed
    assert "licence to accept: Tencent Hunyuan Community License" in listed
