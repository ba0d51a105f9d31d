"""What a fresh clone installs is decided by two files that agree."""

from __future__ import annotations

import re
import tomllib

from tests.house.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)


def plain(requirement: str) -> str:
    """The normalised name of a requirement."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_every_dependency_is_pinned() -> None:
    direct: list[str] = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        direct += extra
    assert {plain(name) for name in direct} <= {plain(name) for name in PINS}


def test_pins_suit_every_machine() -> None:
    """A local version such as 1.0+cpu exists on one index only."""
    assert not {name: version for name, version in PINS.items() if "+" in version}


def test_installing_leaks_no_package_named_bot_or_config() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["tool"]["setuptools"]["packages"] == []
