import re

import numpy as np

from generation.pocket.captions import caption, draw_unsaid, simple_caption
from generation.pocket.vocabulary import trained_words, unknown_words
from generation.pocket.world import Scene, Thing, sample_scene

RED_CIRCLE = Scene(thing=Thing(name="circle", colour="red"), motion="right")


def test_every_word_of_every_caption_has_a_token() -> None:
    rng = np.random.default_rng(0)
    known = set(trained_words())
    for _ in range(2000):
        text = caption(sample_scene(rng), rng, unsaid=draw_unsaid(rng, given_frame=False))
        assert set(re.findall(r"[a-z]+", text.lower())) <= known, text


def test_one_scene_has_many_wordings() -> None:
    rng = np.random.default_rng(1)
    assert len({caption(RED_CIRCLE, rng) for _ in range(200)}) > 100


def test_the_plainest_wording_is_the_one_of_the_help_text() -> None:
    assert simple_caption(RED_CIRCLE) == "a red circle moving right"


def test_the_plainest_wording_names_everything_unusual() -> None:
    scene = Scene(
        thing=Thing(name="fish", colour="orange", size="big"),
        motion="up",
        speed="fast",
        background="night",
        camera="zoom in",
    )
    assert simple_caption(scene) == "a big orange fish moving fast up at night, the camera zooms in"


def test_what_is_unsaid_is_not_in_the_caption() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        text = caption(RED_CIRCLE, rng, unsaid=frozenset({"colour", "motion"})).lower()
        assert not {"red", "scarlet", "crimson", "right"} & set(text.split())


def test_captions_hold_no_unknown_words() -> None:
    rng = np.random.default_rng(3)
    assert all(not unknown_words(caption(sample_scene(rng), rng)) for _ in range(300))
