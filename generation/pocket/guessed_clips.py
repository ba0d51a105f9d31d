"""Pairs of what the transformer guesses of a clip and what the clip is, to teach the restorer.

A clip is hidden under noise up to a random time and taken out of it again as users' clips are,
by its caption. A few come straight from the encoder. None begins from nothing but noise: of what a
caption leaves open, the guess would then be right in its own way, and the clip no answer to it.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily;
# the `to` of their models is typed as a function without self.
# pyright: reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import numpy as np
import torch
from torch import Tensor

from generation.pocket.autoencoder import PocketAutoencoder
from generation.pocket.captions import caption, draw_unsaid
from generation.pocket.flow import FRAME_COUNTS, SIZES, token_places
from generation.pocket.rendering import render
from generation.pocket.schedule import even_timesteps
from generation.pocket.text_encoder import CaptionEncoder
from generation.pocket.transformer import PocketTransformer
from generation.pocket.world import Scene, sample_picture_scene, sample_scene

_SIZE_SHARE = (0.84, 0.08, 0.08)
_FRAME_SHARE = (0.86, 0.05, 0.03, 0.03, 0.03)
_EXACT_SHARE = 0.15
"""Batches that are only encoded, so that given frames come back as they are."""
_GIVEN_SHARE = 0.25
"""Batches whose first frame is given."""
_PICTURE_SHARE = 0.25
"""Clips of those that are a camera's way over a picture."""
_LOOP_SHARE = 0.06
_STEPS = (8, 8, 8, 20)
_GUIDANCES = (4.0, 4.0, 4.0, 1.0, 6.0)


class GuessedClips:
    """Draws pairs; deterministic for a seed and a sequence of calls."""

    def __init__(
        self,
        transformer: PocketTransformer,
        autoencoder: PocketAutoencoder,
        captions: CaptionEncoder,
        *,
        seed: int,
        part: int = 0,
        device: torch.device,
    ) -> None:
        """`part` numbers the processes that train together."""
        self._transformer = transformer.to(device).eval()
        self._autoencoder = autoencoder
        self._captions = captions
        self._rng = np.random.default_rng([seed, 8, part])
        self._noise = torch.Generator().manual_seed(seed * 64 + part)
        self._device = device

    @torch.no_grad()
    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Guessed latents (count, channels, latent frames, rows, columns) and their clips.

        Clips have the shape (count, 3, frames, height, width), bytes.
        """
        height, width = SIZES[self._rng.choice(len(SIZES), p=_SIZE_SHARE)]
        frames = FRAME_COUNTS[self._rng.choice(len(FRAME_COUNTS), p=_FRAME_SHARE)]
        exact = bool(self._rng.uniform() < _EXACT_SHARE)
        given = bool(frames > 1 and self._rng.uniform() < _GIVEN_SHARE)
        scenes = [self._scene(width / height, free=exact or given) for _ in range(count)]
        clips = render(scenes, frames=frames, height=height, width=width)
        latents = self._autoencoder.latents_of((clips * 2 - 1).to(self._device))
        if not exact:
            latents = self._guess(scenes, latents, given=given)
        return latents.cpu(), (clips * 255).round().to(torch.uint8)

    def _scene(self, aspect: float, *, free: bool) -> Scene:
        """`free` scenes are those of given pictures."""
        if free and self._rng.uniform() < _PICTURE_SHARE:
            return sample_picture_scene(self._rng)
        return sample_scene(
            self._rng,
            aspect=aspect,
            loop=bool(self._rng.uniform() < _LOOP_SHARE),
            anywhere=free,
        )

    def _guess(self, scenes: list[Scene], latents: Tensor, *, given: bool) -> Tensor:
        """Hide latents under noise and take it away by the sampler's steps."""
        times = [each / 1000 for each in even_timesteps(int(self._rng.choice(_STEPS)))]
        begin = self._rng.integers(len(times) // 4, len(times))
        times = times[int(begin) :]
        guidance = float(self._rng.choice(_GUIDANCES))
        said = [
            caption(scene, self._rng, unsaid=draw_unsaid(self._rng, given_frame=given))
            for scene in scenes
        ]
        states, mask = self._captions.states([*said, *([""] * len(said))])
        clean = latents.flatten(2).transpose(1, 2)
        noise = torch.randn(clean.shape, generator=self._noise).to(self._device)
        noisy = torch.lerp(clean, noise, times[0])
        known = torch.zeros(clean.shape[1], dtype=torch.bool, device=self._device)
        known[: latents[0, 0, 0].numel()] = given
        places = token_places(latents, frame_index=0).to(self._device)
        guess = clean
        for time, later in zip(times, [*times[1:], 0.0], strict=True):
            noisy[:, known] = clean[:, known]
            clock = torch.full(clean.shape[:2], time * 1000, device=self._device)
            clock[:, known] = 0
            with torch.autocast(self._device.type, torch.bfloat16):
                both = self._transformer(
                    hidden_states=noisy.repeat(2, 1, 1),
                    encoder_hidden_states=states,
                    timestep=(clock if given else clock[:, :1]).repeat(2, 1),
                    encoder_attention_mask=mask,
                    video_coords=places.expand(2 * len(clean), -1, -1),
                    wanted="clean",
                )
            asked, unasked = both.float().chunk(2)
            guess = torch.lerp(unasked, asked, guidance)
            noisy = guess + (noisy - guess) * (later / time)
        guess[:, known] = clean[:, known]
        return guess.transpose(1, 2).unflatten(2, latents.shape[2:])
