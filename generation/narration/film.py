# MoviePy has no type stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
"""A story told: speech, pictures for as long as the speech needs, captions, one MP4.

Each scene has its place on the time line: a breath, its speech, a breath. Places are whole
frames, so picture and sound end together. A scene's picture begins a little earlier than its
place and fades in over the end of the scene before. MoviePy puts it together; frames wait in files
without a name and are enlarged one by one, so that the length of a film costs no memory, and not
even a killed process leaves a file behind.
"""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from moviepy import AudioArrayClip, CompositeVideoClip, VideoClip, concatenate_audioclips, vfx
from numpy.typing import NDArray

from generation.clip_label import ClipLabel
from generation.encoding import Sound, encode_pictures, enlarge
from generation.errors import InvalidRequest
from generation.inspection import inspect
from generation.job import Stage
from generation.models.adapter import Frames, Image
from generation.narration.captions import Captions, can_draw
from generation.narration.script import split_scenes
from generation.narration.shots import MakeScene, film_scene, shot_frames
from generation.narration.speech import Speech, SpokenWord, speak, voice_for

WORDS_PER_MINUTE = 150
BREATH_BEFORE_SECONDS = 0.2
BREATH_AFTER_SECONDS = 0.4
CROSSFADE_SECONDS = 0.3
SCENE_MIN_SECONDS = 1.0

OnStage = Callable[[Stage, int, int], None]
"""Called with (stage, step, steps); what it raises ends the film."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmScene:
    """A scene's text and its place in the film."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """An MP4 and its facts; `notes` are sentences about anything that was left out."""

    media: bytes
    width: int
    height: int
    fps: int
    frames: int
    seconds: float
    scenes: tuple[FilmScene, ...]
    notes: tuple[str, ...]


def shoot_film(
    story: str,
    *,
    max_scenes: int,
    width: int,
    height: int,
    fps: int,
    display_scale: int,
    shot_seconds_max: float,
    max_bytes: int,
    label: ClipLabel,
    make_scene: MakeScene,
    on_stage: OnStage,
    voice: str | None = None,
    words_per_minute: int = WORDS_PER_MINUTE,
) -> Callable[[], Film]:
    """Tells the story in at most `max_scenes` scenes: speaks it, makes its pictures, and gives what
    then puts both together, without `make_scene`.

    `width` and `height` are those of the frames that `make_scene` gives; the film is
    `display_scale` times larger. Without a `voice` the story's script chooses one. `on_stage`
    hears of SPEAKING (steps are scenes) and COMPOSING (steps are frames).
    Raises InvalidRequest for a story without words, GenerationFailed where there is no speech; the
    second part raises TooLargeToDeliver.
    """
    texts = split_scenes(story, max_scenes=max_scenes)
    if not texts:
        raise InvalidRequest("story", "has no words to say")
    # 1. Speech first: it decides how long each scene is.
    voice = voice or voice_for(story)
    scenes = _speak_all(texts, voice, words_per_minute, fps, on_stage)
    # 2. Then the pictures.
    pictures = _film_all(scenes, fps, (width, height), shot_seconds_max, make_scene)
    captioned = can_draw(story)

    # 3. Then both together.
    def put_together() -> Film:
        composite = _compose(scenes, pictures, display_scale, captioned)
        try:
            return _encode_film(composite, scenes, fps, max_bytes, label, on_stage, captioned)
        finally:
            composite.close()

    return put_together


def _encode_film(
    composite: Any,
    scenes: list[_Scene],
    fps: int,
    max_bytes: int,
    label: ClipLabel,
    on_stage: OnStage,
    captioned: bool,
) -> Film:
    count = scenes[-1].end
    media = encode_pictures(
        lambda: _pictures(composite, count, fps, on_stage),
        count=count,
        fps=fps,
        max_bytes=max_bytes,
        label=label,
        audio=_soundtrack(composite.audio, scenes[0].speech.sample_rate, count / fps),
    )
    facts = inspect(media)
    return Film(
        media=media,
        width=facts.width,  # smaller than asked where the film had to shrink to fit
        height=facts.height,
        fps=fps,
        frames=count,
        seconds=count / fps,
        scenes=tuple(scene.facts() for scene in scenes),
        notes=() if captioned else ("Captions are left out: their font lacks this script.",),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scene:
    """A spoken scene; its place on the time line is from frame `start` to before frame `end`."""

    text: str
    speech: Speech
    fps: int
    start: int
    end: int

    @property
    def fade(self) -> int:
        """Frames by which the picture begins before its place."""
        return round(CROSSFADE_SECONDS * self.fps) if self.start else 0

    @property
    def frames(self) -> int:
        return self.end - self.start + self.fade

    @property
    def picture_start_seconds(self) -> float:
        return (self.start - self.fade) / self.fps

    def words(self) -> tuple[SpokenWord, ...]:
        """The words with times that count from the start of the scene's place."""
        return tuple(
            SpokenWord(
                text=word.text,
                start_seconds=word.start_seconds + BREATH_BEFORE_SECONDS,
                end_seconds=word.end_seconds + BREATH_BEFORE_SECONDS,
            )
            for word in self.speech.words
        )

    def sound(self) -> NDArray[np.int16]:
        """The speech with its breaths, as long as the place to the sample, by the film's clock."""
        rate = self.speech.sample_rate
        first, last = round(self.start / self.fps * rate), round(self.end / self.fps * rate)
        samples = np.zeros(last - first, np.int16)
        before = round(BREATH_BEFORE_SECONDS * rate)
        samples[before : before + len(self.speech.samples)] = self.speech.samples
        return samples

    def facts(self) -> FilmScene:
        return FilmScene(
            text=self.text, start_seconds=self.start / self.fps, end_seconds=self.end / self.fps
        )


def _speak_all(
    texts: tuple[str, ...], voice: str, words_per_minute: int, fps: int, on_stage: OnStage
) -> list[_Scene]:
    scenes: list[_Scene] = []
    for number, text in enumerate(texts):
        on_stage(Stage.SPEAKING, number, len(texts))
        speech = speak(text, voice=voice, words_per_minute=words_per_minute)
        seconds = BREATH_BEFORE_SECONDS + speech.seconds + BREATH_AFTER_SECONDS
        start = scenes[-1].end if scenes else 0
        end = start + math.ceil(max(seconds, SCENE_MIN_SECONDS) * fps)
        scenes.append(_Scene(text=text, speech=speech, fps=fps, start=start, end=end))
    on_stage(Stage.SPEAKING, len(texts), len(texts))
    return scenes


def _film_all(
    scenes: list[_Scene],
    fps: int,
    size: tuple[int, int],
    shot_seconds_max: float,
    make_scene: MakeScene,
) -> list[Frames]:
    """The frames of each scene, in a file that is mapped into memory."""
    longest = int(shot_seconds_max * fps)
    plan = [shot_frames(scene.frames, shot_frames_max=longest) for scene in scenes]
    numbers = itertools.count(1)
    filmed: list[Frames] = []
    for scene, lengths in zip(scenes, plan, strict=True):
        frames = film_scene(
            scene.text,
            lengths,
            fps=fps,
            size=size,
            numbers=numbers,
            count=sum(len(shots) for shots in plan),
            make_scene=make_scene,
        )
        filmed.append(_in_file(frames))
    return filmed


def _in_file(frames: Frames) -> Frames:
    """The file has no name, and goes with the last reference to its frames."""
    with tempfile.TemporaryFile(prefix="reelroom-") as file:
        mapped = np.memmap(file, dtype=np.uint8, mode="w+", shape=frames.shape)
    mapped[:] = frames
    return mapped


def _compose(scenes: list[_Scene], filmed: list[Frames], scale: int, captioned: bool) -> Any:
    """MoviePy's composite of all scenes, with captions over it and the speech."""
    clips = [
        _scene_clip(scene, frames, scale) for scene, frames in zip(scenes, filmed, strict=True)
    ]
    width, height = clips[0].size
    composite = CompositeVideoClip(clips, size=(width, height), bg_color=(0, 0, 0))
    if captioned:
        captions = [Captions(scene.words(), width=width, height=height) for scene in scenes]
        composite = composite.transform(
            lambda get_frame, t: _caption(get_frame(t), t, scenes, captions)
        )
    rate = scenes[0].speech.sample_rate
    sounds = [scene.sound()[:, np.newaxis] / 32768.0 for scene in scenes]
    return composite.with_audio(
        concatenate_audioclips([AudioArrayClip(sound, fps=rate) for sound in sounds])
    )


def _scene_clip(scene: _Scene, frames: Frames, scale: int) -> Any:
    def picture(t: float) -> Image:
        index = min(max(int(t * scene.fps), 0), len(frames) - 1)
        return enlarge(np.asarray(frames[index]), scale)

    clip = VideoClip(picture, duration=scene.frames / scene.fps)
    if scene.fade:
        clip = clip.with_effects([vfx.CrossFadeIn(scene.fade / scene.fps)])
    return clip.with_start(scene.picture_start_seconds)


def _caption(picture: Image, t: float, scenes: list[_Scene], captions: list[Captions]) -> Image:
    for scene, caption in zip(scenes, captions, strict=True):
        if scene.start <= t * scene.fps < scene.end:
            return caption.draw(picture, t - scene.start / scene.fps)
    return picture


def _pictures(composite: Any, count: int, fps: int, on_stage: OnStage) -> Iterator[Image]:
    """Asked for in the middle of each frame: at its edges rounding would choose a neighbour."""
    for index in range(count):
        on_stage(Stage.COMPOSING, index, count)
        yield np.ascontiguousarray(composite.get_frame((index + 0.5) / fps), dtype=np.uint8)
    on_stage(Stage.COMPOSING, count, count)


def _soundtrack(audio: Any, rate: int, seconds: float) -> Sound:
    """The composite's sound, a second at a time: MoviePy computes in 64-bit numbers."""
    total = round(seconds * rate)
    blocks = [
        audio.get_frame((np.arange(at, min(at + rate, total)) + 0.5) / rate)[:, 0]
        for at in range(0, total, rate)
    ]
    samples = np.clip(np.round(np.concatenate(blocks) * 32768.0), -32768, 32767)
    return Sound(samples=samples.astype(np.int16), sample_rate=rate)
