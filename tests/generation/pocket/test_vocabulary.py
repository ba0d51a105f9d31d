import subprocess
import sys

import pytest

from generation.pocket import vocabulary
from generation.pocket.vocabulary import unknown_words


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("a red circle moving right", ()),
        ("A Red CIRCLE, moving right!", ()),
        ("two cats and a dog chase cats", ("two", "cats", "dog", "chase")),
        ("a fluffy CAT in the snow", ("fluffy", "cat")),
        ("the red circle's boats rising slowly", ()),
        ("please show me a beautiful video of stars", ()),
        ("4k masterpiece", ("4k", "masterpiece")),
        ("une étoile rouge", ("une", "étoile", "rouge")),
        ("", ()),
        ("!!! ... ???", ()),
        ("🐈 star", ()),
    ],
)
def test_only_unknown_words_are_reported(prompt: str, unknown: tuple[str, ...]) -> None:
    assert unknown_words(prompt) == unknown


def test_help_lists_name_what_can_be_drawn() -> None:
    assert "circle" in vocabulary.thing_names()
    assert "red" in vocabulary.colour_names()
    assert "moving right" in vocabulary.motion_examples()
    assert "night" in vocabulary.background_names()
    assert "zoom in" in vocabulary.camera_names()
    assert "none" not in vocabulary.camera_names()
    assert "ball" in vocabulary.synonyms()["circle"]


def test_every_word_is_listed_once() -> None:
    words = vocabulary.trained_words()
    assert len(words) == len(set(words))


@pytest.mark.parametrize("module", ["vocabulary", "phrasing"])
def test_the_bot_can_ask_for_words_without_loading_torch(module: str) -> None:
    code = f"import sys, generation.pocket.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
