"""What a request costs, in whole credits. Pure, so that the price shown is the price charged."""

from __future__ import annotations

import math

from generation.models.card import ModelCard
from generation.narration.script import split_scenes
from generation.request import Command, GenerationRequest, SourceClip

SPOKEN_SECONDS_PER_WORD = 0.4  # 150 words a minute, the pace of narration
SCENE_SECONDS_MIN = 1.5  # a scene of one word still needs its picture and a breath


LEAST_CREDITS = 1
"""What a clip costs that is computed without a model."""


def narrated_seconds(story: str, *, max_scenes: int) -> float:
    """How long a story will take to tell; an estimate before speech is made."""
    return sum(
        max(SCENE_SECONDS_MIN, len(scene.split()) * SPOKEN_SECONDS_PER_WORD)
        for scene in split_scenes(story, max_scenes=max_scenes)
    )


def credits_for(request: GenerationRequest, card: ModelCard, *, max_scenes: int) -> int:
    """Seconds of film, times the model's price, times the share of its default steps; at least 1.

    A loop from a prompt costs half as much again: its key picture is made first. Of a clip made
    anew only its strength's share of the steps is run. A still is one frame. A clip is made larger
    for what its pixels are to those that the model's price is for.
    """
    if request.command is Command.UPSCALE and request.source is not None:
        return _upscaling_credits(request.source, card)
    if request.command is Command.NARRATE:
        seconds = narrated_seconds(request.prompt, max_scenes=max_scenes)
    elif request.command.makes_still:
        seconds = 1 / card.fps
    else:
        seconds = request.seconds
    if request.command is Command.LOOP and request.image_sha256 is None:
        seconds *= 1.5
    share = request.steps / card.default_preset.steps_default * (request.strength or 1)
    return max(LEAST_CREDITS, math.ceil(seconds * card.price_credits_per_second * share))


def _upscaling_credits(source: SourceClip, card: ModelCard) -> int:
    width, height = card.sizes[card.aspect_default]
    share = source.width * source.height * source.fps / (width * height * card.fps)
    return max(LEAST_CREDITS, math.ceil(source.seconds * card.price_credits_per_second * share))
