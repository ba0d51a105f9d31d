# PyAV's stubs leave the filter graph's frames partly untyped.
# pyright: reportUnknownMemberType=false
"""Loudness by EBU R 128: measured with ffmpeg's ebur128 filter, set by one gain and a limiter.

ffmpeg's own loudnorm misses its target on sounds below three seconds (by 3 dB on spoken
sentences); one gain for the whole sound also keeps the voice's dynamics.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

from generation.encoding import Sound

SPEECH_LUFS = -16.0
PEAK_LIMIT = 0.84  # -1.5 dBFS: AAC decoders overshoot a little
TOLERANCE_LU = 0.3
SILENCE_LUFS = -60.0
MEASURED_SECONDS = 3.0
"""R 128 averages blocks of 0.4 s; a shorter sound is repeated until it fills this."""

_Samples = NDArray[np.int16]


def loudness(sound: Sound) -> float:
    """Integrated loudness in LUFS; -inf for silence."""
    if not sound.samples.any():
        return -np.inf
    repeats = max(1, round(MEASURED_SECONDS / sound.seconds))
    frames = _filtered(
        np.tile(sound.samples, repeats), sound.sample_rate, ("ebur128", "metadata=1")
    )
    measured = [float(f.metadata["lavfi.r128.I"]) for f in frames if "lavfi.r128.I" in f.metadata]
    return measured[-1] if measured else -np.inf


def normalise(sound: Sound, *, lufs: float = SPEECH_LUFS) -> Sound:
    """The sound at this loudness, with peaks limited; silence stays as it is.

    The limiter takes some loudness away again, so the gain is corrected by what was measured.
    """
    gain_db = 0.0
    result = sound
    for _ in range(4):
        measured = loudness(result)
        if measured < SILENCE_LUFS or abs(lufs - measured) <= TOLERANCE_LU:
            break
        gain_db += lufs - measured
        result = _amplified(sound, gain_db)
    return result


def _amplified(sound: Sound, gain_db: float) -> Sound:
    frames = _filtered(
        sound.samples,
        sound.sample_rate,
        ("volume", f"volume={gain_db}dB:precision=float"),
        ("alimiter", f"limit={PEAK_LIMIT}:level=disabled:latency=1"),
        ("aformat", "sample_fmts=s16:channel_layouts=mono"),
    )
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.int16)
    return Sound(samples=samples, sample_rate=sound.sample_rate)


def _filtered(samples: _Samples, rate: int, *filters: tuple[str, str]) -> list[AudioFrame]:
    graph = Graph()
    last = graph.add_abuffer(
        sample_rate=rate, format="s16", layout="mono", time_base=Fraction(1, rate)
    )
    for name, arguments in (*filters, ("abuffersink", "")):
        following = graph.add(name, arguments or None)
        last.link_to(following)
        last = following
    graph.configure()
    frame = AudioFrame.from_ndarray(
        np.ascontiguousarray(samples[np.newaxis]), format="s16", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    graph.push(frame)
    graph.push(None)
    pulled: list[AudioFrame] = []
    while True:
        try:
            out = graph.pull()
        except (EOFError, BlockingIOError):  # both mean that the graph has given all it has
            return pulled
        if isinstance(out, AudioFrame):
            pulled.append(out)
