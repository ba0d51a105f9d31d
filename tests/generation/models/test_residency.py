"""Which models stay in memory, and how each is held, by what they were seen to need."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from generation.device import Device
from generation.errors import GenerationFailed, OutOfMemory
from generation.models.adapter import Footage
from generation.models.card_file import read_catalogue
from generation.models.loading import LoadedModel, LoadedModels
from generation.models.opening import part_bytes
from generation.models.peaks import PeakFile
from generation.models.tiers import Tier, tier_called
from generation.models.weights import WeightFolders
from tests.generation.models.test_ltx import ignore_steps, make_shot
from tests.generation.tiny_ltx import write_tiny_catalogue

NAMES: tuple[str, ...] = ("one", "two", "three")
DEVICE = Device.choose("cpu", threads=1)


class Shelf:
    """Three models of the same tiny weights, and what they are told to need."""

    def __init__(self, folder: Path, weights: Path) -> None:
        self.folders = dict.fromkeys(NAMES, weights)
        self.catalogue = folder / "catalogue.toml"
        entries = [
            write_tiny_catalogue(folder / f"{name}.toml", model=name).read_text() for name in NAMES
        ]
        self.catalogue.write_text("".join(entries))
        self.peaks = folder / "data" / "peaks.json"
        self.peaks.parent.mkdir()
        card = read_catalogue(self.catalogue)[0]
        finder = WeightFolders(self.folders)
        self.found = finder.of_model(card)
        self.weight_bytes = sum(part_bytes(card, self.found, finder, DEVICE).values())

    def measured(self, working_bytes: Mapping[tuple[str, Tier], int]) -> None:
        """Writes what earlier runs took beside the weights."""
        lines = {
            f"{model} {self.found.revision} {tier.value}": each
            for (model, tier), each in working_bytes.items()
        }
        self.peaks.write_text(json.dumps({DEVICE.description: lines}))

    def open(self, memory_bytes: int | None = None) -> LoadedModels:
        return LoadedModels(
            catalogue_file=self.catalogue,
            folders=self.folders,
            device=DEVICE,
            peaks_file=self.peaks,
            memory_bytes=memory_bytes,
        )


@pytest.fixture
def shelf(tmp_path: Path, tiny_weights: Path) -> Shelf:
    return Shelf(tmp_path, tiny_weights)


def film(loaded: LoadedModel) -> Footage:
    return loaded.model.generate(make_shot(), ignore_steps)


def test_the_weights_of_a_folder_are_counted_without_loading_them(shelf: Shelf) -> None:
    loaded = shelf.open().get("one")
    assert loaded.resting_bytes == shelf.weight_bytes
    files = shelf.folders["one"].glob("*/*.safetensors")
    on_disk = sum(file.stat().st_size for file in files)  # in float32, as they are loaded
    assert 0.8 * on_disk < shelf.weight_bytes < on_disk


def test_models_stay_while_they_fit_and_the_least_recently_used_makes_room(shelf: Shelf) -> None:
    shelf.measured({(name, Tier.RESIDENT): shelf.weight_bytes // 2 for name in NAMES})
    models = shelf.open(memory_bytes=int(shelf.weight_bytes * 2.6))
    one, two = models.get("one"), models.get("two")
    assert models.get("one") is one
    assert models.get("two") is two
    assert models.get("one") is one
    models.get("three")
    assert models.loaded == ("one", "three")
    assert models.get("one") is one
    assert models.get("two") is not two


def test_one_model_at_a_time_where_two_do_not_fit(shelf: Shelf) -> None:
    models = shelf.open(memory_bytes=int(shelf.weight_bytes * 1.9))
    one = models.get("one")
    assert models.get("one") is one
    models.get("two")
    assert models.loaded == ("two",)


def test_a_model_that_took_more_than_thought_makes_room_for_its_next_run(shelf: Shelf) -> None:
    """Estimated by their weights both fit; what the first run took says that they do not."""
    models = shelf.open(memory_bytes=int(shelf.weight_bytes * 2.5))
    models.get("one")
    models.get("two")
    assert models.loaded == ("one", "two")
    shelf.measured({("two", Tier.RESIDENT): shelf.weight_bytes})
    models.get("two")
    assert models.loaded == ("two",)


def give_free_memory_back() -> None:
    """What earlier tests left in glibc's heap would hold a tiny run without a new page."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def test_what_a_run_takes_is_written_down_and_found_by_the_next_process(shelf: Shelf) -> None:
    model = shelf.open().get("one")
    give_free_memory_back()
    film(model)
    [(device, lines)] = json.loads(shelf.peaks.read_text()).items()
    assert device == DEVICE.description
    [(key, working_bytes)] = lines.items()
    assert key == f"one {shelf.found.revision} whole"
    assert working_bytes > 0
    memory_bytes = max(working_bytes + shelf.weight_bytes - 1, 1)
    assert shelf.open(memory_bytes=memory_bytes).get("one").tier is Tier.TILED
    assert shelf.open(memory_bytes=memory_bytes + 1).get("one").tier is Tier.RESIDENT


def test_a_file_of_peaks_that_is_no_such_file_is_written_anew(shelf: Shelf) -> None:
    shelf.peaks.write_text("half a li")
    film(shelf.open().get("one"))
    assert DEVICE.description in json.loads(shelf.peaks.read_text())


def test_without_the_folder_of_the_data_figures_last_as_long_as_the_process(
    tmp_path: Path,
) -> None:
    peaks = PeakFile(tmp_path / "nowhere" / "peaks.json", device="a GPU")
    assert peaks.working_bytes("one", "r1", "whole") is None
    peaks.saw("one", "r1", "whole", 5)
    peaks.saw("one", "r1", "whole", 3)
    assert peaks.working_bytes("one", "r1", "whole") == 5
    assert peaks.working_bytes("one", "r2", "whole") is None
    assert not (tmp_path / "nowhere").exists()


def test_workers_and_devices_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "peaks.json"
    one, another = PeakFile(file, device="a GPU"), PeakFile(file, device="a GPU")
    cpu = PeakFile(file, device="cpu")
    one.saw("one", "r", "whole", 5)
    cpu.saw("one", "r", "whole", 9)
    another.saw("two", "r", "whole", 7)
    assert one.working_bytes("two", "r", "whole") == 7
    assert another.working_bytes("one", "r", "whole") == 5
    assert cpu.working_bytes("two", "r", "whole") is None


def test_the_fastest_tier_that_fits_is_taken_and_makes_the_same_clip(shelf: Shelf) -> None:
    """The tiny clip is smaller than a tile."""
    whole = film(shelf.open().get("one"))
    shelf.peaks.unlink()
    tiled = shelf.open(memory_bytes=shelf.weight_bytes).get("one")
    assert tiled.tier is Tier.TILED
    np.testing.assert_array_equal(film(tiled).frames, whole.frames)


def test_a_model_that_fits_in_no_way_is_tried_in_the_last(shelf: Shelf) -> None:
    assert shelf.open(memory_bytes=1).get("one").tier is Tier.TILED


def test_after_too_little_memory_nothing_stays_and_only_the_model_at_fault_is_lowered(
    shelf: Shelf,
) -> None:
    models = shelf.open()
    models.get("one")
    models.get("two")
    models.after(GenerationFailed("anything else"))
    assert models.loaded == ("one", "two")
    models.after(OutOfMemory("full"))
    assert models.loaded == ()
    assert models.get("one").tier is Tier.RESIDENT
    assert models.get("two").tier is Tier.TILED
    models.after(OutOfMemory("full again"))
    assert models.get("two").tier is Tier.TILED  # there is no lower one


def test_a_model_asked_for_in_one_way_is_held_in_it_whatever_there_was(shelf: Shelf) -> None:
    models = shelf.open()
    assert models.get("one").tier is Tier.RESIDENT
    tiled = models.get("one", tier=Tier.TILED)
    assert tiled.tier is Tier.TILED
    assert models.get("one") is tiled
    assert models.get("one", tier=Tier.RESIDENT).tier is Tier.RESIDENT
    with pytest.raises(GenerationFailed, match="on this device"):
        models.get("one", tier=Tier.OFFLOADED)
    with pytest.raises(GenerationFailed, match="any more"):
        tier_called("on the moon")
