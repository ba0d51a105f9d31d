"""The first command that a stranger types."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.sources import ROOT

MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What make looks at in a fresh clone."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(checkout: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(MAKE), *arguments],
        cwd=checkout,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_gets_a_sentence_and_no_traceback(checkout: Path) -> None:
    programs = checkout / "programs"
    programs.mkdir()
    for name in ("python3", "python3.11", "python3.12"):
        old = programs / name
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
        old.chmod(0o755)
    tried = make(checkout, "install", path=f"{programs}:{os.environ['PATH']}")
    assert tried.returncode != 0
    assert "needs Python 3.11 or 3.12" in tried.stderr
    assert "Traceback" not in tried.stderr
    assert not (checkout / ".venv").exists()


def test_a_second_demo_starts_at_once(checkout: Path) -> None:
    _pretend_installed(checkout)
    planned = make(checkout, "--dry-run", "demo", path=os.environ["PATH"])
    assert planned.stdout == ".venv/bin/python -m bot demo \n"


def test_changed_pins_are_installed(checkout: Path) -> None:
    _pretend_installed(checkout)
    newer = (checkout / ".venv/.dev-installed").stat().st_mtime + 10
    os.utime(checkout / "constraints.txt", (newer, newer))
    planned = make(checkout, "--dry-run", "test", path=os.environ["PATH"])
    assert "pip install" in planned.stdout
    assert "-c constraints.txt" in planned.stdout


def _pretend_installed(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    for name in ("bin/pip", ".runtime-installed", ".dev-installed"):
        (checkout / ".venv" / name).touch()
