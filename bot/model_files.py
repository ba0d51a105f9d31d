"""`python -m bot models`: what there is, and getting it."""

from __future__ import annotations

import argparse

from config.settings import Settings
from generation.errors import UnknownModel
from generation.models.card import ModelCard
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.lock import read_lock
from generation.models.pull import pull


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Raises InvalidCatalogue, UnknownModel, GenerationFailed."""
    generation = settings.generation
    cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE, generation.catalogue_file)}
    if options.models_command == "list":
        for card in cards.values():
            print(_line(card, settings))
        return 0
    for model in options.model:
        if model not in cards:
            raise UnknownModel(model, tuple(cards))
    for model in options.model:
        pull(cards[model], generation.lock_file, print)
    return 0


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
