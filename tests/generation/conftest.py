from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny LTX pipeline. Importing torch takes seconds, so only who asks pays."""
    from tests.generation.tiny_ltx import save_tiny_ltx

    return save_tiny_ltx(tmp_path_factory.mktemp("tiny ltx"))


@pytest.fixture(scope="session")
def tiny_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue whose only model, `pocket`, suits `tiny_weights`."""
    from tests.generation.tiny_ltx import write_tiny_catalogue

    return write_tiny_catalogue(tmp_path_factory.mktemp("catalogue") / "catalogue.toml")
