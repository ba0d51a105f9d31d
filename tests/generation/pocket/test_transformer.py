import torch

from generation.pocket.flow import token_places
from generation.pocket.transformer import PLACE_FEATURES, place_features


def test_places_are_numbers_from_minus_one_to_one_whatever_the_clips_length() -> None:
    short = place_features(token_places(torch.zeros(1, 8, 4, 4, 4), frame_index=0))
    long = place_features(token_places(torch.zeros(1, 8, 13, 3, 5), frame_index=0))
    for found in (short, long):
        assert found.shape[2] == PLACE_FEATURES
        assert found.abs().max() <= 1
    # First and last token: the clip's beginning at the upper left, its end at the lower right.
    assert torch.allclose(short[0, 0, :3], torch.full((3,), -1.0))
    assert torch.allclose(long[0, -1, :3], torch.full((3,), 1.0))


def test_every_token_has_a_place_of_its_own() -> None:
    places = place_features(token_places(torch.zeros(1, 8, 7, 4, 4), frame_index=0))[0]
    apart = torch.cdist(places, places) + torch.eye(len(places)) * 10
    assert apart.min() > 0.1


def test_a_pictures_places_are_finite() -> None:
    places = place_features(token_places(torch.zeros(1, 8, 1, 4, 4), frame_index=0))
    assert torch.isfinite(places).all()
