import torch

from generation.pocket.flow import token_places
from generation.pocket.transformer import PLACE_FEATURES, place_features


def features(frames: int, rows: int, columns: int) -> torch.Tensor:
    places = token_places(torch.zeros(1, 8, frames, rows, columns), frame_index=0)
    return place_features(places, places.amax(dim=2, keepdim=True))


def test_places_are_numbers_from_minus_one_to_one_whatever_the_clips_length() -> None:
    short = features(4, 4, 4)
    long = features(13, 3, 5)
    for found in (short, long):
        assert found.shape[2] == PLACE_FEATURES
        assert found.abs().max() <= 1
    # First and last token: the clip's beginning at the upper left, its end at the lower right.
    assert torch.allclose(short[0, 0, :3], torch.full((3,), -1.0))
    assert torch.allclose(long[0, -1, :3], torch.full((3,), 1.0))


def test_every_token_has_a_place_of_its_own() -> None:
    places = features(7, 4, 4)[0]
    apart = torch.cdist(places, places) + torch.eye(len(places)) * 10
    assert apart.min() > 0.1


def test_a_pictures_places_are_finite() -> None:
    assert torch.isfinite(features(1, 4, 4)).all()


def test_an_excerpts_tokens_know_their_time_in_the_whole_clip() -> None:
    places = token_places(torch.zeros(1, 8, 7, 4, 4), frame_index=0)
    whole = place_features(places, places.amax(dim=2, keepdim=True))
    excerpt = place_features(places[:, :, 16:32], places.amax(dim=2, keepdim=True))
    assert torch.equal(excerpt, whole[:, 16:32])
