from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as PillowImage

from generation.clip import Clip, LoopMethod, Making
from generation.device import Device
from generation.errors import GenerationFailed, InvalidRequest, TooLargeToDeliver, UnsupportedOption
from generation.executor import Execution
from generation.inspection import inspect, read_label
from generation.job import Progress, Stage
from generation.loop_seam import seam
from generation.looping import blended_loop
from generation.models.adapter import Image, Waveform
from generation.models.loading import LoadedModels
from generation.production import produce
from generation.request import Command, GenerationRequest
from generation.studio import mono
from tests.generation.builders import make_request
from tests.generation.moving_pictures import turning
from tests.generation.tiny_ltx import SIDE, write_tiny_catalogue

DISPLAY_SCALE = 2
Produce = Callable[..., tuple[Clip, list[Progress]]]


@pytest.fixture(scope="module")
def make(tiny_weights: Path, tiny_catalogue: Path) -> Produce:
    """Makes the clip of a request and gives it with all progress."""
    return producer(tiny_weights, tiny_catalogue)


def producer(weights: Path, catalogue: Path) -> Produce:
    return producer_of(catalogue, {"pocket": weights})


def producer_of(catalogue: Path, folders: Mapping[str, Path]) -> Produce:
    models = LoadedModels(
        catalogue_file=catalogue,
        folders=folders,
        device=Device.choose("cpu", threads=1),
    )

    def run(
        request: GenerationRequest,
        *,
        files: dict[str, bytes] | None = None,
        max_bytes: int = 5_000_000,
        making: Making | None = None,
    ) -> tuple[Clip, list[Progress]]:
        told: list[Progress] = []
        execution = Execution(
            job_id="job",
            attempt=1,
            request=request,
            files=files or {},
            max_bytes=max_bytes,
            making=making,
        )
        return produce(execution, models, told.append, narration_scenes=3), told

    return run


def png(width: int, height: int, colour: str = "orange") -> bytes:
    file = io.BytesIO()
    PillowImage.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


def pictures_of(clip: Clip) -> list[Image]:
    with av.open(io.BytesIO(clip.media), "r") as container:
        frames = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


@pytest.mark.parametrize("seconds", [1.0, 1.3, 2.0])
def test_imagine_video_makes_a_playable_clip_of_the_asked_length(
    make: Produce, seconds: float
) -> None:
    clip, _ = make(make_request(seconds=seconds, aspect="16:9"))
    media = inspect(clip.media)
    assert (media.codec, media.pixel_format, media.faststart) == ("h264", "yuv420p", True)
    assert (media.width, media.height) == (SIDE * 2 * DISPLAY_SCALE, SIDE * DISPLAY_SCALE)
    assert abs(media.seconds - seconds) <= 1 / media.fps
    assert clip.facts.frames == media.frames == round(seconds * 8)
    assert clip.facts.size_bytes == len(clip.media)


def test_the_clip_says_what_made_it(make: Produce) -> None:
    clip, _ = make(make_request(seed=42))
    label = read_label(clip.media)
    assert label is not None
    assert (label.prompt, label.seed, label.model) == ("a red circle moving right", 42, "pocket")
    assert label.model_revision == clip.facts.model_revision != ""


def test_the_same_request_makes_the_same_pictures(make: Produce) -> None:
    one, other = (pictures_of(make(make_request())[0]) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_clip_of_a_model_held_in_tiles_is_made_again_in_tiles(
    tiny_weights: Path, tiny_catalogue: Path
) -> None:
    first, _ = producer(tiny_weights, tiny_catalogue)(make_request())
    making = first.facts.making
    assert making is not None
    assert (making.tier, making.dtype, making.width) == ("whole", "float32", SIDE)
    assert making.scheduler == "FlowMatchEulerDiscreteScheduler"
    tiled = replace(making, tier="decoded in tiles")
    again, _ = producer(tiny_weights, tiny_catalogue)(make_request(), making=tiled)
    assert again.facts.making == tiled


def test_a_clip_of_cached_steps_says_so_and_is_made_again(
    tiny_weights: Path, tmp_path: Path
) -> None:
    catalogue = write_tiny_catalogue(tmp_path / "models.toml")
    steps = "steps_min = 1\nsteps_default = 8\nsteps_max = 20\n"
    guidance = "guidance_min = 1.0\nguidance_default = 3.0\nguidance_max = 9.0\n"
    cache = 'step_cache = { name = "TaylorSeer" }\n'
    with catalogue.open("a") as file:
        file.write(f"\n[pocket.presets.cached]\n{steps}{guidance}{cache}")
    make = producer(tiny_weights, catalogue)
    request = make_request(preset="cached", steps=8)
    first, _ = make(request)
    making = first.facts.making
    assert making is not None
    assert making.step_cache == "TaylorSeer (interval=3, warm_up_steps=3, order=1)"
    again, _ = make(request, making=making)
    assert again.facts.making == making
    assert again.media == first.media
    whole, _ = make(replace(request, preset="default"))
    assert whole.facts.making is not None
    assert whole.facts.making.step_cache == ""
    assert whole.media != first.media


def test_progress_counts_every_step_once_and_names_the_stages(make: Produce) -> None:
    _, told = make(make_request(steps=3))
    assert [event.step for event in told if event.stage is Stage.GENERATING] == [0, 1, 2, 3]
    stages = list(dict.fromkeys(event.stage for event in told))
    assert stages == [Stage.LOADING, Stage.GENERATING, Stage.DECODING, Stage.ENCODING]


def test_animate_takes_any_proportions_of_a_picture(make: Produce) -> None:
    request = make_request(command=Command.ANIMATE, prompt="", image_sha256="0" * 64)
    clip, _ = make(request, files={"0" * 64: png(300, 77)})
    assert clip.facts.frames == 8


def test_animate_ends_with_the_second_picture_at_the_asked_length(make: Produce) -> None:
    first, last = "0" * 64, "1" * 64
    request = make_request(
        command=Command.ANIMATE, prompt="", image_sha256=first, last_image_sha256=last
    )
    files = {first: png(64, 64), last: png(64, 64, "navy")}
    clip, _ = make(request, files=files)
    assert clip.facts.frames == 9, "the frame that shows the second picture is kept"
    assert abs(clip.facts.seconds - request.seconds) <= 1 / clip.facts.fps
    other, _ = make(request, files={**files, last: png(64, 64, "white")})
    assert not np.array_equal(pictures_of(clip)[-1], pictures_of(other)[-1])


def test_animate_without_its_picture_fails(make: Produce) -> None:
    request = make_request(command=Command.ANIMATE, image_sha256="0" * 64)
    with pytest.raises(GenerationFailed, match="picture"):
        make(request)


@pytest.mark.parametrize("seconds", [1.0, 1.5, 2.0])
def test_a_loop_has_the_asked_length_and_a_measured_seam(make: Produce, seconds: float) -> None:
    clip, told = make(make_request(command=Command.LOOP, seconds=seconds, steps=2))
    assert clip.facts.loop_methods[0] is LoopMethod.SAME_PICTURE
    assert abs(clip.facts.seconds - seconds) <= 1 / clip.facts.fps
    assert clip.facts.seam_ratio is not None
    assert clip.facts.seam_velocity_jump is not None
    generating = [event for event in told if event.stage is Stage.GENERATING]
    assert [event.step for event in generating] == [0, 1, 2, 2, 3, 4]
    assert {event.steps for event in generating} == {4}, "the key picture's steps count too"


def test_a_loop_from_a_picture_makes_no_other(make: Produce) -> None:
    request = make_request(command=Command.LOOP, prompt="", steps=2, image_sha256="0" * 64)
    clip, told = make(request, files={"0" * 64: png(64, 64)})
    assert {event.steps for event in told if event.stage is Stage.GENERATING} == {2}
    assert clip.facts.frames == 8


def test_a_model_without_a_last_picture_loops_by_blending(
    tiny_weights: Path, tmp_path: Path
) -> None:
    catalogue = write_tiny_catalogue(tmp_path / "no last picture.toml")
    catalogue.write_text(catalogue.read_text().replace(', "first and last"', ""))
    request = make_request(command=Command.LOOP, seconds=2.0, steps=2)
    clip, told = producer(tiny_weights, catalogue)(request)
    assert abs(clip.facts.seconds - 2.0) <= 1 / clip.facts.fps
    assert clip.facts.loop_methods == (LoopMethod.CROSSFADE,)
    assert clip.facts.seam_ratio is not None
    assert {event.steps for event in told if event.stage is Stage.GENERATING} == {2}


def test_a_model_of_words_alone_loops_by_latents_that_go_round(tmp_path: Path) -> None:
    from tests.generation.tiny.wan import save_wan

    save_wan(tmp_path / "wan")
    catalogue = write_tiny_catalogue(tmp_path / "words alone.toml")
    card = catalogue.read_text().replace('"ltx"', '"wan"').replace("= 8\nsec", "= 4\nsec")
    catalogue.write_text(re.sub(r"tasks = .*", 'tasks = ["text"]', card))
    request = make_request(command=Command.LOOP, seconds=2.0, steps=2)
    clip, told = producer(tmp_path / "wan", catalogue)(request)
    assert clip.facts.loop_methods[0] is LoopMethod.LATENT_ROLL
    assert abs(clip.facts.seconds - 2.0) <= 1 / clip.facts.fps
    assert {event.steps for event in told if event.stage is Stage.GENERATING} == {2}


@pytest.mark.parametrize("samples", [1_000, 40_000])
def test_a_model_s_sound_is_exactly_as_long_as_its_clip(samples: int) -> None:
    stereo = np.stack([np.full(samples, 0.5), np.full(samples, 0.25)], axis=1).astype(np.float32)
    sound = mono(Waveform(samples=stereo, sample_rate=16_000)).lasting(1.5)
    assert sound.samples.shape == (24_000,)
    assert sound.samples[0] == round(0.375 * 32767)


def test_narrate_tells_its_scenes_with_sound(make: Produce) -> None:
    story = "A red ball rolls home. The moon comes up over the quiet hills."
    request = make_request(command=Command.NARRATE, prompt=story, seconds=0, steps=1)
    clip, told = make(request)
    media = inspect(clip.media)
    assert clip.facts.has_audio
    assert media.audio_codec == "aac"
    assert media.audio_seconds is not None
    assert abs(media.audio_seconds - media.seconds) < 0.2
    generating = [event for event in told if event.stage is Stage.GENERATING]
    assert generating[-1].step == generating[-1].steps >= 2
    assert {Stage.SPEAKING, Stage.COMPOSING} <= {event.stage for event in told}


def test_a_story_without_words_fails(make: Produce) -> None:
    request = make_request(command=Command.NARRATE, prompt="... !", seconds=0)
    with pytest.raises((GenerationFailed, InvalidRequest)):
        make(request)


def test_what_the_model_cannot_do_is_refused_before_it_runs(make: Produce) -> None:
    with pytest.raises(UnsupportedOption):
        make(make_request(steps=51))


def test_a_clip_that_cannot_be_small_enough_fails(make: Produce) -> None:
    with pytest.raises(TooLargeToDeliver):
        make(make_request(), max_bytes=500)


def test_a_clip_that_had_to_shrink_says_so(tiny_weights: Path, tmp_path: Path) -> None:
    catalogue = write_tiny_catalogue(tmp_path / "large.toml", display_scale=8)
    clip, _ = producer(tiny_weights, catalogue)(make_request(seconds=4.0), max_bytes=15_000)
    assert clip.facts.size_bytes <= 15_000
    assert clip.facts.width < SIDE * 8
    assert f"{clip.facts.width} pixels" in clip.facts.notes[0]


def test_an_open_clip_blended_into_a_loop_has_a_closed_seam() -> None:
    open_clip = turning(40, turns=0.5)
    closed = blended_loop(open_clip)
    assert len(closed) == 30
    assert seam(closed).ratio < seam(open_clip).ratio
    assert seam(closed).ratio <= 1.5
