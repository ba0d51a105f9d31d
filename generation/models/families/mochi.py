"""Mochi 1: text to video."""

from __future__ import annotations

from generation.models.card import Task
from generation.models.family import Family, called_by_words

MOCHI = Family(
    pipelines={Task.TEXT: "MochiPipeline"},
    arguments=called_by_words,
    side_multiple=16,
    time_axis=2,
)
