"""What holds for every test."""

from __future__ import annotations

import os

import hypothesis
import pytest

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
    parser.addoption("--chaos-seed", type=int, help="repeat the choices of this run of it")
