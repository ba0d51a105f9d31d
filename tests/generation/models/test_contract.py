"""What every model of the catalogue does, on tiny weights of its own classes (the pocket model:
on its real ones)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generation.errors import GenerationFailed, UnsupportedOption
from generation.models.card import Feature, ModelCard, Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.request import UPSCALE_FACTOR, Camera, CameraMove
from tests.generation.models.contract import TinyModel, difference, given, halves, ignore_steps

CARDS = read_catalogue(CATALOGUE_FILE)
Build = Callable[[str], TinyModel]


class Interrupted(Exception):
    pass


def tasks_of(cards: tuple[ModelCard, ...]) -> Iterator[tuple[str, Task]]:
    for card in cards:
        for task in card.tasks:
            yield card.id, task


EVERY_TASK = pytest.mark.parametrize(
    ("model", "task"), list(tasks_of(CARDS)), ids=lambda value: str(value).replace(" ", "-")
)
EVERY_MODEL = pytest.mark.parametrize("model", [card.id for card in CARDS])
BOUNDS = ("steps_min", "steps_default", "steps_max")
PRESETS = [
    (card.id, name)
    for card in CARDS
    for name, preset in card.presets.items()
    if replace(preset, **{each: getattr(card.preset("default"), each) for each in BOUNDS})
    != card.preset("default")
]
"""All but the default ones and those that are these in fewer steps."""
CAMERAS = [(card.id, move) for card in CARDS for move in card.camera_loras]


@EVERY_TASK
def test_a_shot_is_made_step_by_step_cancelled_cleanly_and_repeatable(
    tiny_model: Build, model: str, task: Task
) -> None:
    tiny = tiny_model(model)
    shot = tiny.shot(task)
    told: list[tuple[int, int]] = []
    footage = tiny.model.generate(shot, lambda step, steps: told.append((step, steps)))
    factor = UPSCALE_FACTOR if task is Task.UPSCALE else 1
    size = (shot.height * factor, shot.width * factor)
    assert footage.frames.shape == (shot.frames, *size, 3)
    assert footage.frames.dtype == np.uint8
    steps = told[-1][1]
    assert told == [(step, steps) for step in range(1, steps + 1)], "each step once, in order"

    def stop(step: int, steps: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        tiny.model.generate(shot, stop)
    again = tiny.make(task)
    assert np.array_equal(again.frames, footage.frames)
    if task is not Task.UPSCALE:  # whose pictures are given, not drawn
        assert difference(tiny.make(task, seed=2).frames, footage.frames) > 0


@EVERY_MODEL
def test_sound_comes_where_it_is_promised(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    footage = tiny.make(tiny.card.tasks[0])
    assert (footage.sound is not None) == (Feature.AUDIO in tiny.card.features)
    if footage.sound is not None:
        samples = footage.sound.samples
        assert samples.ndim == 2
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert footage.sound.sample_rate >= 8000


@pytest.mark.parametrize("model", [card.id for card in CARDS if card.starts_from_pictures], ids=str)
def test_the_picture_at_the_start_is_heeded(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    task = Task.IMAGE if Task.IMAGE in tiny.card.tasks else Task.FIRST_LAST
    shot = tiny.shot(task)
    other = halves(shot.width, shot.height, 90, 160)
    assert difference(tiny.make(task, first_image=other).frames, tiny.make(task).frames) > 0


@pytest.mark.parametrize(
    "model", [card.id for card in CARDS if Task.FIRST_LAST in card.tasks], ids=str
)
def test_the_picture_at_the_end_is_heeded(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    shot = tiny.shot(Task.FIRST_LAST)
    other = halves(shot.width, shot.height, 90, 160)
    made = tiny.make(Task.FIRST_LAST).frames
    assert difference(tiny.make(Task.FIRST_LAST, last_image=other).frames, made) > 0


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_a_preset_changes_the_clip_and_leaves_no_trace(
    tiny_model: Build, model: str, preset: str
) -> None:
    """Same steps and guidance: what differs are the schedule, the LoRAs and the parts."""
    tiny = tiny_model(model)
    chosen = tiny.card.preset(preset)
    common = {"steps": chosen.steps_default, "guidance": chosen.guidance_default}
    usual = tiny.make(tiny.card.tasks[0], **common).frames
    assert difference(tiny.make(tiny.card.tasks[0], preset=preset, **common).frames, usual) > 0
    assert np.array_equal(tiny.make(tiny.card.tasks[0], **common).frames, usual)


@pytest.mark.parametrize(("model", "move"), CAMERAS)
def test_a_camera_lora_changes_the_clip_and_leaves_no_trace(
    tiny_model: Build, model: str, move: CameraMove
) -> None:
    tiny = tiny_model(model)
    still = tiny.make(Task.TEXT).frames
    assert difference(tiny.make(Task.TEXT, camera=Camera.of(move)).frames, still) > 0
    assert np.array_equal(tiny.make(Task.TEXT).frames, still)


@EVERY_MODEL
def test_what_the_model_cannot_do_is_refused_in_words(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    task = tiny.card.tasks[0]
    shot = tiny.shot(task)
    for other in (Task.IMAGE, Task.FIRST_LAST, Task.KEYFRAMES, Task.VIDEO, Task.UPSCALE):
        if other not in tiny.card.tasks:
            nothing: dict[str, Any] = {
                "first_image": None, "last_image": None, "keyframes": {}, "source_video": None,
                "enlarges": False,
            }  # fmt: skip
            with pytest.raises(UnsupportedOption, match="is given"):
                tiny.make(task, **nothing | given(other, shot.width, shot.height, shot.frames))
    if Feature.NEGATIVE not in tiny.card.features:
        with pytest.raises(UnsupportedOption, match="negative"):
            tiny.make(task, negative_prompt="blurry")
    if not tiny.card.camera_moves and not tiny.card.camera_loras:
        with pytest.raises(UnsupportedOption, match="zoom in"):
            tiny.make(task, camera=Camera.of(CameraMove.ZOOM_IN))
    with pytest.raises(UnsupportedOption, match="knows default"):
        tiny.model.generate(replace(shot, preset="no such preset"), ignore_steps)


@EVERY_MODEL
def test_what_the_pipeline_would_round_silently_is_refused(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    task = tiny.card.tasks[0]
    if task is not Task.UPSCALE:  # which takes clips of any size
        with pytest.raises(GenerationFailed, match="multiple"):
            tiny.make(task, width=tiny.shot(task).width + 1)
    if tiny.card.frame_multiple > 1:
        with pytest.raises(GenerationFailed, match="multiple"):
            tiny.make(task, frames=tiny.shot(task).frames + 1)


@pytest.mark.parametrize("model", [card.id for card in CARDS if len(card.tasks) > 1])
def test_the_pipelines_of_all_tasks_share_one_set_of_weights(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    first = tiny.pipeline_for(tiny.card.tasks[0])
    for task in tiny.card.tasks[1:]:
        other = tiny.pipeline_for(task)
        for name in ("transformer", "unet", "vae", "text_encoder"):
            assert getattr(other, name, None) is getattr(first, name, None)


@EVERY_MODEL
def test_a_promised_step_callback_exists(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    promised = Feature.CALLBACK in tiny.card.features
    for task in set(tiny.card.tasks) - {Task.UPSCALE}:
        call = inspect.signature(type(tiny.pipeline_for(task)).__call__)
        assert ("callback_on_step_end" in call.parameters) or not promised


@pytest.mark.parametrize(("model", "frames"), [("framepack", 73), ("skyreels-2-1.3b", 101)])
def test_a_clip_made_in_sections_counts_its_steps_over_all_of_them(
    tiny_model: Build, model: str, frames: int
) -> None:
    tiny = tiny_model(model)
    told: list[tuple[int, int]] = []
    shot = tiny.shot(tiny.card.tasks[0], frames=frames, steps=2)
    footage = tiny.model.generate(shot, lambda step, steps: told.append((step, steps)))
    assert len(footage.frames) == frames
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
