"""Training the transformer by flow matching, conditioned as `LTXConditionPipeline` does it.

A sample at time t is x(t) = (1 - t) clean + t noise (rectified flow). The network guesses the
clean latents, from which its velocity follows; the loss is the velocity's, error / t squared.
Latents of given frames stay clean and their tokens have time 0.
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

Given = Literal["nothing", "first", "ends", "beginning"]
"""Which frames are given: none, the first, the first and the last, or the first few."""

SIZES = ((128, 128), (96, 160), (160, 96))
"""Heights and widths in pixels that the model is trained for: 1:1, about 16:9 and 9:16."""
_SIZE_SHARE = (0.84, 0.08, 0.08)
FRAME_COUNTS = (25, 13, 37, 49, 1)
_FRAME_SHARE = (0.8, 0.06, 0.05, 0.05, 0.04)
_GIVEN: tuple[Given, ...] = ("nothing", "first", "ends", "beginning")
_GIVEN_SHARE = (0.68, 0.13, 0.16, 0.03)
_CAPTION_DROPOUT = 0.1
_GIVEN_NOISE = 0.15
"""The pipeline's default `image_cond_noise_scale`."""
_EXCERPTS: tuple[tuple[float, dict[int | None, float]], ...] = (
    (0.30, {1: 0.4, 2: 0.3, 3: 0.3}),
    (0.65, {1: 0.1, 2: 0.2, 3: 0.4, None: 0.3}),
    (1.01, {1: 0.05, 3: 0.25, None: 0.7}),
)
"""How many latent frames of a clip are shown at a time (None: all), and how often, until which
share of the training. Each token knows its time, so a few frames teach what is where when as
well as all of them do, and many more clips fit into an hour."""
_NOISY_SHARE = 0.5
_NOISY_RANGE = 0.22
_LEAST_WEIGHT_TIME = 0.15
"""Errors of the clean latents count by 1 / time squared, but no more than at this time: the
decoder sees through what noise is left below it."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one training step shows: `excerpt` latent frames of clips, None for all of them."""

    shape: ClipShape
    given: Given
    kind: ClipKind
    excerpt: int | None


def draw_task(rng: np.random.Generator, *, done: float) -> Task:
    """Draw a step's clip shape, given frames, kind of scene and excerpt.

    `done` is the share of the training that is over.
    """
    height, width = SIZES[rng.choice(len(SIZES), p=_SIZE_SHARE)]
    frames = FRAME_COUNTS[rng.choice(len(FRAME_COUNTS), p=_FRAME_SHARE)]
    given = _GIVEN[rng.choice(len(_GIVEN), p=_GIVEN_SHARE)] if frames > 1 else "nothing"
    kinds: tuple[ClipKind, ...] = ("world", "anywhere", "picture", "loop", "picture loop")
    share = {
        "nothing": (0.94, 0.06, 0, 0, 0),
        "first": (0.3, 0.55, 0.15, 0, 0),
        "ends": (0.1, 0.15, 0.05, 0.6, 0.1),
        "beginning": (0, 0.85, 0.15, 0, 0),
    }[given]
    excerpts = next(excerpts for until, excerpts in _EXCERPTS if done < until)
    excerpt = list(excerpts)[rng.choice(len(excerpts), p=list(excerpts.values()))]
    return Task(
        shape=ClipShape(frames=frames, height=height, width=width),
        given=given,
        kind=kinds[rng.choice(len(kinds), p=share)],
        excerpt=None if given == "beginning" else excerpt,
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
        tokens: int,
    ) -> None:
        """`part` numbers the processes that train together: same tasks, other scenes.

        `tokens` is about how many tokens a step shows, whatever its task.
        """
        self._transformer = transformer
        self._captions = captions
        self._pool = pool
        self._tasks = np.random.default_rng([seed, 5])
        self._rng = np.random.default_rng([seed, 6, part])
        self._noise = torch.Generator().manual_seed(seed * 64 + part)
        self._device = device
        self._tokens = tokens

    def loss(self, done: float) -> tuple[Task, Tensor]:
        """The error of the next batch when the share `done` of the training is over."""
        task = draw_task(self._tasks, done=done)
        area = task.shape.height * task.shape.width // 32**2
        length = task.shape.frames // 4 + 1
        least = 1 if task.given == "nothing" else 2
        shown = length if task.excerpt is None else min(max(task.excerpt, least), length)
        count = max(4, round(self._tokens / (area * (shown + (task.given == "ends")))))
        batch = self._pool.draw(task.kind, task.shape, count)
        clean, places = self._excerpt(batch.latents, shown, begins=task.given != "nothing")
        given = _given(task.given, shown, area)
        extent = token_places(batch.latents, frame_index=0).amax(dim=2, keepdim=True)
        if task.given == "ends":
            clean = torch.cat([_tokens(batch.last), clean], dim=1)
            end = token_places(batch.last, frame_index=task.shape.frames - 1).expand(count, -1, -1)
            places = torch.cat([end, places], dim=2)
            extent = torch.maximum(extent, end[:1].amax(dim=2, keepdim=True))
        noise = torch.randn(clean.shape, generator=self._noise)
        time = self._times(count)[:, None].expand(-1, clean.shape[1]).clone()
        dirt = _GIVEN_NOISE * time**2 * (torch.rand(count, 1, generator=self._noise) < 0.5)
        time[:, given] = 0
        noisy = torch.lerp(clean, noise, time[..., None])
        noisy[:, given] += dirt[:, given, None] * noise[:, given]
        states, mask = self._states(batch, task)
        with torch.autocast(self._device.type, torch.bfloat16), _attention(self._device):
            found = self._transformer(
                hidden_states=noisy.to(self._device),
                encoder_hidden_states=states,
                timestep=(time if given.any() else time[:, :1]).to(self._device) * 1000,
                encoder_attention_mask=mask,
                video_coords=places.to(self._device),
                extent=extent.to(self._device),
                wanted="clean",
            )
        error = (found.float().cpu() - clean)[:, ~given].square().mean(dim=-1)
        return task, (error / time[:, ~given].clamp(min=_LEAST_WEIGHT_TIME).square()).mean()

    def _excerpt(self, latents: Tensor, shown: int, *, begins: bool) -> tuple[Tensor, Tensor]:
        """`shown` latent frames of each clip, drawn for each alone, in order, as tokens.

        Returns tokens (count, tokens, channels) and places (count, 3, tokens). With `begins`
        the first latent frames are the clip's own first ones.
        """
        count, _, frames, rows, columns = latents.shape
        order = torch.rand(count, frames, generator=self._noise)
        if begins:
            order[:, 0] = -1
        chosen = order.argsort(dim=1)[:, :shown].sort(dim=1).values
        places = token_places(latents, frame_index=0).unflatten(2, (frames, rows * columns))
        clips = torch.arange(count)[:, None]
        tokens = latents.flatten(3).permute(0, 2, 3, 1)[clips, chosen].flatten(1, 2)
        return tokens, places[0].transpose(0, 1)[chosen].transpose(1, 2).flatten(2)

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

    def _times(self, count: int) -> Tensor:
        """Times in (0, 1): half of them nearly all noise, the others wide, a few uniform.

        Which motion was asked for is only learned where noise hides where the thing is; which
        thing it is shows when there is little noise. Each needs its share.
        """

        def drawn() -> Tensor:
            return torch.rand(count, generator=self._noise)

        wide = torch.sigmoid(torch.randn(count, generator=self._noise) * 1.8 + 1.1)
        late = torch.where(drawn() < 0.15, drawn(), wide)
        return torch.where(drawn() < _NOISY_SHARE, 1 - _NOISY_RANGE * drawn().square(), late)


def _given(given: Given, shown: int, area: int) -> Tensor:
    """Which tokens are given, those of the appended last frame first."""
    count = {"nothing": 0, "first": 1, "ends": 1, "beginning": min(shown - 1, 3)}[given]
    own = torch.arange(shown * area) < count * area
    return own if given != "ends" else torch.cat([torch.ones(area, dtype=torch.bool), own])


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
