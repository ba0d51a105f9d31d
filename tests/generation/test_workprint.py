"""Pictures kept on disk come back as they were."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from generation.workprint import Workprint
from tests.generation.moving_pictures import noise


@pytest.mark.parametrize(("height", "width"), [(96, 96), (65, 97), (2, 2)])
def test_pictures_come_back_bit_by_bit_as_often_as_they_are_read(height: int, width: int) -> None:
    given = noise(5)[:, :height, :width]
    given = np.pad(given, ((0, 0), (0, 0), (0, width - given.shape[2]), (0, 0)), mode="edge")
    workprint = Workprint()
    for picture in given:
        workprint.add(picture)
    assert len(workprint) == 5
    for _ in range(2):
        assert np.array_equal(np.stack(list(workprint.pictures())), given)


def test_nothing_has_a_name_on_disk_that_a_killed_process_could_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    workprint = Workprint()
    workprint.add(noise(1)[0])
    assert len(list(workprint.pictures())) == 1
    assert not list(tmp_path.iterdir())
