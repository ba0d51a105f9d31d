"""`python -m bot models`: what there is, getting it, and trying it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence

from bot.worker_setup import worker_setup
from config.settings import Settings
from generation.errors import UnknownModel
from generation.executors.wire import pack
from generation.executors.worker_process import worker_environment
from generation.models.card import ModelCard
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.checks import note_check
from generation.models.lock import read_lock
from generation.models.pull import pull


def run(settings: Settings, options: argparse.Namespace) -> int:
    """1 where a checked model failed. Raises InvalidCatalogue, UnknownModel, GenerationFailed."""
    generation = settings.generation
    cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE, generation.catalogue_file)}
    if options.models_command == "list":
        for card in cards.values():
            print(_line(card, settings))
        return 0
    models: list[str] = options.model or list(generation.enabled_models)
    for model in models:
        if model not in cards:
            raise UnknownModel(model, tuple(cards))
    if options.models_command == "check":
        return _check(settings, models)
    if options.models_command == "calibrate":
        return _calibrate(settings, models[0], options.preset)
    for model in models:
        pull(cards[model], generation.lock_file, print)
        note_check(settings.storage.checks_file, model, None)
    return 0


def _check(settings: Settings, models: Sequence[str]) -> int:
    checked = _process(settings, "generation.model_check", *models)
    lines: list[dict[str, str]] = [json.loads(line) for line in checked.stdout.splitlines()]
    for line in lines:
        failure = None if line["verdict"] == "good" else line["detail"]
        note_check(settings.storage.checks_file, line["model"], failure)
        print(f"{line['verdict']}: {line['model']}: {line['detail']}")
    all_good = len(lines) == len(models) and all(line["verdict"] == "good" for line in lines)
    return 0 if all_good and checked.returncode == 0 else 1


def _calibrate(settings: Settings, model: str, preset: str) -> int:
    """Prints a line for the catalogue."""
    done = _process(settings, "generation.model_calibration", model, preset)
    if done.returncode != 0 or not done.stdout:
        return 1
    said = json.loads(done.stdout)
    if "error" in said:
        print(said["error"], file=sys.stderr)
        return 1
    ratios = ", ".join(f"{ratio:g}" for ratio in said["ratios"])
    print(f'step_cache = {{ name = "MagCache", ratios = [{ratios}] }}')
    return 0


def _process(
    settings: Settings, module: str, *arguments: str
) -> subprocess.CompletedProcess[bytes]:
    """A process of its own imports torch, as a worker would be started."""
    return subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        env=worker_environment(os.environ),
        input=pack(worker_setup(settings, slots=1, preload=None)),
        stdout=subprocess.PIPE,
        check=False,
    )


def _line(card: ModelCard, settings: Settings) -> str:
    generation = settings.generation
    states: list[str] = []
    if card.id in generation.enabled_models:
        states.append("enabled")
    if card.licence.needs_consent and card.id not in generation.accepted_licences:
        states.append(f"licence to accept: {card.licence.name}")
    if card.source.repository in read_lock(generation.lock_file):
        states.append("downloaded")
    tasks = ", ".join(card.tasks)
    return f"{card.id}: {card.title} ({tasks}){': ' if states else ''}{'; '.join(states)}"
