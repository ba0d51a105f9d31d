"""Every await on a stretch of the bot's work, and a SIGKILL before or after one of them.

Points are found in the byte code of the coroutines on that stretch: before an await is where its
awaitable is asked for, after it where its result is taken. Which of them are met, and how often,
a run without a kill records.
"""

from __future__ import annotations

import dis
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PROJECT = Path(__file__).parents[3]

Tracer = Callable[[FrameType, str, Any], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Awaits in these `files` count, below one of the coroutines `roots`: what else awaits the same
    functions does not. The stretch is over when the root `last` returns."""

    files: tuple[str, ...]
    roots: tuple[str, ...]
    last: str


DELIVERY = Stretch(
    files=(
        "bot/bookkeeping.py",
        "bot/channel_messages.py",
        "bot/delivery.py",
        "bot/outbox.py",
        "generation/dispatcher.py",
        "storage/database.py",
        "storage/media_files.py",
    ),
    roots=("Dispatcher._end", "Outbox._deliver"),
    last="Outbox._deliver",
)
"""From a finished clip to its message."""
ERASURE = Stretch(
    files=(
        "bot/channel_messages.py",
        "bot/delivery.py",
        "bot/finished_cards.py",
        "bot/outbox.py",
        "bot/privacy/erasing.py",
        "bot/showcase.py",
        "bot/views/erase_button.py",
        "storage/media_files.py",
    ),
    roots=("EraseButton.act",),
    last="EraseButton.act",
)
"""From the pressed button to what the member is told of it."""


def prepare(folder: Path, stretch: Stretch) -> None:
    """To be called in the bot's process: at SIGUSR1 it reads `target` and is armed.

    `target` names the point to die at, or is empty: then `met` lists all of them once there is a
    file `through`.
    """

    def arm(number: int, frame: FrameType | None) -> None:
        target = (folder / "target").read_text()
        sys.settrace(_tracer(stretch, target or None, folder))
        (folder / "armed").touch()

    signal.signal(signal.SIGUSR1, arm)


def _tracer(stretch: Stretch, target: str | None, folder: Path) -> Tracer:
    files = {str(PROJECT / name) for name in stretch.files}
    met: list[str] = []
    times: Counter[str] = Counter()

    def meet(frame: FrameType, side: str) -> None:
        place = f"{side} {frame.f_code.co_qualname}:{frame.f_lineno}"
        times[place] += 1
        met.append(f"{place}, time {times[place]}")
        (folder / "met").write_text(json.dumps(met))
        if met[-1] == target:
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(frame: FrameType, event: str, _: Any) -> Tracer | None:
        if frame.f_code.co_filename not in files or not await_points(frame.f_code):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            side = await_points(frame.f_code).get(frame.f_lasti)
            if side is not None and _below(frame, stretch.roots):
                meet(frame, side)
        if event == "return" and frame.f_code.co_qualname == stretch.last and _has_ended(frame):
            (folder / "through").touch()
        return trace

    return trace


@cache
def await_points(code: CodeType) -> dict[int, str]:
    """Offsets in the byte code at which an await begins, or has ended."""
    points: dict[int, str] = {}
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("GET_AWAITABLE", "GET_ANEXT"):
            points[instruction.offset] = "before"
        elif instruction.opname == "SEND":
            points[instruction.argval] = "after"
    return points


def _has_ended(frame: FrameType) -> bool:
    """Whether a coroutine returns for good: an await that waits is a return too."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "RETURN_VALUE"


def _below(frame: FrameType | None, roots: tuple[str, ...]) -> bool:
    while frame is not None:
        if frame.f_code.co_qualname in roots:
            return True
        frame = frame.f_back
    return False
