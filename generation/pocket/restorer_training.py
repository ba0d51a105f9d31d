"""Teaches the restorer what clips of the pocket world look like, from `GuessedClips`; resumable."""

# diffusers and torch are partly typed, and diffusers exports its classes lazily;
# the `to` of their models is typed as a function without self.
# pyright: reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import copy
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from generation.pocket.autoencoder import PocketAutoencoder
from generation.pocket.data_parallel import mean_gradients
from generation.pocket.guessed_clips import GuessedClips
from generation.pocket.training_run import Progress, run_steps

_MATRIX_RATE = 3e-3
_OTHER_RATE = 1e-3
"""Learning rates of Muon, for the convolutions within levels, and of AdamW, for the rest."""
_WARM_STEPS = 100
_AVERAGE = 0.998
_BATCH = 4
"""Clips in a step of each process."""
_FRESH = 24
"""Clips that are guessed at a time."""
_USES = 4
"""How many steps a guessed clip is shown in, about: guessing takes longer than learning."""
_KEPT = 60
"""Groups of `_FRESH` clips that are kept."""


class RestorerTrainer:
    """Trains the restorer of an autoencoder; its moving average, `average`, is worth keeping."""

    def __init__(
        self, autoencoder: PocketAutoencoder, *, seed: int, part: int = 0, device: torch.device
    ) -> None:
        """`part` numbers the processes that train together."""
        self.autoencoder = autoencoder.to(device).requires_grad_(False).eval()
        self.autoencoder.restorer.requires_grad_(True)
        self.average = copy.deepcopy(autoencoder).requires_grad_(False)
        self.progress = Progress()
        self._device = device
        self._weights = list(self.autoencoder.restorer.parameters())
        # Muon, three times as fast here as AdamW alone, knows matrices only: these share their
        # memory with the convolutions' weights.
        inner = [
            weight
            for name, weight in self.autoencoder.restorer.named_parameters()
            if weight.ndim == 4 and not name.startswith(("begin.", "end."))
        ]
        self._matrices = [(nn.Parameter(weight.detach().flatten(1)), weight) for weight in inner]
        others = [weight for weight in self._weights if all(weight is not one for one in inner)]
        self._optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                [matrix for matrix, _ in self._matrices],
                lr=_MATRIX_RATE, weight_decay=0.0, adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(others, lr=_OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0),
        )  # fmt: skip
        self._rates = [optimizer.param_groups[0]["lr"] for optimizer in self._optimizers]
        self._rng = np.random.default_rng([seed, 9, part])
        self._groups: list[tuple[Tensor, Tensor]] = []

    def run(
        self,
        pairs: GuessedClips,
        *,
        until_minutes: float,
        save_every_minutes: float,
        save: Callable[[], None],
    ) -> None:
        """Train until `until_minutes` in all, those of earlier runs included; call `save` often."""

        def step(done: float, minutes: float) -> tuple[float, float]:
            for optimizer, rate in zip(self._optimizers, self._rates, strict=True):
                optimizer.param_groups[0]["lr"] = rate * self._pace(done)
            return self._step(pairs, minutes)

        run_steps(
            "restorer",
            self.progress,
            step,
            until_minutes=until_minutes,
            save_every_minutes=save_every_minutes,
            save=save,
        )

    def _step(self, pairs: GuessedClips, minutes: float) -> tuple[float, float]:
        """One step; returns loss and minutes, the means over all training processes."""
        if self.progress.step % (_FRESH * _USES // _BATCH) == 0 or not self._groups:
            self._groups = [*self._groups, pairs.draw(_FRESH)][-_KEPT:]
        latents, clips = self._groups[int(self._rng.integers(len(self._groups)))]
        chosen = torch.from_numpy(self._rng.choice(len(clips), size=_BATCH, replace=False))
        with torch.autocast(self._device.type, torch.bfloat16):
            found = self.autoencoder.decode(latents[chosen].to(self._device)).sample
        loss = self._error(found.float(), clips[chosen].to(self._device).float() / 127.5 - 1)
        self.autoencoder.restorer.zero_grad()
        loss.backward()
        loss_mean, minutes = mean_gradients(self._weights, loss.item(), minutes)
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        for matrix, weight in self._matrices:
            assert weight.grad is not None
            matrix.grad = weight.grad.flatten(1)
        for optimizer in self._optimizers:
            optimizer.step()
        self.progress.step += 1
        keep = min(_AVERAGE, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            for average, weight in zip(
                self.average.restorer.parameters(), self._weights, strict=True
            ):
                average.lerp_(weight, 1 - keep)
        return loss_mean, minutes

    @staticmethod
    def _error(found: Tensor, wanted: Tensor) -> Tensor:
        """Mean absolute error of colours, and of their changes in time, against flicker."""
        still = (found - wanted).abs().mean()
        if found.shape[2] == 1:
            return still
        return still + (found.diff(dim=2) - wanted.diff(dim=2)).abs().mean()

    def _pace(self, done: float) -> float:
        """Share of the learning rate: linear warm-up, then a cosine down to a hundredth."""
        warm = min(1.0, (self.progress.step + 1) / _WARM_STEPS)
        return warm * (0.505 + 0.495 * math.cos(math.pi * min(done, 1.0)))

    def save(self, path: Path) -> None:
        """Write everything that `load` needs to go on."""
        state = {
            "restorer": self.autoencoder.restorer.state_dict(),
            "average": self.average.restorer.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "progress": vars(self.progress),
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` stopped."""
        state = torch.load(path, weights_only=True)
        self.autoencoder.restorer.load_state_dict(state["restorer"])
        self.average.restorer.load_state_dict(state["average"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
