# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import LTXConditionPipeline

from generation.pocket.flow import FlowTraining, Given, Task, draw_task, token_places
from generation.pocket.latent_pool import ClipShape, LatentPool
from generation.pocket.text_encoder import CaptionEncoder, build_text_encoder, build_tokenizer
from generation.pocket.train import draw_curves
from generation.pocket.transformer_training import TransformerTrainer, build_transformer
from tests.generation.pocket.tiny_pocket import CHANNELS, tiny_autoencoder

# Mixed precision runs RMSNorm in half and its weights in full precision, and says so once.
pytestmark = pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")

CPU = torch.device("cpu")
SMALL = ClipShape(frames=5, height=64, width=64)


def make_trainer() -> TransformerTrainer:
    torch.manual_seed(0)
    transformer = build_transformer(
        latent_channels=CHANNELS, caption_channels=128, width=32, layers=1
    )
    return TransformerTrainer(transformer, learning_rate=1e-3, device=CPU)


def make_training(trainer: TransformerTrainer) -> FlowTraining:
    tokenizer = build_tokenizer()
    torch.manual_seed(0)
    captions = CaptionEncoder(tokenizer, build_text_encoder(tokenizer), CPU)
    pool = LatentPool(tiny_autoencoder(), seed=0, device=CPU, fresh=2)
    return FlowTraining(trainer.transformer, captions, pool, seed=0, device=CPU, tokens=64)


def test_the_pool_repeats_itself_for_a_seed() -> None:
    pools = [LatentPool(tiny_autoencoder(), seed=5, device=CPU, fresh=2) for _ in range(2)]
    batches = [[pool.draw("world", SMALL, 4) for _ in range(3)][-1] for pool in pools]
    assert batches[0].scenes == batches[1].scenes
    assert torch.equal(batches[0].latents, batches[1].latents)
    assert batches[0].latents.shape == (4, CHANNELS, 2, 2, 2)
    assert batches[0].last.shape == (4, CHANNELS, 1, 2, 2)


def test_the_pool_forgets_its_oldest_clips() -> None:
    pool = LatentPool(tiny_autoencoder(), seed=5, device=CPU, fresh=4, capacity=4)
    first = pool.draw("world", SMALL, 4).scenes
    assert not set(first) & set(pool.draw("world", SMALL, 4).scenes)


def test_tokens_have_the_places_that_the_pipeline_gives_them() -> None:
    latents = torch.zeros(1, CHANNELS, 3, 2, 4)
    places = token_places(latents, frame_index=0)
    assert places.shape == (1, 3, 24)
    # Seconds: the first frame alone, then groups of four from the second frame on.
    assert torch.allclose(places[0, 0, ::8], torch.tensor([0, 1 / 12, 5 / 12]))
    assert places[0, 1].unique().tolist() == [0, 32]
    assert places[0, 2].unique().tolist() == [0, 32, 64, 96]
    last = token_places(latents[:, :, :1], frame_index=8)
    assert torch.allclose(last[0, 0], torch.full((8,), 8 / 12))


def test_packed_latents_are_in_the_pipelines_order() -> None:
    latents = torch.randn(2, CHANNELS, 3, 2, 4)
    packed = LTXConditionPipeline._pack_latents(latents)  # pyright: ignore[reportPrivateUsage]
    assert torch.equal(packed, latents.flatten(2).transpose(1, 2))


def test_every_way_of_giving_frames_is_trained() -> None:
    rng = np.random.default_rng(0)
    tasks = [draw_task(rng, done=done) for done in (0.1, 0.5, 0.9) for _ in range(300)]
    assert {task.given for task in tasks} == {"nothing", "first", "ends", "beginning"}
    assert {task.shape.frames for task in tasks} == {1, 13, 25, 37, 49}
    assert {task.kind for task in tasks if task.given == "nothing"} == {"world", "anywhere"}
    assert {task.excerpt for task in tasks} == {1, 2, 3, None}


@pytest.mark.parametrize("given", ["nothing", "first", "ends", "beginning"])
@pytest.mark.parametrize("excerpt", [1, 2, None])
def test_every_task_has_a_loss(
    monkeypatch: pytest.MonkeyPatch, given: Given, excerpt: int | None
) -> None:
    task = Task(shape=SMALL, given=given, kind="anywhere", excerpt=excerpt)

    def draw(rng: np.random.Generator, *, done: float) -> Task:
        del rng, done
        return task

    monkeypatch.setattr("generation.pocket.flow.draw_task", draw)
    _, loss = make_training(make_trainer()).loss(0.5)
    assert 0 < loss.item() < 100


def test_training_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    trainer = make_trainer()
    saves: list[int] = []
    trainer.run(
        make_training(trainer),
        until_minutes=0.02,
        save_every_minutes=1.0,
        save=lambda: saves.append(trainer.progress.step),
    )
    assert trainer.progress.step > 0
    assert saves == [trainer.progress.step]
    trainer.save(tmp_path / "training.pt")

    again = make_trainer()
    again.load(tmp_path / "training.pt")
    assert again.progress == trainer.progress
    for before, after in zip(trainer.average.parameters(), again.average.parameters(), strict=True):
        assert torch.equal(before, after)


def test_the_average_follows_the_weights() -> None:
    trainer = make_trainer()
    start = trainer.average.proj_out.weight.clone()
    trainer.run(
        make_training(trainer), until_minutes=0.02, save_every_minutes=1.0, save=lambda: None
    )
    assert not torch.equal(start, trainer.average.proj_out.weight)
    assert torch.isfinite(trainer.average.proj_out.weight).all()


@pytest.mark.parametrize("names", [["transformer"], ["sharpener", "text encoder", "transformer"]])
def test_curves_are_drawn(tmp_path: Path, names: list[str]) -> None:
    draw_curves({name: [(1, 2.0), (2, 1.0)] for name in names}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
