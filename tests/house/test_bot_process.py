"""The bot process stays small: torch costs seconds and hundreds of megabytes."""

from __future__ import annotations

import subprocess
import sys

from tests.house.sources import ROOT

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import bot
for module in pkgutil.walk_packages(bot.__path__, "bot."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if "." not in name))
"""
HEAVY = {"torch", "diffusers", "transformers", "accelerate", "moviepy"}


def test_no_module_of_the_bot_brings_torch_along() -> None:
    """The import contract says so of the source; this says so of what is loaded."""
    imported = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert imported.returncode == 0, imported.stderr
    loaded = set(imported.stdout.split())
    assert "discord" in loaded
    assert not loaded & HEAVY


def test_importing_starts_and_prints_nothing() -> None:
    """Settings, engines and loops belong to the composition root."""
    imported = subprocess.run(
        [sys.executable, "-c", "import bot.app, threading; print(threading.active_count())"],
        cwd=ROOT,
        env={"PATH": "", "REELROOM_NO_SUCH_SETTING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert imported.returncode == 0, imported.stderr
    assert imported.stdout == "1\n"
