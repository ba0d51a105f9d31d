from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from generation.errors import GenerationFailed
from generation.narration.speech import Speech, speak, voice_for

STORIES = [
    "A red circle moves right, then it meets the shy blue square.",
    "In 1999 it cost $3.50, e.g. 12% of the U.S. price — don't ask!",
    "in the of a house",
    "😀 happy 😀 — end …",
    "Über größe élan naïve",
    "[[h@loU]] <b>bold</b> &amp; https://example.com/a?b=1",
    "Красный круг движется вправо",
    "赤い円 が 動く",
    "مرحبا كيف حالك",
    "\u202eabc\u202c \x00 x\udcffy",
    "x" * 300,
]


def level(speech: Speech, start_seconds: float, end_seconds: float) -> float:
    """Root mean square of a stretch, of full scale 1."""
    start, end = (round(s * speech.sample_rate) for s in (start_seconds, end_seconds))
    return float(np.sqrt(np.mean((speech.samples[start:end] / 32768.0) ** 2)))


@pytest.mark.parametrize("text", STORIES)
def test_every_word_has_its_time_inside_the_sound(text: str) -> None:
    speech = speak(text, voice=voice_for(text), words_per_minute=150)
    assert speech.samples.dtype == np.int16
    assert [word.text for word in speech.words] == text.split()
    assert all(0 <= word.start_seconds <= word.end_seconds for word in speech.words)
    assert all(word.end_seconds <= speech.seconds + 1e-9 for word in speech.words)
    for word, following in itertools.pairwise(speech.words):
        assert word.end_seconds == following.start_seconds


def test_something_is_heard_during_each_word() -> None:
    speech = speak(STORIES[0], words_per_minute=150)
    for word in speech.words:
        assert word.end_seconds - word.start_seconds > 0.04
        assert level(speech, word.start_seconds, word.end_seconds) > 0.02, word


def test_words_begin_where_they_are_heard() -> None:
    """Between two sentences there is a pause; the second one's first word begins right after."""
    speech = speak("One. Two.", words_per_minute=150)
    second = speech.words[1].start_seconds
    assert level(speech, second - 0.1, second - 0.01) < 0.01
    assert level(speech, second, second + 0.25) > 0.05


def test_small_words_said_together_share_their_time() -> None:
    words = speak("in the of a house", words_per_minute=150).words
    starts = [word.start_seconds for word in words]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize("text", ["", "   ", "😀", "— …"])
def test_nothing_to_say_is_no_sound(text: str) -> None:
    speech = speak(text, words_per_minute=150)
    assert len(speech.samples) == 0
    assert [word.text for word in speech.words] == text.split()
    assert all(word.start_seconds == word.end_seconds == 0 for word in speech.words)


def test_emoji_are_not_read_out() -> None:
    plain = speak("A happy fox ran home", words_per_minute=150)
    decorated = speak("A happy 😀 fox 🦊 ran home 🏠", words_per_minute=150)
    assert decorated.seconds == pytest.approx(plain.seconds, abs=0.15)


def test_faster_speech_is_shorter() -> None:
    seconds = [speak(STORIES[0], words_per_minute=rate).seconds for rate in (100, 150, 300)]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] > 1.5 * seconds[2]


@pytest.mark.parametrize("rate", [79, 451])
def test_impossible_rate_is_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="outside of 80 to 450"):
        speak("hello", words_per_minute=rate)


def test_unknown_voice_is_refused_and_the_next_one_speaks() -> None:
    with pytest.raises(GenerationFailed, match="no voice 'klingon-opera'"):
        speak("hello", voice="klingon-opera", words_per_minute=150)
    assert speak("hello", voice="en", words_per_minute=150).seconds > 0.3


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("A red circle", "en"),
        ("42!", "en"),
        ("", "en"),
        ("Привет, world", "ru"),
        ("γειά σου", "el"),
        ("مرحبا", "ar"),
        ("שלום", "he"),
        ("赤い円が動く", "ja"),
        ("红色的圆", "cmn"),
        ("빨간 원", "ko"),
        ("लाल गोला", "hi"),
    ],
)
def test_script_of_the_story_chooses_a_voice_that_exists(text: str, voice: str) -> None:
    assert voice_for(text) == voice
    speak(text, voice=voice, words_per_minute=150)


def test_project_in_a_very_deep_folder_can_speak(tmp_path: Path) -> None:
    """espeak-ng keeps at most 160 bytes of its data's path."""
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8)
    deep.mkdir(parents=True)
    data = deep / "espeak-ng-data"
    data.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    program = (
        "import sys, espeakng_loader\n"
        "espeakng_loader.get_data_path = lambda: sys.argv[1]\n"
        "from generation.narration.speech import speak\n"
        "for voice in ('en', 'fr'):\n"
        "    assert speak('bonjour', voice=voice, words_per_minute=150).seconds > 0.3\n"
    )
    subprocess.run([sys.executable, "-c", program, str(data)], check=True)
