from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generation.device import Device
from generation.errors import GenerationFailed, OutOfMemory, UnknownModel
from generation.models.catalogue import CATALOGUE_FILE
from generation.models.loading import LoadedModels
from generation.models.lock import LockedRepository, write_lock
from generation.models.tiers import Tier
from generation.models.weights import content_hash
from tests.generation.tiny_ltx import write_tiny_catalogue


def open_models(
    catalogue: Path = CATALOGUE_FILE, folders: dict[str, Path] | None = None
) -> LoadedModels:
    device = Device.choose("cpu", threads=1)
    return LoadedModels(catalogue_file=catalogue, folders=folders or {}, device=device)


def test_the_revision_tells_the_content_of_a_folder(tmp_path: Path, tiny_weights: Path) -> None:
    twin = Path(shutil.copytree(tiny_weights, tmp_path / "twin"))
    assert content_hash(twin) == content_hash(tiny_weights)
    (twin / "scheduler" / "scheduler_config.json").write_text("{}")
    assert content_hash(twin) != content_hash(tiny_weights)


def test_weights_that_nobody_pulled_name_the_command_that_gets_them() -> None:
    with pytest.raises(GenerationFailed, match=r"python -m bot models pull ltx-video"):
        open_models().get("ltx-video")


def test_locked_weights_that_are_not_on_this_machine_name_the_command_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    catalogue = write_tiny_catalogue(tmp_path / "c.toml", source="nobody/tiny-ltx")
    lock = tmp_path / "lock.json"
    write_lock(lock, {"nobody/tiny-ltx": LockedRepository(revision="0" * 40, files={})})
    models = LoadedModels(
        catalogue_file=catalogue,
        folders={},
        device=Device.choose("cpu", threads=1),
        lock_file=lock,
    )
    with pytest.raises(GenerationFailed, match=r"not on this machine; .* models pull pocket"):
        models.get("pocket")


def test_a_folder_without_a_model_is_refused(tmp_path: Path, tiny_catalogue: Path) -> None:
    with pytest.raises(GenerationFailed, match=r"model_index\.json"):
        open_models(tiny_catalogue, {"pocket": tmp_path}).get("pocket")


def test_weights_that_are_not_safetensors_are_refused(
    tmp_path: Path, tiny_catalogue: Path, tiny_weights: Path
) -> None:
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "pickled"))
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(GenerationFailed, match="cannot be loaded"):
        open_models(tiny_catalogue, {"pocket": folder}).get("pocket")


def test_broken_weights_are_refused(
    tmp_path: Path, tiny_catalogue: Path, tiny_weights: Path
) -> None:
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "broken"))
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(GenerationFailed, match="cannot be loaded"):
        open_models(tiny_catalogue, {"pocket": folder}).get("pocket")


def test_an_unknown_model_is_named_as_such() -> None:
    with pytest.raises(UnknownModel):
        open_models().get("no such model")


def test_after_too_little_memory_the_model_is_loaded_anew(
    tiny_catalogue: Path, tiny_weights: Path
) -> None:
    models = open_models(tiny_catalogue, {"pocket": tiny_weights})
    first = models.get("pocket")
    models.after(GenerationFailed("anything else"))
    assert models.get("pocket") is first
    models.after(OutOfMemory("full"))
    assert models.get("pocket") is not first


def test_an_execution_that_is_to_spare_memory_gets_a_model_loaded_for_that_once(
    tiny_catalogue: Path, tiny_weights: Path
) -> None:
    """Whichever worker it comes to: the one that ran out of memory may have been another."""
    models = open_models(tiny_catalogue, {"pocket": tiny_weights})
    first = models.get("pocket")
    assert first.tier is Tier.RESIDENT
    models.spare_memory("pocket")
    spared = models.get("pocket")
    assert spared.tier is Tier.TILED
    models.spare_memory("pocket")
    assert models.get("pocket") is spared
