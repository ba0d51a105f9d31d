"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.small_disk import NoMount, SmallDisk, small_disk
from tests.storage import postgres_server

# No test depends on how fast the machine is. In CI the examples are the same in every run: a
# failure belongs to the change that caused it; elsewhere each run tries new ones.
hypothesis.settings.register_profile(
    "house", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True
)
hypothesis.settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chaos-kills",
        type=int,
        default=50,
        help="how many processes tests/journeys/chaos kills (default: 50)",
    )
    parser.addoption(
        "--every-await",
        action="store_true",
        help="kill the bot at every await of an erasure, not only at some of them",
    )
    parser.addoption("--chaos-seed", type=int, help="repeat the choices of this run of it")


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.PostgresServer]:
    """A server. Where none can be had its tests are skipped, but with POSTGRES_REQUIRED=1."""
    try:
        with postgres_server.running() as server:
            yield server
    except postgres_server.NoPostgres as none:
        if os.environ.get("POSTGRES_REQUIRED") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {none}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Of 4 MiB. Where nothing can be mounted its tests are skipped."""
    try:
        with small_disk(tmp_path / "disk", size_bytes=4 * 2**20) as mounted:
            yield mounted
    except NoMount as none:
        pytest.skip(str(none))
