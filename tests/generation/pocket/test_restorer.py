# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportPrivateImportUsage=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from pathlib import Path

import pytest
import torch
from torch import Tensor

from generation.pocket.guessed_clips import GuessedClips
from generation.pocket.rendering import render
from generation.pocket.restorer import Restorer
from generation.pocket.restorer_training import RestorerTrainer
from generation.pocket.text_encoder import CaptionEncoder
from generation.pocket.world import Scene, Thing
from tests.generation.pocket.tiny_pocket import CHANNELS, tiny_autoencoder, tiny_pipeline

# Mixed precision runs RMSNorm in half and its weights in full precision, and says so once.
pytestmark = pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")

CPU = torch.device("cpu")
WIDTHS = (8, 8, 12)


def awake(widths: tuple[int, ...] = WIDTHS) -> Restorer:
    """One whose weights are all at work."""
    torch.manual_seed(1)
    restorer = Restorer(widths)
    with torch.no_grad():
        for weight in restorer.parameters():
            weight.normal_(std=0.1)
    return restorer.eval()


@pytest.mark.parametrize(("frames", "height", "width"), [(4, 16, 16), (8, 32, 16), (28, 16, 48)])
def test_a_new_restorer_corrects_nothing_at_twice_the_size(
    frames: int, height: int, width: int
) -> None:
    found = Restorer(WIDTHS)(torch.rand(2, 3, frames, height, width))
    assert torch.equal(found, torch.zeros(2, 3, frames, 2 * height, 2 * width))


def changed_frames(first: Tensor, second: Tensor) -> list[int]:
    return (first - second).abs().amax(dim=(0, 1, 3, 4)).gt(1e-6).nonzero().flatten().tolist()


def test_latent_frames_see_their_neighbours_and_clips_see_no_other() -> None:
    restorer = awake((8,))
    soft = torch.rand(2, 3, 32, 16, 16)
    other = soft.clone()
    other[1, :, 16:20] += 0.5
    with torch.no_grad():
        before, after = restorer(soft), restorer(other)
    assert torch.equal(before[0], after[0])
    # Two blocks with a level alone: each sees one latent frame further.
    assert changed_frames(before[1:], after[1:]) == list(range(8, 28))


def test_every_frame_has_its_own_colours() -> None:
    """A correction of one frame's red lands in that frame's red, at its place."""
    restorer = Restorer((8,))
    soft = torch.zeros(1, 3, 8, 16, 16)
    with torch.no_grad():
        assert restorer.end.bias is not None
        # Red of the third of four frames: its channel, times four places of the larger picture.
        restorer.end.bias[2 * 4 : 3 * 4] = 1
        found = restorer(soft)
    lit = found.amax(dim=(0, 3, 4))
    assert lit[0].tolist() == [0, 0, 1, 0, 0, 0, 1, 0]
    assert lit[1:].abs().sum() == 0


def make_trainer() -> RestorerTrainer:
    return RestorerTrainer(tiny_autoencoder(), seed=0, device=CPU)


def make_pairs(seed: int = 3) -> GuessedClips:
    pipeline = tiny_pipeline()
    captions = CaptionEncoder(pipeline.tokenizer, pipeline.text_encoder, CPU)
    return GuessedClips(pipeline.transformer, tiny_autoencoder(), captions, seed=seed, device=CPU)


def test_pairs_repeat_themselves_for_a_seed() -> None:
    first, second = (make_pairs() for _ in range(2))
    for _ in range(3):
        (latents, clips), (again, same) = first.draw(2), second.draw(2)
        assert torch.equal(latents, again)
        assert torch.equal(clips, same)
        count, channels, length, rows, columns = latents.shape
        assert (count, channels) == (2, CHANNELS)
        assert clips.shape == (2, 3, 4 * (length - 1) + 1, 32 * rows, 32 * columns)
        assert clips.dtype == torch.uint8


def test_some_guesses_are_exact_and_some_keep_the_given_frame() -> None:
    pairs, autoencoder = make_pairs(), tiny_autoencoder()
    exact = given = guessed = 0
    for _ in range(40):
        latents, clips = pairs.draw(1)
        wanted = autoencoder.latents_of(clips / 127.5 - 1)
        near = [torch.allclose(latents[:, :, n], wanted[:, :, n], atol=0.05) for n in (0, -1)]
        exact, given, guessed = (
            exact + all(near),
            given + (near == [True, False]),
            guessed + (near == [False, False]),
        )
    assert exact > 0
    assert given > 0
    assert guessed > exact


class Enough(Exception):
    """A training has had what it was to have."""


class GreyGuesses(GuessedClips):
    """Always the same clip, guessed as plain grey, a few times."""

    def __init__(self, groups: int) -> None:
        self._groups_left = groups

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        self._groups_left -= 1
        if self._groups_left < 0:
            raise Enough
        scenes = [Scene(thing=Thing(name="circle", colour="red"))] * count
        clips = render(scenes, frames=5, height=64, width=64)
        return torch.zeros(count, CHANNELS, 2, 2, 2), (clips * 255).to(torch.uint8)


def train(trainer: RestorerTrainer, *, groups: int) -> None:
    with pytest.raises(Enough):
        trainer.run(
            GreyGuesses(groups), until_minutes=600, save_every_minutes=600, save=lambda: None
        )


def test_what_is_always_wrong_is_learned() -> None:
    trainer = make_trainer()
    latents, clips = GreyGuesses(1).draw(1)

    def error() -> float:
        with torch.no_grad():
            found = trainer.average.decode(latents).sample
        return (found - (clips / 127.5 - 1)).abs().mean().item()

    before = error()
    train(trainer, groups=6)
    assert error() < before / 2


def test_training_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    trainer = make_trainer()
    train(trainer, groups=1)
    assert trainer.progress.step > 0
    trainer.save(tmp_path / "restorer.pt")

    again = make_trainer()
    again.load(tmp_path / "restorer.pt")
    assert again.progress == trainer.progress
    for before, after in zip(trainer.average.parameters(), again.average.parameters(), strict=True):
        assert torch.equal(before, after)
    train(again, groups=1)
    assert again.progress.step > trainer.progress.step
