"""Latents that go round in time: the shift is exact, with the scheduler's history, and models that
cannot do it say so."""

# diffusers' schedulers are untyped, and exported lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    CogVideoXDPMScheduler,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

from generation.errors import UnsupportedOption
from generation.models.card import Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.rolling import roll_steps
from tests.generation.models.contract import TinyModel, difference

Build = Callable[[str], TinyModel]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
"""Of diffusers' schedulers with NumPy 2; where shots are made it is ignored too."""

AXIS = 2
LENGTH = 5
SHAPE = (1, 2, LENGTH, 3, 3)
FLOW: dict[str, Any] = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
SCHEDULERS: dict[str, Any] = {
    "DDIM": DDIMScheduler,
    "Euler": EulerDiscreteScheduler,
    "flow Euler": FlowMatchEulerDiscreteScheduler,
    "UniPC": lambda: UniPCMultistepScheduler(**FLOW),
    "DPM++": lambda: DPMSolverMultistepScheduler(**FLOW),
    "CogVideoX DPM": CogVideoXDPMScheduler,
}
DRAWS_NOISE = "CogVideoX DPM"
"""At each step, and other noise for each moment: there a shifted run is another run."""
MULTISTEP = ("UniPC", "DPM++")
EVERY_SCHEDULER = pytest.mark.parametrize("name", SCHEDULERS)

GOING_ROUND = {
    "animatediff": (5, 5),
    "cogvideox-2b": (9, 12),
    "hunyuan-video": (5, 8),
    "hunyuan-video-1.5": (5, 8),
    "kandinsky-5-lite": (5, 8),
    "mochi": (7, 12),
    "modelscope": (5, 5),
    "sana-video": (5, 8),
    "wan-2.1-1.3b": (5, 8),
    "wan-2.2-5b": (5, 8),
    "wan-2.2-a14b": (5, 8),
}
"""One model of each kind, with the frames asked for and those that come."""


def neighbourly(sample: Tensor) -> Tensor:
    """A denoiser for which all moments of a circle are alike: each sees the one before it."""
    return 0.3 * torch.roll(sample, 1, AXIS) + 0.1 * torch.tanh(sample)


def denoised(scheduler: Any, steps: int) -> Tensor:
    """The end of a run as pipelines make it."""
    scheduler.set_timesteps(steps)
    sample: Tensor = torch.randn(
        SHAPE, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    history: Tensor | None = None
    keeps_none = type(scheduler).__name__ == "CogVideoXDPMScheduler"
    times = scheduler.timesteps
    for index, time in enumerate(times):
        if keeps_none:  # its pipeline keeps the history for it
            before = times[index - 1] if index else None
            sample, history = scheduler.step(
                neighbourly(sample), history, time, before, sample, return_dict=False,
                generator=torch.Generator().manual_seed(0),
            )  # fmt: skip
        else:
            sample = scheduler.step(neighbourly(sample), time, sample).prev_sample
    return sample


@EVERY_SCHEDULER
def test_to_shift_by_the_whole_length_changes_nothing(name: str) -> None:
    rolling = SCHEDULERS[name]()
    roll_steps(rolling, axis=AXIS, steps=1)
    assert torch.equal(denoised(rolling, 8), denoised(SCHEDULERS[name](), 8))


@pytest.mark.parametrize("name", [name for name in SCHEDULERS if name != DRAWS_NOISE])
def test_where_all_moments_are_alike_the_shifted_run_gives_the_shifted_result(name: str) -> None:
    rolling = SCHEDULERS[name]()
    roll_steps(rolling, axis=AXIS, steps=8)  # by one at each step
    shifted = torch.roll(denoised(SCHEDULERS[name](), 8), -8, AXIS)
    torch.testing.assert_close(denoised(rolling, 8), shifted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", MULTISTEP)
def test_without_its_history_a_multistep_scheduler_would_mix_moments(name: str) -> None:
    """Or the tests above would prove nothing of the history."""
    forgetful = SCHEDULERS[name]()
    plain = forgetful.step

    def step(*arguments: Any, **options: Any) -> Any:
        result = plain(*arguments, **options)
        result.prev_sample = torch.roll(result.prev_sample, -1, AXIS)
        return result

    forgetful.step = step
    shifted = torch.roll(denoised(SCHEDULERS[name](), 8), -8, AXIS)
    assert (denoised(forgetful, 8) - shifted).abs().max() > 0.01


def test_a_short_run_takes_every_moment_round() -> None:
    rolling = EulerDiscreteScheduler()
    roll_steps(rolling, axis=AXIS, steps=2)
    shifted = torch.roll(denoised(EulerDiscreteScheduler(), 2), -2 * round(LENGTH / 2), AXIS)
    torch.testing.assert_close(denoised(rolling, 2), shifted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("model", GOING_ROUND)
def test_a_shot_that_goes_round_is_a_whole_circle_and_leaves_no_trace(
    tiny_model: Build, model: str
) -> None:
    tiny = tiny_model(model)
    assert tiny.model.goes_round
    asked, frames = GOING_ROUND[model]
    plain = tiny.make(Task.TEXT, frames=asked).frames
    circle = tiny.make(Task.TEXT, goes_round=True, frames=asked).frames
    assert len(circle) == frames
    assert difference(circle[: len(plain)], plain) > 0
    assert np.array_equal(tiny.make(Task.TEXT, goes_round=True, frames=asked).frames, circle)
    assert np.array_equal(tiny.make(Task.TEXT, frames=asked).frames, plain)


@pytest.mark.parametrize("model", ["skyreels-2-1.3b", "ltx-video"])
def test_a_model_that_cannot_go_round_says_so(tiny_model: Build, model: str) -> None:
    tiny = tiny_model(model)
    assert not tiny.model.goes_round
    with pytest.raises(UnsupportedOption, match="go round"):
        tiny.make(Task.TEXT, goes_round=True)


def test_a_model_that_denoises_frames_in_pairs_does_not_go_round(tiny_model: Build) -> None:
    """Where there is an odd number it adds a frame, which would stand in the circle."""
    assert not tiny_model("cogvideox-1.5-5b").model.goes_round


def test_from_a_picture_nothing_goes_round(tiny_model: Build) -> None:
    with pytest.raises(UnsupportedOption, match="go round"):
        tiny_model("wan-2.2-5b").make(Task.IMAGE, goes_round=True)


def test_every_kind_of_model_that_can_go_round_is_tried_here() -> None:
    """Those with words and without a better way, by the family that they belong to."""
    cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}
    tried = {cards[model].family for model in GOING_ROUND}
    wanted = {
        card.family
        for card in cards.values()
        if Task.TEXT in card.tasks and Task.FIRST_LAST not in card.tasks
    }
    assert wanted - tried == {"skyreels-2"}
