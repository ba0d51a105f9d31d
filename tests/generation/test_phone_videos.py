"""Videos as phones and screen recorders write them: turned, mirrored, of changing pace, with sound
that begins elsewhere. FFmpeg's program makes them, and says how they are to be shown."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import av
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest

from generation.decoding import sound
from generation.models.adapter import Frames
from tests.generation.moving_pictures import decode
from tests.generation.test_uploaded_videos import read, video

FPS = 30


def ffmpeg(*arguments: str | Path) -> None:
    program: str = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-y", "-loglevel", "error", *map(str, arguments)], check=True)


def quarters() -> Frames:
    """Four colours, so that every turn and mirror image looks different."""
    frames = np.zeros((6, 64, 128, 3), np.uint8)
    frames[:, :32, :64], frames[:, :32, 64:] = (220, 30, 30), (30, 220, 30)
    frames[:, 32:, :64], frames[:, 32:, 64:] = (30, 30, 220), (230, 230, 30)
    return frames


@pytest.mark.parametrize(
    "how",
    [
        "-display_rotation 90",
        "-display_rotation -90",
        "-display_rotation 180",
        "-display_hflip",
        "-display_vflip",
        "-display_rotation 90 -display_hflip",
        "-display_rotation -90 -display_hflip",
    ],
)
async def test_a_turned_or_mirrored_video_comes_back_upright(tmp_path: Path, how: str) -> None:
    plain, turned, shown = (tmp_path / f"{name}.mp4" for name in ("plain", "turned", "shown"))
    plain.write_bytes(video(quarters()))
    ffmpeg(*how.split(), "-i", plain, "-c", "copy", turned)
    ffmpeg("-i", turned, "-crf", "5", shown)
    upright = decode(shown.read_bytes())
    clean = await read(turned.read_bytes())
    assert (clean.height, clean.width) == upright.shape[1:3]
    assert np.abs(decode(clean.media).astype(float) - upright).mean() < 3
    assert np.abs(upright.astype(float).mean() - quarters().mean()) < 3


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize(
    ("kept", "frames"),
    [
        ("not(between(n,20,39))", 60),  # stands still for most of a second
        ("not(eq(mod(n,7),3))", 59),  # drops a frame now and then
        ("lt(n,30)+not(mod(n-29,10))", 60),  # quick first, then three a second
    ],
)
async def test_a_video_of_changing_pace_comes_back_at_one_that_shows_all_of_it_in_time(
    tmp_path: Path, kind: str, kept: str, frames: int
) -> None:
    plain, uneven = tmp_path / "plain.mp4", tmp_path / f"uneven.{kind}"
    brighter = np.stack([np.full((64, 64, 3), 20 + 3 * n, np.uint8) for n in range(60)])
    plain.write_bytes(video(brighter, fps=FPS))
    codec = "libx264" if kind == "mp4" else "libvpx"
    ffmpeg(
        "-i", plain, "-vf", f"select='{kept}'", "-fps_mode", "vfr", "-c:v", codec, "-b:v", "2M",
        uneven,
    )  # fmt: skip
    clean = await read(uneven.read_bytes())
    assert clean.fps == FPS
    with av.open(io.BytesIO(clean.media), "r") as container:
        times = np.array([frame.time or 0.0 for frame in container.decode(video=0)])
    assert np.allclose(np.diff(times), 1 / FPS, atol=1e-3), "one step after the other"
    assert frames - 10 < len(times) <= frames
    shown = (decode(clean.media)[:, 32, 32].mean(axis=1) - 20) / 3
    given = shown_numbers(uneven)
    for at, number in zip(times, shown, strict=True):
        expected = max(each for each in given if each <= round(at * FPS))
        assert abs(number - expected) < 1.5, at


def shown_numbers(file: Path) -> list[int]:
    """Which of the even video's frames are left."""
    with av.open(str(file), "r") as container:
        return [round((frame.time or 0.0) * FPS) for frame in container.decode(video=0)]


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize(
    ("pictures_at", "sound_at"), [(0.0, 0.0), (0.5, 0.5), (0.5, 0.0), (0.0, 0.4)]
)
async def test_sound_and_pictures_stay_together_wherever_they_begin(
    tmp_path: Path, kind: str, pictures_at: float, sound_at: float
) -> None:
    flash = np.zeros((60, 64, 64, 3), np.uint8)
    flash[30:36] = 255  # a second after the first picture
    silent, beep, both = tmp_path / "v.mp4", tmp_path / "a.wav", tmp_path / f"both.{kind}"
    silent.write_bytes(video(flash, fps=FPS))
    tone = "sine=f=880:d=2,volume='if(between(t,1,1.2),1,0)':eval=frame"
    ffmpeg("-f", "lavfi", "-i", tone, "-ar", "44100", beep)
    codecs = ("-c:v", "copy", "-c:a", "aac") if kind == "mp4" else ("-c:v", "libvpx")
    ffmpeg(
        "-itsoffset", str(pictures_at), "-i", silent, "-itsoffset", str(sound_at), "-i", beep,
        *codecs, both,
    )  # fmt: skip
    clean = await read(both.read_bytes())
    heard = sound(clean.media)
    assert heard is not None
    bright = np.argmax(decode(clean.media).mean(axis=(1, 2, 3)) > 128) / clean.fps
    loud = np.argmax(np.abs(heard.samples.astype(float)) > 1000) / heard.sample_rate
    assert abs((loud - bright) - (sound_at - pictures_at)) < 0.05
