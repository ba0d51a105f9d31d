from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.models.adapter import Image
from generation.narration.captions import Captions, can_draw
from generation.narration.speech import SpokenWord


def spoken(text: str, *, seconds_a_word: float = 0.5) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(
            text=word,
            start_seconds=0.5 + index * seconds_a_word,
            end_seconds=0.5 + (index + 1) * seconds_a_word,
        )
        for index, word in enumerate(text.split())
    )


def plain(width: int = 384, height: int = 384, grey: int = 128) -> Image:
    return np.full((height, width, 3), grey, np.uint8)


def changed(before: Image, after: Image) -> NDArray[np.bool_]:
    return (before != after).any(axis=-1)


def yellow(picture: Image) -> NDArray[np.bool_]:
    """Where the word being spoken is."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (red > 200) & (green > 160) & (blue < 110)


def test_spoken_word_is_yellow_and_moves_on_with_the_speech() -> None:
    captions = Captions(spoken("red circles dance"), width=384, height=384)
    columns = [
        np.nonzero(yellow(captions.draw(plain(), seconds)))[1].mean() for seconds in (0.6, 1.1, 1.6)
    ]
    assert columns == sorted(columns)
    assert columns[2] - columns[0] > 60


def test_before_and_after_the_speech_no_word_is_marked() -> None:
    captions = Captions(spoken("red circles dance"), width=384, height=384)
    for seconds in (0.1, 2.5):
        drawn = captions.draw(plain(), seconds)
        assert changed(plain(), drawn).any()
        assert not yellow(drawn).any()


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_letters_stand_out_from_any_background(grey: int) -> None:
    picture = plain(grey=grey)
    drawn = Captions(spoken("red circles dance"), width=384, height=384).draw(picture, 0.1)
    box = drawn[changed(picture, drawn)].astype(int).mean(axis=-1)
    assert (box > 240).mean() > 0.05 or grey == 255  # the letters
    assert (box < 16).mean() > 0.05 or grey == 0  # their outline
    assert box.max() - box.min() > 230 or grey == 255


@pytest.mark.parametrize(("width", "height"), [(128, 128), (384, 384), (704, 480), (480, 704)])
def test_captions_stay_inside_the_picture_and_below_its_middle(width: int, height: int) -> None:
    words = spoken("The quick brown fox jumps over the lazy dog and then it sleeps until noon")
    captions = Captions(words, width=width, height=height)
    for seconds in np.arange(0, 8, 0.5):
        rows, columns = np.nonzero(
            changed(plain(width, height), captions.draw(plain(width, height), float(seconds)))
        )
        assert rows.min() > height / 2
        assert rows.max() < height - 2
        assert columns.min() > 2
        assert columns.max() < width - 2


def test_every_word_is_marked_at_its_time_on_whichever_page_it_is() -> None:
    words = spoken("The quick brown fox jumps over the lazy dog and then it sleeps until noon")
    captions = Captions(words, width=384, height=384)
    for word in words:
        assert yellow(captions.draw(plain(), word.start_seconds + 0.1)).sum() > 20, word


def test_all_parts_of_a_word_wider_than_the_picture_are_shown() -> None:
    word = SpokenWord(text="ab" * 70, start_seconds=0.0, end_seconds=6.0)
    captions = Captions([word], width=384, height=384)
    seen = {captions.draw(plain(), seconds).tobytes() for seconds in (0.1, 2.5, 5.9)}
    assert len(seen) > 1


@pytest.mark.parametrize(
    "text", ["Ünïcödé élan", "γειά σου", "Красный круг", "مرحبا كيف", "שלום עולם", "ab مرحبا cd"]
)
def test_letters_of_many_scripts_are_drawn(text: str) -> None:
    assert can_draw(text)
    captions = Captions(spoken(text), width=384, height=384)
    assert yellow(captions.draw(plain(), 0.6)).any()


def test_right_to_left_words_go_from_right_to_left() -> None:
    captions = Captions(spoken("שלום עולם טוב"), width=384, height=384)
    columns = [
        np.nonzero(yellow(captions.draw(plain(), seconds)))[1].mean() for seconds in (0.6, 1.1, 1.6)
    ]
    assert columns == sorted(columns, reverse=True)


def test_signs_without_a_glyph_are_left_out() -> None:
    with_sign = Captions(spoken("red 漢字 circle"), width=384, height=384)
    without = Captions(spoken("red circle"), width=384, height=384)
    assert np.array_equal(with_sign.draw(plain(), 0.1), without.draw(plain(), 0.1))


@pytest.mark.parametrize("text", ["赤い円が動く", "红色的圆", "빨간 원", "लाल गोला"])
def test_scripts_that_the_font_lacks_are_known(text: str) -> None:
    assert not can_draw(text)


@pytest.mark.parametrize("text", ["", "漢字", "\u202e \u200d"])
def test_nothing_to_draw_leaves_the_picture_alone(text: str) -> None:
    drawn = Captions(spoken(text), width=384, height=384).draw(plain(), 0.6)
    assert np.array_equal(drawn, plain())


def test_picture_that_was_given_is_not_changed() -> None:
    picture = plain()
    Captions(spoken("red circles"), width=384, height=384).draw(picture, 0.6)
    assert np.array_equal(picture, plain())
