"""What every recipe works with: the request, its model, its files, and the steps done so far."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from generation.clip import LoopMethod
from generation.clip_label import ClipLabel
from generation.encoding import OnPicture, Pictures, Sound, encode_clip, encode_pictures, enlarge
from generation.errors import GenerationFailed
from generation.executor import Execution
from generation.inspection import read_label
from generation.job import Progress, Stage
from generation.loop_seam import Seam
from generation.models.adapter import Footage, Frames, Image, Shot, VideoModel, Waveform
from generation.models.card import ModelCard
from generation.models.loading import LoadedModel
from generation.request import Command, GenerationRequest, SourceClip

OnProgress = Callable[[Progress], None]
"""What it raises ends the production at once."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """The MP4 and what only its maker knows. `width` is what it was meant to have, in pixels."""

    media: bytes
    width: int
    seam: Seam | None = None
    loop_methods: tuple[LoopMethod, ...] = ()
    notes: tuple[str, ...] = ()


Finish = Callable[[], Made]
"""What is left of a recipe once its pictures are made: it needs no device, and runs in whatever
thread. Called once. Raises what encoding raises, and what `on_progress` raises."""


class Studio:
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
        self.revision = loaded.model.revision
        self._model: VideoModel | None = loaded.model
        self.on_progress = on_progress
        self.narration_scenes = narration_scenes
        self.width, self.height = _size(self.request, self.card)
        self.model_seconds = 0.0
        self.step_cache = ""
        """What the shots were made with, in words; most commands make one, or all alike."""

    @property
    def model(self) -> VideoModel:
        """Until `let_go_of_model`."""
        assert self._model is not None, "all pictures are made before the file"
        return self._model

    def let_go_of_model(self) -> None:
        """All pictures are made: the next execution may unload the model while the file is made."""
        self._model = None

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
        self.step_cache = footage.step_cache or self.step_cache
        return footage

    def picture(self) -> Image | None:
        """The upload, cut to the clip's proportions."""
        return self._given(self.request.image_sha256)

    def last_picture(self) -> Image | None:
        """What the clip is to end with, cut likewise."""
        return self._given(self.request.last_image_sha256)

    def _given(self, sha256: str | None) -> Image | None:
        return None if sha256 is None else self.given_picture(sha256)

    def given_picture(self, sha256: str) -> Image:
        """One of the request's pictures, cut likewise. Raises GenerationFailed."""
        if sha256 not in self.execution.files:
            raise GenerationFailed("the request names a picture that did not come with it")
        png = io.BytesIO(self.execution.files[sha256])
        with PillowImage.open(png, formats=("PNG",)) as image:
            return fitted(np.asarray(image.convert("RGB")), self.width, self.height)

    def encode(self, frames: Frames, fps: float, sound: Sound | None = None) -> bytes:
        """The clip, with as much of the sound as it lasts. Raises TooLargeToDeliver."""
        return encode_clip(
            frames,
            fps=fps,
            max_bytes=self.execution.max_bytes,
            label=self.label(),
            audio=None if sound is None else sound.lasting(len(frames) / fps),
            display_scale=self.card.display_scale,
            on_picture=self.on_picture(len(frames)),
        )

    def on_picture(self, count: int) -> OnPicture:
        """Tells how many of `count` pictures are encoded."""
        return lambda index: self.progress(Stage.ENCODING, index, count)

    def encode_pictures(
        self,
        pictures: Pictures,
        *,
        count: int,
        fps: float,
        sound: Sound | None,
        scale: int = 1,
        label: ClipLabel | None = None,
    ) -> bytes:
        """As `encode`, for pictures that are not all in memory, each enlarged `scale` times."""
        told = self.on_picture(count)

        def enlarged() -> Iterator[Image]:
            for index, picture in enumerate(pictures()):
                told(index)
                yield enlarge(picture, scale)

        return encode_pictures(
            enlarged,
            count=count,
            fps=fps,
            max_bytes=self.execution.max_bytes,
            label=label or self.label(),
            audio=None if sound is None else sound.lasting(count / fps),
        )

    def label(self) -> ClipLabel:
        return self.request.label(model_revision=self.revision)

    def progress(self, stage: Stage, step: int, steps: int) -> None:
        self.on_progress(Progress(stage=stage, step=step, steps=steps))

    @property
    def display_width(self) -> int:
        return self.width * self.card.display_scale


def _size(request: GenerationRequest, card: ModelCard) -> tuple[int, int]:
    """Width and height that the model works at: its own, or the clip's that it makes larger."""
    if request.command is Command.UPSCALE and request.source is not None:
        return request.source.width, request.source.height
    return card.sizes[request.aspect]


def mono(sound: Waveform) -> Sound:
    """A model's sound as the encoder takes it."""
    samples = sound.samples.mean(axis=1)
    loudest = np.iinfo(np.int16).max
    return Sound(
        samples=np.rint(np.clip(samples, -1.0, 1.0) * loudest).astype(np.int16),
        sample_rate=sound.sample_rate,
    )


def fitted(picture: Image, width: int, height: int) -> Image:
    """The middle of the picture in these proportions, at this size (Lanczos)."""
    if picture.shape == (height, width, 3):
        return picture
    middle = ImageOps.fit(
        PillowImage.fromarray(picture), (width, height), PillowImage.Resampling.LANCZOS
    )
    return np.asarray(middle)


def source_of(execution: Execution) -> tuple[SourceClip, bytes]:
    """The clip that the request works on, and its MP4. Raises GenerationFailed."""
    source = execution.request.source
    if source is None or source.sha256 not in execution.files:
        raise GenerationFailed("the request names a clip that did not come with it")
    return source, execution.files[source.sha256]


def relabelled(media: bytes, asked: ClipLabel) -> ClipLabel:
    """What a clip says of itself, and by which command it was shown otherwise; what was `asked` for
    where it says nothing, or that no model had a part in it before."""
    label = read_label(media)
    if label is None or (asked.generated and not label.generated):
        return asked
    return replace(label, command=asked.command)
