"""What options of several commands have in common: their words, bounds and choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from discord import app_commands
from discord.app_commands import Choice, Range

from generation.models.catalogue import Catalogue
from generation.request import (
    MOTION_MAX,
    SEED_MAX,
    CameraMove,
)
from storage.option_sets import OptionSet

CAMERA_CHOICES = [Choice(name=move.value, value=move.value) for move in CameraMove]
ASPECT_CHOICES = [Choice(name=aspect, value=aspect) for aspect in ("1:1", "16:9", "9:16")]
AUTOCOMPLETE_CHOICES = 25  # Discord's limits
CHOICE_MAX_CHARACTERS = 100
TYPED_MAX_CHARACTERS = 4000  # words and their flags; the words alone have a limit of their own

Seed = Range[int, 0, SEED_MAX]
Motion = Range[int, 0, MOTION_MAX]
Prompt = Range[str, 1, TYPED_MAX_CHARACTERS]

DESCRIPTIONS = {
    "prompt": "What the clip shows",
    "model": "Which model makes it; see /models",
    "preset": "A way to run the model, such as a faster one; see /models",
    "duration": "Seconds",
    "aspect": "Width to height",
    "camera": "What the camera does",
    "motion": "How much moves, from 0 (still) to 4 (fast)",
    "guidance": "How strictly the model follows the prompt",
    "steps": "Denoising steps: more is finer, slower and dearer",
    "seed": "The same seed and settings make the same clip again",
    "negative": "What the clip should not show",
    "private": "Keep the clip out of the gallery",
    "options": "One of your option sets; what you type goes before it. See /options",
    "image": "PNG, JPEG, WebP or GIF; the clip begins with it",
    "still": "Instead of an image: the job id of a picture of this server, or its card's link",
    "clip": "A clip of this server: the job id at the foot of its card, or the card's message link",
    "video": "Instead of a clip: MP4, MOV or WebM",
    "image1": "PNG, JPEG, WebP or GIF",
    "image2": "Another picture",
    "image3": "Another picture",
    "image4": "Another picture",
    "at1": "When the first picture is shown, in seconds; 0 if left out",
    "at2": "When the second one is shown; the last one: at the end, others evenly between",
    "at3": "When the third one is shown",
    "at4": "When the fourth one is shown",
    "end": "A second picture; the clip ends with it",
}


def described(*names: str) -> Any:
    """The descriptions of these options, worded once for all commands."""
    return app_commands.describe(**{name: DESCRIPTIONS[name] for name in names})


def model_choices(catalogue: Catalogue, command: str, typed: str) -> list[Choice[str]]:
    """The enabled models that can do the command, run on this machine, and whose name has what was
    typed."""
    wanted = typed.casefold()
    return [
        Choice(name=f"{card.title} ({card.id})", value=card.id)
        for card in catalogue
        if command in card.commands
        and catalogue.why_not(card.id) is None
        and (wanted in card.id.casefold() or wanted in card.title.casefold())
    ][:AUTOCOMPLETE_CHOICES]


def preset_choices(catalogue: Catalogue, model: str, typed: str) -> list[Choice[str]]:
    """The model's presets whose name has what was typed."""
    presets = [name for card in catalogue if card.id == model for name in card.presets]
    return [Choice(name=name, value=name) for name in presets if typed.casefold() in name][
        :AUTOCOMPLETE_CHOICES
    ]


def job_choices(jobs: Iterable[tuple[str, str]], typed: str) -> list[Choice[str]]:
    """The jobs, each with a line about it, that have what was typed."""
    return [
        Choice(name=f"{job_id} · {words}"[:CHOICE_MAX_CHARACTERS], value=job_id)
        for job_id, words in jobs
        if typed.casefold() in f"{job_id} {words}".casefold()
    ][:AUTOCOMPLETE_CHOICES]


def option_set_choices(sets: Iterable[OptionSet], typed: str) -> list[Choice[str]]:
    """The sets whose name or line has what was typed."""
    wanted = typed.casefold()
    return [
        Choice(name=f"{one.name}: {one.options}"[:CHOICE_MAX_CHARACTERS], value=one.name)
        for one in sets
        if wanted in f"{one.name} {one.options}".casefold()
    ][:AUTOCOMPLETE_CHOICES]
