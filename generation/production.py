"""The whole way from an execution to its clip, as one recipe per slash command.

Runs in the worker process.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from generation.clip import Clip, ClipFacts
from generation.clip_label import ClipLabel
from generation.encoding import Sound, encode_clip
from generation.errors import GenerationFailed
from generation.executor import Execution
from generation.inspection import inspect
from generation.job import Progress, Stage
from generation.loop_seam import Seam, seam
from generation.models.adapter import Footage, Frames, Image, Shot, Waveform
from generation.models.card import ModelCard, Task
from generation.models.loading import LoadedModel, LoadedModels
from generation.narration.film import make_film
from generation.narration.shots import SceneShot
from generation.pocket.vocabulary import unknown_words
from generation.request import SEED_MAX, Command, GenerationRequest

OnProgress = Callable[[Progress], None]
"""What it raises ends the production at once."""


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
    # 1. The model, from disk if another one was in memory.
    on_progress(Progress(stage=Stage.LOADING, step=0, steps=1))
    loaded = models.get(request.model)
    loaded.card.check(request)
    on_progress(Progress(stage=Stage.LOADING, step=1, steps=1))
    # 2. Pictures, and 3. the file.
    studio = _Studio(execution, loaded, on_progress, narration_scenes)
    began = time.monotonic()
    made = RECIPES[request.command](studio)
    seconds = time.monotonic() - began
    # 4. What is known of it.
    return Clip(media=made.media, facts=_facts(studio, made, seconds))


@dataclass(frozen=True, kw_only=True)
class _Made:
    """The MP4 and what only its maker knows. `width` is what it was meant to have, in pixels."""

    media: bytes
    width: int
    seam: Seam | None = None
    notes: tuple[str, ...] = ()


class _Studio:
    """What every recipe needs: the request, its model, and the steps done so far of all steps."""

    def __init__(
        self,
        execution: Execution,
        loaded: LoadedModel,
        on_progress: OnProgress,
        narration_scenes: int,
    ) -> None:
        self.execution = execution
        self.request: GenerationRequest = execution.request
        self.card: ModelCard = loaded.card
        self.model = loaded.model
        self.on_progress = on_progress
        self.narration_scenes = narration_scenes
        self.width, self.height = self.card.sizes[self.request.aspect]
        self.model_seconds = 0.0

    def shot(self, *, seconds: float) -> Shot:
        """A shot of the request, of at least this many seconds."""
        request = self.request
        return Shot(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            width=self.width,
            height=self.height,
            frames=self.card.frames_generated(seconds),
            fps=self.card.fps,
            seed=request.seed,
            steps=request.steps,
            guidance=request.guidance,
            motion=request.motion,
            camera=request.camera,
            preset=request.preset,
        )

    def film(self, shot: Shot, *, number: int = 1, count: int = 1) -> Footage:
        """A shot, the `number`th of `count`, with progress over all their steps."""

        def on_step(step: int, steps: int) -> None:
            self.progress(Stage.GENERATING, (number - 1) * steps + step, count * steps)
            if step == steps:
                self.progress(Stage.DECODING, number - 1, count)

        self.progress(Stage.GENERATING, (number - 1) * shot.steps, count * shot.steps)
        began = time.monotonic()
        footage = self.model.generate(shot, on_step)
        self.model_seconds += time.monotonic() - began
        return footage

    def picture(self) -> Image | None:
        """The upload, cut to the clip's proportions."""
        if self.request.image_sha256 is None:
            return None
        if self.execution.image is None:
            raise GenerationFailed("the request names a picture that did not come with it")
        with PillowImage.open(io.BytesIO(self.execution.image), formats=("PNG",)) as image:
            fitted = ImageOps.fit(
                image.convert("RGB"), (self.width, self.height), PillowImage.Resampling.LANCZOS
            )
        return np.asarray(fitted)

    def encode(self, frames: Frames, fps: float, sound: Waveform | None = None) -> bytes:
        self.progress(Stage.ENCODING, 0, 1)
        return encode_clip(
            frames,
            fps=fps,
            max_bytes=self.execution.max_bytes,
            label=self.label(),
            audio=None if sound is None else mono(sound, seconds=len(frames) / fps),
            display_scale=self.card.display_scale,
        )

    def label(self) -> ClipLabel:
        request = self.request
        return ClipLabel(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            model=request.model,
            model_revision=self.model.revision,
            seed=request.seed,
            steps=request.steps,
            guidance=request.guidance,
            command=request.command.value,
        )

    def progress(self, stage: Stage, step: int, steps: int) -> None:
        self.on_progress(Progress(stage=stage, step=step, steps=steps))

    @property
    def display_width(self) -> int:
        return self.width * self.card.display_scale


def _imagine_video(studio: _Studio) -> _Made:
    """One shot; an upload, if there is one, is its first frame."""
    seconds = studio.request.seconds
    shot = replace(studio.shot(seconds=seconds), first_image=studio.picture())
    footage = studio.film(shot)
    frames = footage.frames[: studio.card.frames_kept(seconds)]
    media = studio.encode(frames, studio.card.fps, footage.sound)
    return _Made(media=media, width=studio.display_width)


def mono(sound: Waveform, *, seconds: float) -> Sound:
    """A model's sound as the encoder takes it, exactly so long: cut, or silent at the end."""
    count = round(seconds * sound.sample_rate)
    samples = sound.samples.mean(axis=1)[:count]
    samples = np.pad(samples, (0, count - len(samples)))
    loudest = np.iinfo(np.int16).max
    return Sound(
        samples=np.rint(np.clip(samples, -1.0, 1.0) * loudest).astype(np.int16),
        sample_rate=sound.sample_rate,
    )


def _loop(studio: _Studio) -> _Made:
    """The best loop that the model can make: between twice the same picture, else blended."""
    if Task.FIRST_LAST in studio.card.tasks:
        return _loop_between_pictures(studio)
    return _loop_by_blending(studio)


def _loop_by_blending(studio: _Studio) -> _Made:
    """A shot a third longer than the loop, whose end then fades into its start."""
    seconds, card = studio.request.seconds, studio.card
    kept = card.frames_kept(seconds)
    shot = replace(studio.shot(seconds=seconds * 4 / 3), first_image=studio.picture())
    circle = blended_loop(studio.film(shot).frames)
    media = studio.encode(circle, len(circle) / (kept / card.fps))
    notes = ("The end is blended into the start.",)
    return _Made(media=media, width=studio.display_width, seam=seam(circle), notes=notes)


def _loop_between_pictures(studio: _Studio) -> _Made:
    """A shot between twice the same picture, whose second showing is dropped.

    Without an upload the picture is made first, as a shot of one frame. All frames that the
    model's frame rule gives are kept, for to leave some out would open the loop; they are played
    a little faster instead, so that the length is the asked one.
    """
    seconds = studio.request.seconds
    key = studio.picture()
    count = 1 if key is not None else 2
    if key is None:
        key = studio.film(replace(studio.shot(seconds=seconds), frames=1), count=count).frames[0]
    kept = studio.card.frames_kept(seconds)
    frames = studio.card.frames_generated((kept + 1) / studio.card.fps)
    shot = replace(studio.shot(seconds=seconds), frames=frames, first_image=key, last_image=key)
    circle = studio.film(shot, number=count, count=count).frames[:-1]
    found, notes = seam(circle), ()
    if not found.is_seamless and not found.is_static:
        circle, notes = blended_loop(circle), ("The end is blended into the start.",)
        found = seam(circle)
    media = studio.encode(circle, len(circle) / (kept / studio.card.fps))
    return _Made(media=media, width=studio.display_width, seam=found, notes=notes)


def blended_loop(frames: Frames) -> Frames:
    """Closes a loop that a model left open: its last quarter fades into its first.

    The first frame then follows on the last; the loop is a quarter shorter.
    """
    count = len(frames) // 4
    share = (np.arange(count) / count)[:, None, None, None]
    blend = frames[-count:] * (1 - share) + frames[:count] * share
    return np.concatenate([np.rint(blend).astype(np.uint8), frames[count:-count]])


def _narrate(studio: _Studio) -> _Made:
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
    return _Made(media=film.media, width=studio.display_width, notes=film.notes)


RECIPES: Mapping[Command, Callable[[_Studio], _Made]] = {
    Command.IMAGINE_VIDEO: _imagine_video,
    Command.ANIMATE: _imagine_video,
    Command.LOOP: _loop,
    Command.NARRATE: _narrate,
}


def _facts(studio: _Studio, made: _Made, seconds: float) -> ClipFacts:
    """Measured on the finished file; `seconds` is what the whole recipe took."""
    media = inspect(made.media)
    request = studio.request
    notes = made.notes
    if media.width < made.width:
        notes += (f"The picture is {media.width} pixels wide so that the file can be sent.",)
    return ClipFacts(
        width=media.width,
        height=media.height,
        fps=media.fps,
        frames=media.frames,
        seconds=media.seconds,
        size_bytes=len(made.media),
        has_audio=media.audio_codec is not None,
        seed=request.seed,
        model=request.model,
        model_revision=studio.model.revision,
        generation_seconds=studio.model_seconds,
        encoding_seconds=seconds - studio.model_seconds,
        seam_ratio=None if made.seam is None else made.seam.ratio,
        seam_velocity_jump=None if made.seam is None else made.seam.velocity_jump,
        unknown_words=unknown_words(request.prompt) if studio.card.limited_vocabulary else (),
        notes=notes,
    )
