"""The whole way from an execution to its clip, as one recipe per slash command.

Each way has two parts: making pictures needs the device, making their file does not, and may run
beside the next execution's first part. Runs in the worker process.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version

from generation.clip import Clip, ClipFacts, Making, UnfinishedClip
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
from generation.narration.film import shoot_film
from generation.narration.shots import SceneShot
from generation.pocket.vocabulary import unknown_words
from generation.request import SEED_MAX, Command
from generation.restyling import restyle
from generation.reworking import REWORKS
from generation.still import encode_still
from generation.studio import Finish, Made, OnProgress, Studio, mono
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
    """Both parts of the way, one after the other. Raises as `film` does."""
    return film(execution, models, on_progress, narration_scenes=narration_scenes).finish()


def film(
    execution: Execution,
    models: LoadedModels,
    on_progress: OnProgress,
    *,
    narration_scenes: int,
) -> UnfinishedClip:
    """Makes the pictures of the clip that the execution asks for.

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
    # 2. Pictures.
    studio = Studio(execution, loaded, on_progress, narration_scenes)
    began = time.monotonic()
    finish = RECIPES[request.command](studio)
    seconds = time.monotonic() - began
    making = _making(studio, loaded, models.device)
    studio.let_go_of_model()
    return UnfinishedClip(
        seconds=seconds, finish=lambda: _finished(studio, finish, making, filming_seconds=seconds)
    )


def _finished(studio: Studio, finish: Finish, making: Making, *, filming_seconds: float) -> Clip:
    # 3. The file.
    began = time.monotonic()
    made = finish()
    seconds = filming_seconds + time.monotonic() - began
    # 4. What is known of it.
    facts = _facts(studio.execution, made, seconds - studio.model_seconds)
    limited = studio.card.limited_vocabulary
    facts = replace(
        facts,
        model_revision=studio.revision,
        generation_seconds=studio.model_seconds,
        unknown_words=unknown_words(studio.request.prompt) if limited else (),
        making=making,
    )
    return Clip(media=made.media, facts=facts)


def _making(studio: Studio, loaded: LoadedModel, device: str) -> Making:
    return Making(
        scheduler=studio.model.scheduler(studio.request.preset),
        dtype=studio.model.dtype,
        tier=loaded.tier.value,
        step_cache=studio.step_cache,
        device=device,
        width=studio.width,
        height=studio.height,
        max_bytes=studio.execution.max_bytes,
        versions={"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
    )


def _rework(execution: Execution, on_progress: OnProgress) -> UnfinishedClip:
    """All of it at once: decoding, resampling and encoding go hand in hand, picture by picture."""
    began = time.monotonic()
    made = REWORKS[execution.request.command](execution, on_progress)
    seconds = time.monotonic() - began
    clip = Clip(media=made.media, facts=_facts(execution, made, seconds))
    return UnfinishedClip(seconds=seconds, finish=lambda: clip)


def _imagine_video(studio: Studio) -> Finish:
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
    return lambda: Made(media=studio.encode(frames, fps, sound), width=studio.display_width)


def _narrate(studio: Studio) -> Finish:
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

    put_together = shoot_film(
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

    def finish() -> Made:
        told = put_together()
        return Made(media=told.media, width=studio.display_width, notes=told.notes)

    return finish


def _storyboard_image(studio: Studio) -> Finish:
    """A shot of one frame."""
    shot = replace(studio.shot(seconds=0), frames=1)
    frame = studio.film(shot).frames[0]

    def finish() -> Made:
        studio.progress(Stage.ENCODING, 0, 1)
        picture = enlarge(frame, studio.card.display_scale)
        media = encode_still(picture, max_bytes=studio.execution.max_bytes, label=studio.label())
        return Made(media=media, width=studio.display_width)

    return finish


RECIPES: Mapping[Command, Callable[[Studio], Finish]] = {
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
