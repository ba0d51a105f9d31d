from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.narration.script import SCENE_MAX_WORDS, split_scenes

SAMPLES = (
    "the fox Mr. e.g. 3.14 ran. “Why?” ran… no! — well, U.S. größer он ушёл. मैं हूँ। 猫です。犬 😀 "
    "(a) «oui» ... " + "x" * 60
).split()
WORDS = st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=150)
SPACES = st.sampled_from([" ", "  ", "\n", "\n\n", "\t", " \r\n "])


@pytest.mark.parametrize(
    ("story", "scenes"),
    [
        (
            "A red circle moves right. A blue square goes up! Does a green star rotate?",
            ["A red circle moves right.", "A blue square goes up!", "Does a green star rotate?"],
        ),
        (
            "Mr. Smith paid 3.14 dollars, e.g. for tea. Then he went home.",
            ["Mr. Smith paid 3.14 dollars, e.g. for tea.", "Then he went home."],
        ),
        (
            "“Where are you? I am here!” said the fox. The moon went down.",
            ["“Where are you? I am here!” said the fox.", "The moon went down."],
        ),
        (
            "They waited... and waited some more. Nobody came at all…",
            ["They waited... and waited some more.", "Nobody came at all…"],
        ),
        (
            "roses bloom in red\nviolets bloom in blue",
            ["roses bloom in red", "violets bloom in blue"],
        ),
        (
            "¿Dónde está el círculo rojo? ¡Se fue con el viento!",
            ["¿Dónde está el círculo rojo?", "¡Se fue con el viento!"],
        ),
        (
            "Красный круг лежал тихо. Потом он уплыл в море.",
            ["Красный круг лежал тихо.", "Потом он уплыл в море."],
        ),
        (
            "赤い円が右に動いていきます。青い四角が上に動いていきます。",
            ["赤い円が右に動いていきます。", "青い四角が上に動いていきます。"],
        ),
        ("मैं आज घर जाता हूँ। वह कल शाम आया।", ["मैं आज घर जाता हूँ।", "वह कल शाम आया।"]),
    ],
)
def test_sentences_become_scenes(story: str, scenes: list[str]) -> None:
    assert list(split_scenes(story, max_scenes=8)) == scenes


def test_short_sentences_join_the_next_one() -> None:
    assert split_scenes("Stop! Wait. The fox came back home. Oh!", max_scenes=8) == (
        "Stop! Wait. The fox came back home. Oh!",
    )


def test_long_sentence_is_cut_where_a_clause_ends() -> None:
    clause = "and then the little fox ran over the next green hill,"
    scenes = split_scenes(f"{clause} " * 10 + "and slept.", max_scenes=8)
    assert [len(scene.split()) for scene in scenes] == [33, 33, 33, 13]
    assert all(scene.endswith((",", "slept.")) for scene in scenes)


def test_endless_sentence_without_clauses_is_cut_by_words() -> None:
    scenes = split_scenes("fox " * 100, max_scenes=8)
    assert [len(scene.split()) for scene in scenes] == [SCENE_MAX_WORDS, SCENE_MAX_WORDS, 20]


def test_too_many_sentences_are_shared_out_evenly() -> None:
    story = " ".join(f"The fox number {number} ran home." for number in range(10, 34))
    scenes = split_scenes(story, max_scenes=6)
    assert [scene.count("fox") for scene in scenes] == [4] * 6


@pytest.mark.parametrize("story", ["", "  \n ", "...", "😀 — !"])
def test_story_without_words_has_no_scenes(story: str) -> None:
    assert split_scenes(story, max_scenes=4) == ()


def test_no_scene_at_all_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        split_scenes("The fox ran.", max_scenes=0)


@given(st.text(max_size=400), st.integers(1, 9))
@settings(deadline=None)
def test_no_sign_is_lost_or_moved(story: str, max_scenes: int) -> None:
    scenes = split_scenes(story, max_scenes=max_scenes)
    assert len(scenes) <= max_scenes
    if scenes:
        assert "".join("".join(scenes).split()) == "".join(story.split())


@given(WORDS, SPACES, st.integers(1, 9))
@settings(deadline=None, max_examples=200)
def test_the_words_of_the_scenes_are_the_words_of_the_story(
    words: list[str], space: str, max_scenes: int
) -> None:
    scenes = split_scenes(space.join(words), max_scenes=max_scenes)
    assert len(scenes) <= max_scenes
    assert all(scene.strip() == scene for scene in scenes)
    # A script without spaces may be cut inside of what str.split calls a word: compare its signs.
    assert "".join("".join(scenes).split()) in ("".join(words), "")
    if not any("。" in word for word in words):
        assert " ".join(scenes).split() in (words, [])


def test_the_bot_can_price_a_story_without_numpy() -> None:
    program = (
        "import sys, generation.narration.script; "
        "sys.exit(bool({'numpy', 'torch', 'moviepy', 'PIL'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
