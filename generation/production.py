"""The whole way from an execution to its clip, as one recipe per slash command.

Runs in the worker process.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version

from generation.clip import Clip, ClipFacts, Making
from generation.encoding import enlarge
from generation.executor import Execution
from generation.extending import extend
from generation.inspection import inspect
from generation.job import Progress, Stage
from generation.keyframing import show_keyframes
from generation.looping import loop
from generation.models.adapter import Frames
from generation.models.card import Task
from generation.models.loading import LoadedModel, LoadedModels
from generation.models.tiers import tier_called
from generation.narration.film import make_film
from generation.narration.shots import SceneShot
from generation.pocket.vocabulary import unknown_words
from generation.request import SEED_MAX, Command
from generation.restyling import restyle
from generation.reworking import REWORKS
from generation.still import encode_still
from generation.studio import Made, OnProgress, Studio, mono
from generation.upscaling import upscale

LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "av")
"""Whose versions decide what a clip looks like."""


def produce(
    execution: Execution,
    models: LoadedModels,
    on_progress: OnProgress,
    *,
    narration_scenes: int,
) -> Clip:
    """Makes the clip that the execution asks for.

    Raises ExecutionError, what torch raises for the machine's sake, and what `on_progress` raises.
    """
    request = execution.request
    if not request.needs_model:
        return _rework(execution, on_progress)
    # 1. The model, from disk if another one was in memory.
    on_progress(Progress(stage=Stage.LOADING, step=0, steps=1))
    again = execution.making
    loaded = models.get(request.model, tier=None if again is None else tier_called(again.tier))
    loaded.card.check(request)
    on_progress(Progress(stage=Stage.LOADING, step=1, steps=1))
    # 2. Pictures, and 3. the file.
    studio = Studio(execution, loaded, on_progress, narration_scenes)
    began = time.monotonic()
    made = RECIPES[request.command](studio)
    seconds = time.monotonic() - began
    # 4. What is known of it.
    facts = _facts(execution, made, seconds - studio.model_seconds)
    unknown = unknown_words(request.prompt) if loaded.card.limited_vocabulary else ()
    facts = replace(
        facts,
        model_revision=studio.model.revision,
        generation_seconds=studio.model_seconds,
        unknown_words=unknown,
        making=_making(studio, loaded, models.device),
    )
    return Clip(media=made.media, facts=facts)


def _making(studio: Studio, loaded: LoadedModel, device: str) -> Making:
    return Making(
        scheduler=studio.model.scheduler(studio.request.preset),
        dtype=studio.model.dtype,
        tier=loaded.tier.value,
        device=device,
        width=studio.width,
        height=studio.height,
        max_bytes=studio.execution.max_bytes,
        versions={"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
    )


def _rework(execution: Execution, on_progress: OnProgress) -> Clip:
    began = time.monotonic()
    made = REWORKS[execution.request.command](execution, on_progress)
    return Clip(media=made.media, facts=_facts(execution, made, time.monotonic() - began))


def _imagine_video(studio: Studio) -> Made:
    """One shot; an upload, if there is one, is its first frame, a second one its last.

    To end with a picture, all frames that the model's frame rule gives are kept and played a
    little faster, so that the length is the asked one.
    """
    seconds, fps = studio.request.seconds, float(studio.card.fps)
    shot = studio.shot(seconds=seconds)
    shot = replace(shot, first_image=studio.picture(), last_image=studio.last_picture())
    footage = studio.film(shot)
    kept, frames = studio.card.frames_kept(seconds), footage.frames
    if shot.last_image is None:
        frames = frames[:kept]
    else:
        fps *= len(frames) / kept
    sound = None if footage.sound is None else mono(footage.sound)
    media = studio.encode(frames, fps, sound)
    return Made(media=media, width=studio.display_width)


def _narrate(studio: Studio) -> Made:
    """A film of scenes; each shot has a seed of its own, so that scenes do not look alike."""
    card, seed = studio.card, studio.request.seed

    def make_scene(scene: SceneShot) -> Frames:
        shot = replace(
            studio.shot(seconds=scene.seconds),
            prompt=scene.prompt,
            seed=(seed + scene.number - 1) % (SEED_MAX + 1),
            first_image=scene.first_image if Task.IMAGE in card.tasks else None,
        )
        return studio.film(shot, number=scene.number, count=scene.count).frames

    film = make_film(
        studio.request.prompt,
        max_scenes=studio.narration_scenes,
        width=studio.width,
        height=studio.height,
        fps=card.fps,
        display_scale=card.display_scale,
        shot_seconds_max=card.seconds_max,
        max_bytes=studio.execution.max_bytes,
        label=studio.label(),
        make_scene=make_scene,
        on_stage=studio.progress,
    )
    return Made(media=film.media, width=studio.display_width, notes=film.notes)


def _storyboard_image(studio: Studio) -> Made:
    """A shot of one frame."""
    shot = replace(studio.shot(seconds=0), frames=1)
    picture = enlarge(studio.film(shot).frames[0], studio.card.display_scale)
    studio.progress(Stage.ENCODING, 0, 1)
    media = encode_still(picture, max_bytes=studio.execution.max_bytes, label=studio.label())
    return Made(media=media, width=studio.display_width)


RECIPES: Mapping[Command, Callable[[Studio], Made]] = {
    Command.IMAGINE_VIDEO: _imagine_video,
    Command.ANIMATE: _imagine_video,
    Command.LOOP: loop,
    Command.NARRATE: _narrate,
    Command.EXTEND: extend,
    Command.RESTYLE: restyle,
    Command.KEYFRAMES: show_keyframes,
    Command.STORYBOARD_IMAGE: _storyboard_image,
    Command.UPSCALE: upscale,
}


def _facts(execution: Execution, made: Made, seconds: float) -> ClipFacts:
    """Measured on the finished file; `seconds` is what was not the model's work."""
    media = inspect(made.media)
    request = execution.request
    notes = made.notes
    if media.width < made.width:
        notes += (f"The picture is {media.width} pixels wide so that the file can be sent.",)
    return ClipFacts(
        width=media.width,
        height=media.height,
        fps=0.0 if request.command.makes_still else media.fps,
        frames=media.frames,
        seconds=0.0 if request.command.makes_still else media.seconds,
        size_bytes=len(made.media),
        has_audio=media.audio_codec is not None,
        seed=request.seed,
        model=request.model,
        model_revision="",
        generation_seconds=0.0,
        encoding_seconds=seconds,
        seam_ratio=None if made.seam is None else made.seam.ratio,
        seam_velocity_jump=None if made.seam is None else made.seam.velocity_jump,
        loop_methods=made.loop_methods,
        notes=notes,
    )
