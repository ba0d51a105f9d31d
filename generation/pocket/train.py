"""From nothing to a folder of weights: `python -m generation.pocket.train --minutes 120`.

The run's folder holds the finished parts (`vae`, `text_encoder`, `tokenizer`), the states of the
transformer's and the restorer's training (`training.pt` and `restorer.pt`, written every few
minutes, from which `--resume` goes on), the pipeline so far (`weights`) and the loss curves
(`curves.png`). Scenes, captions and
noise follow the seed; how many steps fit into the minutes depends on the machine.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
# pyright: reportUnknownArgumentType=false

import argparse
import copy
import ctypes
import json
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed, multiprocessing
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from generation.pocket.autoencoder import PocketAutoencoder
from generation.pocket.autoencoder_fitting import fit_autoencoder
from generation.pocket.flow import FlowTraining
from generation.pocket.guessed_clips import GuessedClips
from generation.pocket.latent_pool import LatentPool
from generation.pocket.pipeline import assemble, save_pocket_pipeline
from generation.pocket.restorer_training import RestorerTrainer
from generation.pocket.text_encoder import (
    CaptionEncoder,
    build_text_encoder,
    build_tokenizer,
    train_text_encoder,
)
from generation.pocket.transformer import PocketTransformer
from generation.pocket.transformer_training import TransformerTrainer, build_transformer

_log = logging.getLogger(__name__)

_TEXT_SHARE = 0.025
_RESTORER_SHARE = 0.3
_TOKENS = 3600
"""Tokens that the transformer sees in a step, over all processes."""
_FRESH = 8
"""New clips in a step, at least, over all processes."""
_LEARNING_RATE = 1e-3
_SAVE_EVERY_MINUTES = 3.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run was asked for; the same in all its processes."""

    folder: Path
    device: str
    minutes: float
    seed: int
    processes: int


def main() -> None:
    plan = _parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    plan.folder.mkdir(parents=True, exist_ok=True)
    _keep_memory()
    # 1. What the transformer stands on, unless an earlier run made it.
    if not (plan.folder / "vae").is_dir():
        _make_autoencoder(plan)
    if not (plan.folder / "text_encoder").is_dir():
        _make_text_encoder(plan)
    # 2. The transformer.
    _in_processes(plan, _train_transformer)
    # 3. What mends the transformer's guesses.
    _in_processes(plan, _train_restorer)


def _in_processes(plan: Plan, work: Callable[[int, Plan], None]) -> None:
    """Do `work(process, plan)` in the plan's number of processes, which may average figures."""
    if plan.processes == 1:
        work(0, plan)
        return
    with tempfile.TemporaryDirectory() as meeting:
        multiprocessing.start_processes(
            _start, args=(plan, work, f"file://{meeting}/store"), nprocs=plan.processes,
            start_method="spawn",
        )  # fmt: skip


def _start(process: int, plan: Plan, work: Callable[[int, Plan], None], meeting: str) -> None:
    _keep_memory()
    torch.set_num_threads(1)
    level = logging.INFO if process == 0 else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(message)s")
    distributed.init_process_group(
        "gloo", init_method=meeting, rank=process, world_size=plan.processes
    )
    work(process, plan)


def _parse() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ... (default: cpu)")
    parser.add_argument("--minutes", type=float, required=True, help="time for the whole run")
    parser.add_argument("--out", type=Path, default=Path("build/pocket"), help="the run's folder")
    parser.add_argument("--resume", type=Path, help="the folder of a run to go on with")
    parser.add_argument("--seed", type=int, default=0)
    found = parser.parse_args()
    if found.minutes <= 0:
        parser.error("--minutes must be more than 0")
    if found.resume is not None and not found.resume.is_dir():
        parser.error(f"--resume: there is no folder {found.resume}")
    on_cpu = found.device == "cpu"
    return Plan(
        folder=found.resume or found.out,
        device=found.device,
        minutes=found.minutes,
        seed=found.seed,
        processes=(os.cpu_count() or 1) if on_cpu else 1,
    )


def _keep_memory() -> None:
    """Have glibc keep freed memory: returning large tensors to the kernel halves the speed."""
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:  # not glibc
        return
    no_mmap, trim_threshold = -4, -1
    libc.mallopt(no_mmap, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)


def _make_autoencoder(plan: Plan) -> None:
    torch.manual_seed(plan.seed)
    autoencoder = PocketAutoencoder()
    fit_autoencoder(autoencoder, seed=plan.seed)
    autoencoder.save_pretrained(plan.folder / "vae")


def _make_text_encoder(plan: Plan) -> None:
    torch.manual_seed(plan.seed)
    tokenizer = build_tokenizer()
    model = build_text_encoder(tokenizer)
    curve = train_text_encoder(
        tokenizer,
        model,
        minutes=plan.minutes * _TEXT_SHARE,
        seed=plan.seed,
        device=torch.device(plan.device),
    )
    _keep_curve(plan, "text encoder", curve)
    tokenizer.save_pretrained(plan.folder / "tokenizer")
    model.cpu().save_pretrained(plan.folder / "text_encoder")


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The finished parts of a run's folder."""

    autoencoder: PocketAutoencoder
    tokenizer: PreTrainedTokenizerFast
    text_encoder: T5EncoderModel

    @classmethod
    def load(cls, folder: Path) -> "_Parts":
        text_encoder = T5EncoderModel.from_pretrained(folder / "text_encoder")
        return cls(
            autoencoder=PocketAutoencoder.from_pretrained(folder / "vae"),
            tokenizer=PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer"),
            text_encoder=text_encoder.requires_grad_(False),
        )

    def captions(self, device: torch.device) -> CaptionEncoder:
        return CaptionEncoder(self.tokenizer, self.text_encoder, device)

    def write_pipeline(
        self, folder: Path, transformer: PocketTransformer, autoencoder: PocketAutoencoder
    ) -> None:
        """The pipeline with this transformer and autoencoder, which stay as they are."""
        pipeline = assemble(
            transformer=copy.deepcopy(transformer).cpu(),
            autoencoder=copy.deepcopy(autoencoder).cpu(),
            text_encoder=copy.deepcopy(self.text_encoder).cpu(),
            tokenizer=self.tokenizer,
        )
        save_pocket_pipeline(pipeline, folder)


def _train_transformer(process: int, plan: Plan) -> None:
    device, parts = torch.device(plan.device), _Parts.load(plan.folder)
    trainer = _transformer_trainer(plan, parts)
    # A resumed run shows new scenes: the seed goes with the steps made.
    seed = plan.seed + trainer.progress.step
    training = FlowTraining(
        trainer.transformer,
        parts.captions(device),
        LatentPool(
            parts.autoencoder,
            seed=seed,
            part=process,
            device=device,
            fresh=max(1, _FRESH // plan.processes),
        ),
        seed=seed,
        part=process,
        device=device,
        tokens=_TOKENS // plan.processes,
    )

    def save() -> None:
        if process:
            return
        trainer.save(plan.folder / "training.pt")
        _keep_curve(plan, "transformer", trainer.progress.curve)
        parts.write_pipeline(plan.folder / "weights", trainer.average, parts.autoencoder)

    trainer.run(
        training,
        until_minutes=plan.minutes * (1 - _TEXT_SHARE - _RESTORER_SHARE),
        save_every_minutes=_SAVE_EVERY_MINUTES,
        save=save,
    )


def _transformer_trainer(plan: Plan, parts: _Parts) -> TransformerTrainer:
    """As far as the run's folder has come."""
    torch.manual_seed(plan.seed)
    transformer = build_transformer(
        latent_channels=parts.autoencoder.config["latent_channels"],
        caption_channels=parts.text_encoder.config.d_model,
    )
    device = torch.device(plan.device)
    trainer = TransformerTrainer(transformer, learning_rate=_LEARNING_RATE, device=device)
    state = plan.folder / "training.pt"
    if state.is_file():
        trainer.load(state)
    return trainer


def _train_restorer(process: int, plan: Plan) -> None:
    device, parts = torch.device(plan.device), _Parts.load(plan.folder)
    transformer = _transformer_trainer(plan, parts).average
    torch.manual_seed(plan.seed)
    trainer = RestorerTrainer(parts.autoencoder, seed=plan.seed, part=process, device=device)
    state = plan.folder / "restorer.pt"
    if state.is_file():
        trainer.load(state)
    pairs = GuessedClips(
        transformer,
        parts.autoencoder,
        parts.captions(device),
        seed=plan.seed + trainer.progress.step,
        part=process,
        device=device,
    )

    def save() -> None:
        if process:
            return
        trainer.save(state)
        _keep_curve(plan, "restorer", trainer.progress.curve)
        parts.write_pipeline(plan.folder / "weights", transformer, trainer.average)

    trainer.run(
        pairs,
        until_minutes=plan.minutes * _RESTORER_SHARE,
        save_every_minutes=_SAVE_EVERY_MINUTES,
        save=save,
    )


def _keep_curve(plan: Plan, name: str, curve: list[tuple[int, float]]) -> None:
    """Add a loss curve to the run's `curves.json` and draw all of them again."""
    path = plan.folder / "curves.json"
    curves = json.loads(path.read_text()) if path.is_file() else {}
    curves[name] = curve
    path.write_text(json.dumps(curves))
    draw_curves(curves, plan.folder / "curves.png")


def draw_curves(curves: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """A picture with one panel a curve, loss over steps on a logarithmic scale."""
    # matplotlib belongs to the development tools; training alone draws.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(curves), 4), layout="constrained")
    for axes, (name, curve) in zip(figure.subplots(1, len(curves), squeeze=False)[0],
                                   curves.items(), strict=True):  # fmt: skip
        steps, losses = [step for step, _ in curve], [loss for _, loss in curve]
        axes.semilogy(steps, losses)
        axes.set(title=name, xlabel="step", ylabel="loss")
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    main()
