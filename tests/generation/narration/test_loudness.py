from __future__ import annotations

import numpy as np
import pytest

from generation.encoding import Sound
from generation.narration.loudness import loudness, normalise
from generation.narration.speech import speak

RATE = 48_000


def sine(seconds: float, *, amplitude: float) -> Sound:
    times = np.arange(round(seconds * RATE)) / RATE
    samples = 32767 * amplitude * np.sin(2 * np.pi * 997 * times)
    return Sound(samples=samples.astype(np.int16), sample_rate=RATE)


def test_measures_what_the_standard_says() -> None:
    """ITU-R BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LKFS."""
    assert loudness(sine(4.0, amplitude=1.0)) == pytest.approx(-3.01, abs=0.1)
    assert loudness(sine(4.0, amplitude=0.1)) == pytest.approx(-23.01, abs=0.1)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("amplitude", [0.02, 0.9])
def test_any_sound_comes_out_at_the_same_loudness(seconds: float, amplitude: float) -> None:
    sound = sine(seconds, amplitude=amplitude)
    result = normalise(sound)
    assert loudness(result) == pytest.approx(-16, abs=0.5)
    assert len(result.samples) == len(sound.samples)


def test_silence_stays_silence() -> None:
    silence = Sound(samples=np.zeros(RATE, np.int16), sample_rate=RATE)
    assert loudness(silence) == -np.inf
    assert not normalise(silence).samples.any()


@pytest.mark.parametrize("text", ["Hi", "A red circle.", "The sun rose over a quiet sea. " * 4])
def test_speech_is_as_loud_as_asked_and_does_not_clip(text: str) -> None:
    speech = speak(text, words_per_minute=150)
    sound = Sound(samples=speech.samples, sample_rate=speech.sample_rate)
    assert loudness(sound) == pytest.approx(-16, abs=0.5)
    assert np.abs(sound.samples.astype(int)).max() <= 0.85 * 32768
