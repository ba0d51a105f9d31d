"""Speech by espeak-ng, with the time of every word.

espeak-ng's library and voices come with the package espeakng-loader; it is called through ctypes
because its Python bindings want an installed program. Structures and constants: speak_lib.h of
espeak-ng 1.52. The library keeps one global state, so calls take turns.
"""

from __future__ import annotations

import ctypes
import functools
import re
import tempfile
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from generation.encoding import Sound
from generation.errors import GenerationFailed
from generation.narration.loudness import normalise

WORDS_PER_MINUTE_MIN, WORDS_PER_MINUTE_MAX = 80, 450  # espeakRATE_MINIMUM, espeakRATE_MAXIMUM
SILENT_PEAK_SHARE = 0.01

_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_CHARS_UTF8, _POSITION_CHARACTER, _RATE = 1, 1, 1
_EVENT_LIST_END, _EVENT_WORD = 0, 1

_SCRIPT_VOICES = {
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "cmn",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "THAI": "th",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SpokenWord:
    """A word of the text as written (what stands between spaces) and when it is heard."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """Mono int16 samples at -16 LUFS without silence at the end; every word of the text in order.

    A text without anything to say gives no samples, and words that last no time.
    """

    samples: NDArray[np.int16]
    sample_rate: int
    words: tuple[SpokenWord, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


def speak(text: str, *, voice: str = "en", words_per_minute: int) -> Speech:
    """Says the text. Signs without a sound of their own (emoji, arrows) are left out.

    Raises GenerationFailed where espeak-ng cannot be started or has no such voice, and ValueError
    for a rate outside of 80 to 450 words a minute.
    """
    if not WORDS_PER_MINUTE_MIN <= words_per_minute <= WORDS_PER_MINUTE_MAX:
        raise ValueError(f"{words_per_minute} words a minute is outside of 80 to 450")
    engine = _engine()
    samples, starts = engine.synthesise(_speakable(text), voice, words_per_minute)
    samples = _without_silent_end(samples)
    sound = normalise(Sound(samples=samples, sample_rate=engine.sample_rate))
    return Speech(
        samples=sound.samples,
        sample_rate=sound.sample_rate,
        words=_time_words(text, starts, sound.seconds, sound.sample_rate),
    )


def voice_for(text: str, *, latin: str = "en") -> str:
    """The voice that reads the script most letters belong to; `latin` is for all others.

    Kana decide for Japanese even among more Chinese characters.
    """
    counts: dict[str, int] = {}
    for letter in filter(str.isalpha, text):
        script = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
        voice = _SCRIPT_VOICES.get(script, latin)
        counts[voice] = counts.get(voice, 0) + 1
    if "ja" in counts and "cmn" in counts:
        counts["ja"] += counts.pop("cmn")
    return max(counts, key=lambda voice: counts[voice], default=latin)


def _speakable(text: str) -> str:
    """Sign for sign as long as the text, so that espeak's positions fit both."""
    return "".join(
        " " if unicodedata.category(sign) in ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn") else sign
        for sign in text
    )


def _without_silent_end(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    loudness = np.abs(samples.astype(np.int32))
    heard = np.flatnonzero(loudness > SILENT_PEAK_SHARE * loudness.max(initial=0))
    return samples[: heard[-1] + 1] if len(heard) else samples[:0]


def _time_words(
    text: str, starts: dict[int, int], seconds: float, sample_rate: int
) -> tuple[SpokenWord, ...]:
    """`starts` maps a position in the text to the sample where its sound begins.

    espeak says small words together ("in the"): a word without a start of its own shares the time
    of the one before by its letters. A word ends where the next begins.
    """
    tokens = list(re.finditer(r"\S+", text))
    known: list[float | None] = []
    for token in tokens:
        inside = [sample for at, sample in starts.items() if token.start() <= at < token.end()]
        known.append(min(inside) / sample_rate if inside else None)
    begins = _fill(known, [_letters(token.group()) for token in tokens], seconds)
    ends = [*begins[1:], seconds][: len(tokens)]
    return tuple(
        SpokenWord(text=token.group(), start_seconds=begin, end_seconds=end)
        for token, begin, end in zip(tokens, begins, ends, strict=True)
    )


def _letters(word: str) -> int:
    return sum(1 for sign in word if sign.isalnum())


def _fill(known: list[float | None], letters: list[int], seconds: float) -> list[float]:
    """Starts that never go back: unknown ones lie between their neighbours by letter counts."""
    begins: list[float] = []
    for index, start in enumerate(known):
        if start is not None:
            begins.append(min(seconds, max(start, begins[-1] if begins else 0.0)))
            continue
        if not begins:
            begins.append(0.0)
            continue
        following = next((i for i in range(index, len(known)) if known[i] is not None), len(known))
        end = known[following] if following < len(known) else seconds
        remaining = sum(letters[index - 1 : following])
        share = letters[index - 1] / remaining if remaining else 0.0
        begins.append(begins[-1] + max(0.0, min(seconds, end or 0.0) - begins[-1]) * share)
    return begins


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_void_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Engine:
    """espeak-ng in this process."""

    def __init__(self) -> None:
        try:
            self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise GenerationFailed(f"espeak-ng cannot be loaded: {error}") from error
        self._turn = threading.Lock()
        self._chunks: list[bytes] = []
        self._starts: dict[int, int] = {}
        self._callback = _Callback(self._receive)  # espeak keeps the pointer; so must we
        self.sample_rate = self._start(espeakng_loader.get_data_path())
        self._library.espeak_SetSynthCallback(self._callback)

    def _start(self, data: str) -> int:
        """espeak-ng keeps its data's path in 160 bytes: a short link serves longer ones."""
        rate = self._initialise(data)
        if rate <= 0:
            # Voices are read from there as they are asked for: the link lives as long as we do.
            self._link_folder = tempfile.TemporaryDirectory(prefix="espeak-")
            link = Path(self._link_folder.name, "data")
            link.symlink_to(data, target_is_directory=True)
            rate = self._initialise(str(link))
        if rate <= 0:
            raise GenerationFailed(f"espeak-ng does not start with its data in {data}")
        return rate

    def _initialise(self, data: str) -> int:
        return self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)

    def synthesise(
        self, text: str, voice: str, words_per_minute: int
    ) -> tuple[NDArray[np.int16], dict[int, int]]:
        """The samples, and the sample at which each position of the text (from 0) is begun."""
        encoded = text.encode("utf-8", "replace")
        with self._turn:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise GenerationFailed(f"espeak-ng has no voice {voice!r}")
            self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
            self._chunks, self._starts = [], {}
            failed = self._library.espeak_Synth(
                encoded,
                ctypes.c_size_t(len(encoded) + 1),
                0,
                _POSITION_CHARACTER,
                0,
                _CHARS_UTF8,
                None,
                None,
            )
            if failed:
                raise GenerationFailed(f"espeak-ng failed with code {failed}")
            return np.frombuffer(b"".join(self._chunks), np.int16), self._starts

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        if count > 0:
            self._chunks.append(ctypes.string_at(wave, count * 2))
        index = 0
        while events[index].type != _EVENT_LIST_END:
            event = events[index]
            if event.type == _EVENT_WORD:
                self._starts.setdefault(event.text_position - 1, event.sample)
            index += 1
        return 0


@functools.cache
def _engine() -> _Engine:
    return _Engine()
