"""New requests made from an earlier one: remixed, edited, on another model. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.flag_effects import understand
from bot.keyframes import Schedule
from bot.prompt_flags import FlaggedPrompt, render
from bot.request_options import AskedKeyframe, RequestOptions, complete
from generation.errors import UnsupportedOption
from generation.models.card import DEFAULT_PRESET, Feature, ModelCard
from generation.models.catalogue import Catalogue
from generation.request import PROMPT_MAX_CHARACTERS, SEED_MAX, Command, GenerationRequest

Remade = tuple[GenerationRequest, tuple[str, ...]]
"""A request, and what to tell the member about it."""


def written_out(request: GenerationRequest) -> str:
    """The request as one line that can be typed: its words, and a flag for each option."""
    return render(as_flags(request))


def as_flags(request: GenerationRequest) -> FlaggedPrompt:
    """The request's words and options, each as a flag."""
    width, height = (float(side) for side in request.aspect.split(":"))
    has_length = request.command is not Command.NARRATE and not request.command.makes_still
    return FlaggedPrompt(
        words=request.prompt,
        motion=Schedule.constant(float(request.motion)),
        guidance=request.guidance,
        aspect=None if request.source else (width, height),
        camera=request.camera if request.camera.moves else None,
        seed=request.seed,
        steps=request.steps,
        seconds=request.seconds if has_length else None,
        model=request.model,
        preset=request.preset if request.preset != DEFAULT_PRESET else None,
        negative=request.negative_prompt or None,
    )


def edited(
    original: GenerationRequest, typed: str, catalogue: Catalogue, *, parent_job_id: str
) -> Remade:
    """What a line like that of `written_out` asks for; a flag that is gone takes its default.

    Raises UnknownModel, InvalidRequest, UnsupportedOption.
    """
    options = replace(_given(original), prompt=typed)
    options, notes = understand(options, catalogue, default_model=original.model)
    return _made(options, original, catalogue, parent_job_id), notes


def remixed(
    original: GenerationRequest,
    catalogue: Catalogue,
    *,
    parent_job_id: str,
    prompt: str,
    negative: str,
    seed: int | None,
    model: str | None = None,
) -> Remade:
    """Other words for the same settings, as far as the model has them; flags among the words go
    before those. No seed draws one.

    Raises UnknownModel, InvalidRequest, UnsupportedOption.
    """
    options = replace(
        _given(original), prompt=prompt, negative_prompt=negative, seed=seed, model=model
    )
    options, notes = understand(options, catalogue, default_model=original.model)
    card = catalogue.get(options.model or original.model)
    options = _filled(options, original, card)
    return _made(options, original, catalogue, parent_job_id), notes


def on_model(
    original: GenerationRequest, model: str, catalogue: Catalogue, *, parent_job_id: str
) -> Remade:
    """The same words and seed on another model, its own steps and guidance.

    Raises UnknownModel, InvalidRequest, UnsupportedOption.
    """
    card = catalogue.get(model)
    takes_negative = Feature.NEGATIVE in card.features
    return remixed(
        original,
        catalogue,
        parent_job_id=parent_job_id,
        prompt=original.prompt,
        negative=original.negative_prompt if takes_negative else "",
        seed=original.seed,
        model=model,
    )


def varied(original: GenerationRequest, *, parent_job_id: str) -> GenerationRequest:
    """The neighbouring seed, all else the same."""
    seed = original.seed + 1 if original.seed < SEED_MAX else 0
    return replace(original, seed=seed, parent_job_id=parent_job_id)


def from_picture(
    original: GenerationRequest,
    command: Command,
    picture_sha256: str,
    catalogue: Catalogue,
    *,
    parent_job_id: str,
    prompt: str,
) -> Remade:
    """A loop or an animation that begins with a picture of the original's clip.

    Raises InvalidRequest, UnsupportedOption.
    """
    bare = replace(
        original,
        command=command,
        prompt=original.prompt[:PROMPT_MAX_CHARACTERS],
        source=None,
        strength=None,
        keyframes=(),
        image_sha256=picture_sha256,
        last_image_sha256=None,
    )
    options = RequestOptions(command=command, prompt=prompt, private=original.private)
    options, notes = understand(options, catalogue, default_model=original.model)
    card = catalogue.get(options.model or original.model)
    options = _filled(options, bare, card)
    if command is Command.LOOP and original.command is Command.LOOP:
        options = replace(options, seed=None)
    return _made(options, bare, catalogue, parent_job_id), notes


def _given(original: GenerationRequest) -> RequestOptions:
    """What no words can change: what it is made from, and whom it is for."""
    return RequestOptions(
        command=original.command,
        private=original.private,
        source=original.source,
        strength=original.strength,
        keyframes=tuple(
            AskedKeyframe(sha256=one.sha256, seconds=one.seconds) for one in original.keyframes
        ),
    )


def _filled(
    options: RequestOptions, original: GenerationRequest, card: ModelCard
) -> RequestOptions:
    """What was not typed anew is as the original has it, where this model can do that."""
    same = card.id == original.model
    seconds = min(max(original.seconds, card.seconds_min), card.seconds_max)
    if original.command is Command.RESTYLE:
        seconds = original.seconds
    aspect = original.aspect if original.aspect in card.sizes else None
    return replace(
        options,
        seconds=options.seconds or seconds,
        aspect=options.aspect or (None if options.source else aspect),
        motion=original.motion if options.motion is None else options.motion,
        camera=options.camera or (original.camera if _makes(card, original) else None),
        guidance=options.guidance or (original.guidance if same else None),
        steps=options.steps or (original.steps if same else None),
        preset=options.preset or (original.preset if same else None),
    )


def _makes(card: ModelCard, original: GenerationRequest) -> bool:
    """Whether the model can move the camera so."""
    try:
        card.check_camera(original.camera)
    except UnsupportedOption:
        return False
    return True


def _made(
    options: RequestOptions, original: GenerationRequest, catalogue: Catalogue, parent_job_id: str
) -> GenerationRequest:
    request = complete(
        options,
        catalogue,
        default_model=original.model,
        image_sha256=original.image_sha256,
        last_image_sha256=original.last_image_sha256,
    )
    return replace(request, parent_job_id=parent_job_id)
