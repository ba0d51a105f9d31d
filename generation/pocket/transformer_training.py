"""Trains the transformer: pace, moving average, checkpoints; resumable."""

# diffusers and torch are partly typed, and diffusers exports its classes lazily;
# the `to` of their models is typed as a function without self.
# pyright: reportArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
# pyright: reportUnknownArgumentType=false

import copy
import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from generation.pocket.data_parallel import mean_gradients
from generation.pocket.flow import FlowTraining
from generation.pocket.training_run import Progress, run_steps
from generation.pocket.transformer import PocketTransformer

_WARM_STEPS = 200
_AVERAGE = 0.995
_WEIGHT_DECAY = 0.02


def build_transformer(
    *, latent_channels: int, caption_channels: int, width: int = 256, layers: int = 6
) -> PocketTransformer:
    """A new transformer with heads of 32."""
    return PocketTransformer(
        in_channels=latent_channels,
        out_channels=latent_channels,
        num_attention_heads=width // 32,
        attention_head_dim=32,
        cross_attention_dim=width,
        num_layers=layers,
        caption_channels=caption_channels,
    )


class TransformerTrainer:
    """Trains a transformer and the moving average of its weights that is worth keeping."""

    def __init__(
        self, transformer: PocketTransformer, *, learning_rate: float, device: torch.device
    ) -> None:
        self.transformer = transformer.to(device)
        self.average = copy.deepcopy(transformer).eval().requires_grad_(False)
        self.progress = Progress()
        self._learning_rate = learning_rate
        matrices, others = _split(transformer)
        self._optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                matrices, lr=learning_rate, weight_decay=_WEIGHT_DECAY,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(
                others, lr=learning_rate, betas=(0.9, 0.98), weight_decay=_WEIGHT_DECAY
            ),
        )  # fmt: skip

    def run(
        self,
        training: FlowTraining,
        *,
        until_minutes: float,
        save_every_minutes: float,
        save: Callable[[], None],
    ) -> None:
        """Train until `until_minutes` in all, those of earlier runs included; call `save` often."""
        self.transformer.train()

        def step(done: float, minutes: float) -> tuple[float, float]:
            for optimizer in self._optimizers:
                optimizer.param_groups[0]["lr"] = self._rate(done)
            return self._step(training, done, minutes)

        run_steps(
            "transformer",
            self.progress,
            step,
            until_minutes=until_minutes,
            save_every_minutes=save_every_minutes,
            save=save,
        )

    def _step(self, training: FlowTraining, done: float, minutes: float) -> tuple[float, float]:
        """One step; returns loss and minutes, the means over all training processes."""
        _, loss = training.loss(done)
        self.transformer.zero_grad()
        loss.backward()
        weights = list(self.transformer.parameters())
        loss_mean, minutes = mean_gradients(weights, loss.item(), minutes)
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
        self.progress.step += 1
        # A young average follows fast, so that early checkpoints are of use.
        keep = min(_AVERAGE, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            for average, weight in zip(self.average.parameters(), weights, strict=True):
                average.lerp_(weight, 1 - keep)
        return loss_mean, minutes

    def _rate(self, done: float) -> float:
        """Learning rate: linear warm-up, then a cosine down to a fiftieth."""
        warm = min(1.0, (self.progress.step + 1) / _WARM_STEPS)
        return self._learning_rate * warm * (0.51 + 0.49 * math.cos(math.pi * min(done, 1.0)))

    def save(self, path: Path) -> None:
        """Write everything that `load` needs to go on."""
        state = {
            "transformer": self.transformer.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "progress": vars(self.progress),
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` stopped."""
        state = torch.load(path, weights_only=True)
        self.transformer.load_state_dict(state["transformer"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.progress = Progress(**state["progress"])


def _split(
    transformer: PocketTransformer,
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The matrices of attention and feed-forward layers, which Muon trains, and the rest."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, weight in transformer.named_parameters():
        inner = name.startswith("transformer_blocks.") and name.endswith(".weight")
        (matrices if inner and weight.ndim == 2 else others).append(weight)
    return matrices, others
