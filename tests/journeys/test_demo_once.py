"""`python -m bot demo --once`, as a stranger runs it: the real bot, worker and pocket model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from generation.inspection import inspect, read_label
from generation.models.adapter import Image as Picture
from tests.generation.moving_pictures import decode

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300
FRAME_SECONDS = 1 / 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What the command left behind."""

    status: int
    summary: dict[str, Any]
    complaint: str
    clip: bytes


def demo_once(line: str, folder: Path) -> Outcome:
    """Runs the command line in a process of its own, with a data folder of its own."""
    out = folder / "clip.mp4"
    environment = {**os.environ, "REELROOM_STORAGE__DATA_FOLDER": str(folder)}
    finished = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--once", line, "--out", str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    lines = finished.stdout.strip().splitlines()
    return Outcome(
        status=finished.returncode,
        summary=json.loads(lines[-1]) if finished.returncode == 0 else {},
        complaint=finished.stderr,
        clip=out.read_bytes() if out.exists() else b"",
    )


def test_words_become_a_clip_of_the_asked_length(tmp_path: Path) -> None:
    outcome = demo_once(
        "/imagine-video prompt:a red circle moving right seed:7 duration:2", tmp_path
    )
    assert outcome.status == 0, outcome.complaint
    assert set(outcome.summary) == {
        "job_id",
        "model",
        "seed",
        "seconds_waited",
        "seconds_generated",
        "credits_charged",
        "credits_left",
    }
    assert (outcome.summary["model"], outcome.summary["seed"]) == ("pocket", 7)
    assert (outcome.summary["credits_charged"], outcome.summary["credits_left"]) == (2, 98)
    facts, label = inspect(outcome.clip), read_label(outcome.clip)
    assert (facts.codec, facts.pixel_format, facts.faststart) == ("h264", "yuv420p", True)
    assert abs(facts.seconds - 2) <= FRAME_SECONDS
    assert label is not None
    assert label.prompt == "a red circle moving right"


def test_a_picture_moves_and_the_clip_begins_with_it(tmp_path: Path) -> None:
    picture = Image.new("RGB", (256, 256), (250, 250, 250))
    ImageDraw.Draw(picture).ellipse((90, 90, 166, 166), fill=(214, 40, 40))
    upload = tmp_path / "picture.png"
    picture.save(upload)
    outcome = demo_once(f"/animate image:@{upload} prompt:moving right seed:3", tmp_path)
    assert outcome.status == 0, outcome.complaint
    first = decode(outcome.clip)[0]
    shown = picture.resize((first.shape[1], first.shape[0]), Image.Resampling.LANCZOS)
    assert structural_similarity(np.asarray(shown), first) >= 0.8


def test_a_loop_has_the_asked_length(tmp_path: Path) -> None:
    outcome = demo_once("/loop prompt:a yellow star swaying duration:2 seed:5", tmp_path)
    assert outcome.status == 0, outcome.complaint
    assert abs(inspect(outcome.clip).seconds - 2) <= FRAME_SECONDS


def test_a_story_becomes_a_film_with_sound_as_long_as_its_picture(tmp_path: Path) -> None:
    outcome = demo_once("/narrate story:A red boat moves right. The moon rises.", tmp_path)
    assert outcome.status == 0, outcome.complaint
    facts = inspect(outcome.clip)
    assert (facts.codec, facts.audio_codec) == ("h264", "aac")
    assert facts.audio_seconds is not None
    assert abs(facts.seconds - facts.audio_seconds) <= FRAME_SECONDS


def test_a_refused_command_says_what_the_member_would_read(tmp_path: Path) -> None:
    outcome = demo_once("/imagine-video prompt:a red circle model:nosuch", tmp_path)
    assert outcome.status == 1
    assert "There is no model called “nosuch” here" in outcome.complaint
    assert "Traceback" not in outcome.complaint


def test_the_bots_process_never_loads_torch(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc to see what a process has loaded")
    environment = {**os.environ, "REELROOM_STORAGE__DATA_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "bot", "demo", "--once", "/loop prompt:a star swaying"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as bot:
        loaded_by_bot, loaded_by_worker = False, False
        while bot.poll() is None:
            loaded_by_bot |= has_loaded_torch(bot.pid)
            loaded_by_worker |= any(map(has_loaded_torch, children_of(bot.pid)))
    assert bot.returncode == 0
    assert loaded_by_worker  # else this test would see nothing
    assert not loaded_by_bot


def has_loaded_torch(pid: int) -> bool:
    try:
        return "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def structural_similarity(first: Picture, second: Picture) -> float:
    """Mean SSIM of the grey pictures (Wang et al. 2004: Gaussian window, sigma 1.5)."""

    def blurred(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (first, second))
    mean_x, mean_y = blurred(x), blurred(y)
    variance_x = blurred(x * x) - mean_x**2
    variance_y = blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    )
    return float(similarity.mean())
