"""Pairs: each as likely as any other, and both asked for the same."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bot.arena.contenders import Contender, contender_of, contenders
from bot.arena.pairing import Pair, draw_pair
from bot.errors import NoOpponent
from bot.request_options import RequestOptions
from generation.errors import InvalidRequest, UnknownModel, UnsupportedOption
from generation.models.catalogue import Catalogue
from generation.request import CameraMove, Command, GenerationRequest
from storage.conduct import Allowed
from storage.errors import OfferExpired

ANY = Allowed(channel_ids=None, models=None, most_seconds=None, most_credits=None)
WORDS = RequestOptions(command=Command.IMAGINE_VIDEO, prompt="a red circle", seed=7)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Pocket with two presets, and models that are larger, longer and other than it."""
    return Catalogue.load(
        ["pocket", "wan-2.1-1.3b", "cogvideox-2b"],
        accepted_licences=["cogvideox-2b", "wan-2.1-1.3b"],
    )


def drawn(
    catalogue: Catalogue,
    options: RequestOptions = WORDS,
    *,
    able: tuple[Contender, ...] | None = None,
    named: tuple[Contender, ...] = (),
    most_seconds: float = 60,
    seed: int = 1,
) -> tuple[Pair, tuple[str, ...]]:
    def fits(request: GenerationRequest) -> bool:
        return request.seconds <= most_seconds

    return draw_pair(
        options,
        contenders(catalogue, ANY) if able is None else able,
        catalogue,
        named=named,
        fits=fits,
        chance=random.Random(seed),
    )


def test_contenders_are_models_with_each_of_their_presets_where_they_are_allowed(
    catalogue: Catalogue,
) -> None:
    names = {each.name for each in contenders(catalogue, ANY)}
    assert {"pocket", "pocket/quick"} <= names
    assert len({name.partition("/")[0] for name in names}) == 3
    only = Allowed(channel_ids=None, models=("pocket",), most_seconds=None, most_credits=None)
    assert {each.name for each in contenders(catalogue, only)} == {"pocket", "pocket/quick"}
    for name in names:
        assert Contender.named(name).name == name


def test_every_pair_is_as_likely_as_any_other(catalogue: Catalogue) -> None:
    able = contenders(catalogue, ANY)
    found: Counter[frozenset[Contender]] = Counter()
    draws = 3000
    for seed in range(draws):
        pair, _ = drawn(catalogue, seed=seed)
        assert pair.uniform
        found[frozenset(pair.contenders)] += 1
    pairs = len(able) * (len(able) - 1) // 2
    expected = draws / pairs
    assert len(found) == pairs
    chi_squared = sum((count - expected) ** 2 / expected for count in found.values())
    assert chi_squared < pairs + 5 * (2 * pairs) ** 0.5


def test_both_get_the_same_but_for_what_makes_the_contender(catalogue: Catalogue) -> None:
    for seed in range(30):
        pair, _ = drawn(catalogue, seed=seed)
        one, other = pair.requests
        for name in ("prompt", "seed", "seconds", "aspect", "motion", "camera", "negative_prompt"):
            assert getattr(one, name) == getattr(other, name)
        for request in pair.requests:
            preset = catalogue.get(request.model).preset(request.preset)
            assert (request.steps, request.guidance) == (
                preset.steps_default,
                preset.guidance_default,
            )


def test_what_one_of_them_cannot_do_is_left_out_for_both_and_said(catalogue: Catalogue) -> None:
    named = (Contender(model="pocket"), Contender(model="wan-2.1-1.3b"))
    typed = "a red circle -camera zoom in -gs 9 -model pocket -neg blurry -dur 99"
    options = RequestOptions(command=Command.IMAGINE_VIDEO, prompt=typed)
    pair, notes = drawn(catalogue, options, named=named)
    assert not pair.uniform
    one, other = pair.requests
    assert (one.camera, one.negative_prompt, one.seconds, one.seed) == (
        other.camera,
        other.negative_prompt,
        other.seconds,
        other.seed,
    )
    said = " ".join(notes)
    assert "`-model` does nothing" in said
    assert "each contender's own" in said
    assert "99 became" in said


def test_one_who_is_named_is_in_the_pair_and_the_other_is_drawn(catalogue: Catalogue) -> None:
    wanted = Contender(model="pocket", preset="quick")
    others: set[Contender] = set()
    for seed in range(60):
        pair, _ = drawn(catalogue, named=(wanted,), seed=seed)
        assert wanted in pair.contenders
        assert not pair.uniform
        others |= set(pair.contenders)
    assert others == set(contenders(catalogue, ANY))


def test_who_would_be_too_long_for_moderators_is_not_drawn(catalogue: Catalogue) -> None:
    with pytest.raises(NoOpponent):
        drawn(catalogue, most_seconds=0.1)
    with pytest.raises(NoOpponent) as lonely:
        drawn(catalogue, able=(Contender(model="pocket"),))
    assert lonely.value.able == ("pocket",)
    with pytest.raises(NoOpponent):
        drawn(catalogue, able=())


def test_a_request_that_nobody_can_make_says_why(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidRequest):
        drawn(catalogue, RequestOptions(command=Command.IMAGINE_VIDEO, prompt=" "))
    with pytest.raises(UnsupportedOption):
        drawn(
            catalogue,
            RequestOptions(command=Command.IMAGINE_VIDEO, prompt="a fox", seconds=59.0),
        )


def test_a_contender_is_named_by_model_and_preset(catalogue: Catalogue) -> None:
    assert contender_of(" pocket/quick ", catalogue).preset == "quick"
    with pytest.raises(UnknownModel):
        contender_of("sora", catalogue)
    with pytest.raises(UnsupportedOption):
        contender_of("pocket/slow", catalogue)


def test_a_pair_survives_being_offered(catalogue: Catalogue) -> None:
    pair, _ = drawn(catalogue)
    assert Pair.from_json(pair.to_json(), offer_id="x") == pair
    for text in ("[]", "{}", "nonsense", pair.requests[0].to_json()):
        with pytest.raises(OfferExpired):
            Pair.from_json(text, offer_id="x")


def test_the_camera_move_of_pocket_is_known_here(catalogue: Catalogue) -> None:
    """Else the test of what is left out would prove nothing."""
    assert CameraMove.ZOOM_IN in catalogue.get("pocket").camera_moves
