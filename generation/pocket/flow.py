"""Training the transformer by flow matching, conditioned as `LTXConditionPipeline` does it.

A sample at time t is x(t) = (1 - t) clean + t noise and the network predicts the velocity
noise - clean (rectified flow). Latents of given frames stay clean and their tokens have time 0.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from diffusers import LTXConditionPipeline
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.pocket.captions import caption, draw_unsaid
from generation.pocket.latent_pool import Batch, ClipKind, ClipShape, LatentPool
from generation.pocket.text_encoder import CaptionEncoder
from generation.pocket.transformer import PocketTransformer
from generation.pocket.world import FRAMES_PER_SECOND

Lesson = Literal["directions", "everything"]
"""What is trained: only which way things go, from clips that show nothing else; or all.

Among everything else a direction is a faint signal, which stays unlearned for thousands of
steps. Alone it is learned in two hundred, and then kept.
"""
Given = Literal["nothing", "first", "ends", "beginning"]
"""Which frames are given: none, the first, the first and the last, or the first few."""

SIZES = ((128, 128), (96, 160), (160, 96))
"""Heights and widths in pixels that the model is trained for: 1:1, about 16:9 and 9:16."""
_SIZE_SHARE = (0.88, 0.06, 0.06)
FRAME_COUNTS = (25, 13, 37, 49, 1)
_FRAME_SHARE = (0.84, 0.06, 0.04, 0.03, 0.03)
_GIVEN: tuple[Given, ...] = ("nothing", "first", "ends", "beginning")
_GIVEN_SHARE = (0.78, 0.12, 0.08, 0.02)
_CAPTION_DROPOUT = 0.1
_GIVEN_NOISE = 0.15
"""The pipeline's default `image_cond_noise_scale`."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one training step shows."""

    shape: ClipShape
    given: Given
    kind: ClipKind


def draw_task(rng: np.random.Generator, lesson: Lesson = "everything") -> Task:
    """Draw a step's clip shape, given frames and kind of scene."""
    if lesson == "directions":
        (height, width), frames = SIZES[0], FRAME_COUNTS[0]
        shape = ClipShape(frames=frames, height=height, width=width)
        return Task(shape=shape, given="nothing", kind="direction")
    height, width = SIZES[rng.choice(len(SIZES), p=_SIZE_SHARE)]
    frames = FRAME_COUNTS[rng.choice(len(FRAME_COUNTS), p=_FRAME_SHARE)]
    given = _GIVEN[rng.choice(len(_GIVEN), p=_GIVEN_SHARE)] if frames > 1 else "nothing"
    kinds: tuple[ClipKind, ...] = ("world", "picture", "loop", "picture loop")
    share = {
        "nothing": (1, 0, 0, 0),
        "first": (0.85, 0.15, 0, 0),
        "ends": (0.25, 0.1, 0.5, 0.15),
        "beginning": (0.85, 0.15, 0, 0),
    }[given]
    return Task(
        shape=ClipShape(frames=frames, height=height, width=width),
        given=given,
        kind=kinds[rng.choice(len(kinds), p=share)],
    )


class FlowTraining:
    """One training step after another over a pool of clips."""

    def __init__(
        self,
        transformer: PocketTransformer,
        captions: CaptionEncoder,
        pool: LatentPool,
        *,
        seed: int,
        part: int = 0,
        device: torch.device,
        batch_size: int,
    ) -> None:
        """`part` numbers the processes that train together: same tasks, other scenes."""
        self._transformer = transformer
        self._captions = captions
        self._pool = pool
        self._tasks = np.random.default_rng([seed, 5])
        self._rng = np.random.default_rng([seed, 6, part])
        self._noise = torch.Generator().manual_seed(seed * 64 + part)
        self._device = device
        self._batch_size = batch_size
        self.lesson: Lesson = "everything"

    def loss(self) -> tuple[Task, Tensor]:
        """The velocity error of the next batch."""
        task = draw_task(self._tasks, self.lesson)
        # Batches of about equally many tokens take about equally long.
        count = max(8, round(self._batch_size * 25 / max(task.shape.frames, 13)))
        batch = self._pool.draw(task.kind, task.shape, count)
        clean = _tokens(batch.latents)
        places = token_places(batch.latents, frame_index=0)
        states, mask = self._states(batch, task)
        given = self._given(batch.latents, task.given)
        if task.given == "ends":
            clean = torch.cat([_tokens(batch.last), clean], dim=1)
            end = token_places(batch.last, frame_index=task.shape.frames - 1)
            places = torch.cat([end, places], dim=2)
        noise = torch.randn(clean.shape, generator=self._noise)
        time = self._times(count)[:, None].expand(-1, clean.shape[1]).clone()
        dirt = _GIVEN_NOISE * time**2 * (torch.rand(count, 1, generator=self._noise) < 0.5)
        time[:, given] = 0
        noisy = torch.lerp(clean, noise, time[..., None])
        noisy[:, given] += dirt[:, given, None] * noise[:, given]
        with torch.autocast(self._device.type, torch.bfloat16), _attention(self._device):
            velocity = self._transformer(
                hidden_states=noisy.to(self._device),
                encoder_hidden_states=states,
                timestep=(time if given.any() else time[:, :1]).to(self._device) * 1000,
                encoder_attention_mask=mask,
                video_coords=places.expand(count, -1, -1).to(self._device),
                return_dict=False,
            )[0]
        error = (velocity.float().cpu() - (noise - clean)).square()
        return task, error[:, ~given].mean()

    def _states(self, batch: Batch, task: Task) -> tuple[Tensor, Tensor]:
        texts = [
            ""
            if self._rng.uniform() < _CAPTION_DROPOUT
            else caption(
                scene,
                self._rng,
                unsaid=draw_unsaid(self._rng, given_frame=task.given != "nothing"),
            )
            for scene in batch.scenes
        ]
        with torch.no_grad():
            return self._captions.states(texts)

    def _given(self, latents: Tensor, given: Given) -> Tensor:
        """Which tokens are given, those of the appended last frame first."""
        _, _, frames, rows, columns = latents.shape
        count = {"nothing": 0, "first": 1, "ends": 1, "beginning": min(frames - 1, 3)}[given]
        own = torch.arange(frames * rows * columns) < count * rows * columns
        if given != "ends":
            return own
        return torch.cat([torch.ones(rows * columns, dtype=torch.bool), own])

    def _times(self, count: int) -> Tensor:
        """Times in (0, 1), logit-normal and far towards noise, a few uniform.

        A latent's first components are several times larger than the noise, so where a thing
        is and how it moves is decided above 0.95, where the pipeline's schedule takes half of
        its steps.
        """
        middle = 3.5 if self.lesson == "directions" else 2.8
        normal = torch.sigmoid(torch.randn(count, generator=self._noise) * 1.4 + middle)
        uniform = torch.rand(count, generator=self._noise)
        return torch.where(torch.rand(count, generator=self._noise) < 0.15, uniform, normal)


def _attention(device: torch.device) -> AbstractContextManager[object]:
    """Plain attention on the CPU, whose fused kernel is four times slower backwards."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()


def _tokens(latents: Tensor) -> Tensor:
    """(batch, channels, frames, rows, columns) to (batch, tokens, channels), as the pipeline."""
    return latents.flatten(2).transpose(1, 2)


def token_places(latents: Tensor, *, frame_index: int) -> Tensor:
    """Seconds, y and x in pixels of every token, as the pipeline numbers them: (1, 3, tokens)."""
    _, _, frames, rows, columns = latents.shape
    # The pipeline's own arithmetic, so that training and use cannot drift apart.
    ids = LTXConditionPipeline._prepare_video_ids(1, frames, rows, columns)  # pyright: ignore[reportPrivateUsage]
    places = LTXConditionPipeline._scale_video_ids(  # pyright: ignore[reportPrivateUsage]
        ids, scale_factor=32, scale_factor_t=4, frame_index=frame_index
    ).float()
    places[:, 0] /= FRAMES_PER_SECOND
    return places
