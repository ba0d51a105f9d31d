"""What is made of a clip that there is already: a longer, a larger, a smoother one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.clip_label import ClipLabel
from generation.decoding import sound
from generation.encoding import Sound, encode_clip
from generation.inspection import inspect, read_label
from generation.job import Stage
from generation.models.adapter import Frames
from generation.request import METHODS, Command, GenerationRequest, SourceClip
from tests.generation.builders import make_request
from tests.generation.moving_pictures import decode, turning
from tests.generation.test_production import Produce, producer
from tests.generation.tiny_ltx import SIDE, write_tiny_catalogue

LABEL = ClipLabel(
    prompt="a disc going round",
    negative_prompt="",
    model="pocket",
    model_revision="1",
    seed=5,
    steps=4,
    guidance=3.0,
    command="imagine-video",
)
FPS = 12
TONE = np.rint(8000 * np.sin(np.arange(48_000) * 0.06)).astype(np.int16)


@pytest.fixture(scope="module")
def make(tiny_weights: Path, tiny_catalogue: Path) -> Produce:
    return producer(tiny_weights, tiny_catalogue)


def clip_of(frames: Frames, *, fps: float = FPS, with_sound: bool = False) -> bytes:
    audio = None
    if with_sound:
        audio = Sound(samples=TONE[: round(len(frames) / fps * 48_000)], sample_rate=48_000)
    return encode_clip(frames, fps=fps, max_bytes=5_000_000, label=LABEL, audio=audio)


def asked(command: Command, media: bytes, **fields: Any) -> GenerationRequest:
    facts = inspect(media)
    source = SourceClip(
        sha256=hashlib.sha256(media).hexdigest(),
        width=facts.width,
        height=facts.height,
        fps=facts.fps,
        seconds=facts.seconds,
    )
    model = METHODS.get(command, "pocket")
    return make_request(**{"command": command, "model": model, "source": source, **fields})


def files_of(request: GenerationRequest, media: bytes) -> dict[str, bytes]:
    assert request.source is not None
    return {request.source.sha256: media}


def difference(one: Frames, other: Frames) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def test_extend_keeps_the_clip_and_adds_the_asked_seconds(make: Produce) -> None:
    given = clip_of(turning(12))
    request = asked(Command.EXTEND, given, seconds=2.0)
    clip, told = make(request, files=files_of(request, given))
    made = decode(clip.media)
    assert len(made) == 12 + 24
    assert (clip.facts.fps, clip.facts.width, clip.facts.height) == (FPS, 96, 96)
    assert difference(made[:12], decode(given)) < 3
    assert "went on from its last 9 frames" in clip.facts.notes[0]
    assert Stage.GENERATING in {event.stage for event in told}


def test_what_extend_adds_depends_on_how_the_clip_ends(make: Produce) -> None:
    there, back = clip_of(turning(12)), clip_of(turning(12)[::-1])
    one, other = (
        decode(make(request, files=files_of(request, media))[0].media)[12:]
        for media in (there, back)
        for request in [asked(Command.EXTEND, media)]
    )
    assert difference(one, other) > 0


def test_a_model_that_takes_one_picture_goes_on_from_the_last_frame(
    tiny_weights: Path, tmp_path: Path
) -> None:
    catalogue = write_tiny_catalogue(tmp_path / "no extend.toml")
    catalogue.write_text(catalogue.read_text().replace(', "extend"', ""))
    given = clip_of(turning(12))
    request = asked(Command.EXTEND, given)
    clip, _ = producer(tiny_weights, catalogue)(request, files=files_of(request, given))
    assert clip.facts.frames == 24
    assert "went on from its last frame." in clip.facts.notes[0]


def test_extend_keeps_the_sound_and_is_silent_after_it(make: Produce) -> None:
    given = clip_of(turning(12), with_sound=True)
    request = asked(Command.EXTEND, given)
    clip, _ = make(request, files=files_of(request, given))
    heard = sound(clip.media)
    assert heard is not None
    assert abs(heard.seconds - 2.0) < 0.1
    volume = np.abs(heard.samples.astype(float))
    assert volume[10_000:40_000].mean() > 100 * volume[60_000:90_000].mean()


def test_extend_cuts_a_clip_of_other_proportions_and_says_so(make: Produce) -> None:
    given = clip_of(np.pad(turning(8), ((0, 0), (0, 0), (40, 0), (0, 0))))
    request = asked(Command.EXTEND, given, aspect="1:1")
    clip, _ = make(request, files=files_of(request, given))
    assert (clip.facts.width, clip.facts.height) == (96, 96)
    assert "cut to 96 × 96" in clip.facts.notes[1]


def test_a_clip_shorter_than_what_the_model_goes_on_from_is_extended_too(make: Produce) -> None:
    given = clip_of(turning(2))
    request = asked(Command.EXTEND, given)
    clip, _ = make(request, files=files_of(request, given))
    assert clip.facts.frames == 2 + 12


def test_upscale_doubles_each_side_and_says_how(make: Produce) -> None:
    given = clip_of(turning(12), with_sound=True)
    request = asked(Command.UPSCALE, given)
    clip, told = make(request, files=files_of(request, given))
    facts, before = inspect(clip.media), inspect(given)
    assert (facts.width, facts.height) == (192, 192)
    assert (facts.frames, facts.fps, facts.seconds) == (before.frames, before.fps, before.seconds)
    assert difference(decode(clip.media)[:, ::2, ::2], decode(given)) < 4
    assert clip.facts.has_audio
    assert "Lanczos" in clip.facts.notes[0]
    assert [event.stage for event in told if event.stage is Stage.LOADING] == []


def test_what_was_made_of_a_clip_still_says_what_made_the_clip(make: Produce) -> None:
    given = clip_of(turning(4))
    request = asked(Command.UPSCALE, given)
    label = read_label(make(request, files=files_of(request, given))[0].media)
    assert label is not None
    assert (label.prompt, label.seed, label.command) == (LABEL.prompt, LABEL.seed, "upscale")


def test_somebody_s_video_made_larger_is_not_called_ai_generated(make: Produce) -> None:
    given = clip_of(turning(4))
    request = asked(Command.UPSCALE, given)
    assert request.source is not None
    own = replace(request.source, generated=False)
    for command, generated in ((Command.UPSCALE, False), (Command.EXTEND, True)):
        label = asked(command, given, source=own).label()
        assert label.generated is generated
        assert ("AI-generated" in label.to_tags()["comment"]) is generated
        assert ClipLabel.from_tags(label.to_tags()) == label


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_smooth_keeps_length_and_sound_and_has_the_asked_frame_rate(
    make: Produce, fps: int
) -> None:
    given = clip_of(turning(24)[:12], with_sound=True)
    request = asked(Command.SMOOTH, given, fps=fps)
    clip, _ = make(request, files=files_of(request, given))
    assert (clip.facts.fps, clip.facts.frames, clip.facts.seconds) == (fps, fps, 1.0)
    assert clip.facts.has_audio
    assert (clip.facts.width, clip.facts.height) == (96, 96)


def test_what_smooth_puts_between_two_frames_is_where_things_would_be(make: Produce) -> None:
    """Nearer to the true picture than a blend of the two neighbours is."""
    truth = turning(48)[:24]
    given = clip_of(truth[::2])
    request = asked(Command.SMOOTH, given, fps=24)
    made = decode(make(request, files=files_of(request, given))[0].media)
    seen = decode(given).astype(float)
    errors: list[float] = []
    blended: list[float] = []
    for between in range(1, 20, 2):
        blend = (seen[between // 2] + seen[between // 2 + 1]) / 2
        disc = np.abs(blend - truth[between]).max(axis=-1) > 25  # where it matters
        errors.append(float(np.abs(made[between].astype(float) - truth[between])[disc].mean()))
        blended.append(float(np.abs(blend - truth[between])[disc].mean()))
    assert np.mean(errors) < 0.8 * np.mean(blended)


def test_the_tiny_model_is_smaller_than_the_clips() -> None:
    """Else nothing here would prove that sizes are kept."""
    assert SIDE != 96
