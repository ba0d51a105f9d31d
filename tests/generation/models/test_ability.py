"""Models that this machine cannot run, and why, before any of them is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generation.device import Device
from generation.models.checks import failed_checks, note_check
from generation.models.loading import LoadedModels
from generation.models.peaks import PeakFile
from generation.models.tiers import Tier
from generation.models.weights import content_hash
from tests.generation.tiny_ltx import write_tiny_catalogue

CPU = Device.choose("cpu", threads=1)
GPU = replace(CPU, torch_device=torch.device("meta"))
"""Not a CPU, which is all that counts before anything is loaded."""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """One model with weights, one without, and one that wants a GPU."""
    file = tmp_path / "catalogue.toml"
    entries = [
        write_tiny_catalogue(tmp_path / f"{name}.toml", model=name).read_text()
        for name in ("here", "elsewhere", "large")
    ]
    entries[2] = entries[2].replace("needs_gpu = false", "needs_gpu = true")
    file.write_text("".join(entries))
    return file


def open_models(
    catalogue: Path,
    weights: Path,
    *,
    device: Device = CPU,
    memory_bytes: int | None = None,
    peaks_file: Path | None = None,
) -> LoadedModels:
    return LoadedModels(
        catalogue_file=catalogue,
        folders={"here": weights, "large": weights},
        device=device,
        memory_bytes=memory_bytes,
        peaks_file=peaks_file,
    )


def test_without_a_gpu_or_its_weights_a_model_cannot_run(
    catalogue: Path, tiny_weights: Path
) -> None:
    unable = open_models(catalogue, tiny_weights).unable(("here", "elsewhere", "large"), {})
    assert set(unable) == {"elsewhere", "large"}
    assert "graphics card" in unable["large"]
    assert "weights are not on this machine" in unable["elsewhere"]
    assert str(catalogue.parent) not in unable["elsewhere"], "members see no paths"
    with_gpu = open_models(catalogue, tiny_weights, device=GPU)
    assert with_gpu.unable(("here", "large"), {}) == {}


def test_a_model_larger_than_the_memory_in_every_way_cannot_run(
    catalogue: Path, tiny_weights: Path
) -> None:
    models = open_models(catalogue, tiny_weights, memory_bytes=1000)
    assert "needs at least" in models.unable(("here",), {})["here"]


def test_what_a_model_in_a_local_folder_was_seen_to_need_counts(
    catalogue: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    """To know whether it can run, its weights are not read; what their runs took is known."""
    file = tmp_path / "peaks.json"
    peaks = PeakFile(file, device=CPU.description)
    for tier in Tier:
        peaks.saw("here", content_hash(tiny_weights), tier.value, 10**15)
    models = open_models(catalogue, tiny_weights, memory_bytes=10**12, peaks_file=file)
    assert "needs at least" in models.unable(("here",), {})["here"]
    assert open_models(catalogue, tiny_weights, memory_bytes=10**12).unable(("here",), {}) == {}


def test_a_model_that_failed_its_last_check_cannot_run_until_it_passes(
    catalogue: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    models = open_models(catalogue, tiny_weights)
    file = tmp_path / "checks.json"
    assert models.unable(("here",), failed_checks(file)) == {}
    note_check(file, "here", "no such tensor")
    note_check(file, "large", "no such tensor either")
    assert "last checked" in models.unable(("here",), failed_checks(file))["here"]
    note_check(file, "here", None)
    assert dict(failed_checks(file)) == {"large": "no such tensor either"}
    assert models.unable(("here",), failed_checks(file)) == {}
    file.write_text("not json")
    assert failed_checks(file) == {}
