"""Every await between a finished clip and its delivery, and a SIGKILL before or after one of them.

Points are found in the byte code of the coroutines on that path: before an await is where its
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
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PROJECT = Path(__file__).parents[3]
FILES = frozenset(
    str(PROJECT / name)
    for name in (
        "bot/bookkeeping.py",
        "bot/channel_messages.py",
        "bot/delivery.py",
        "bot/outbox.py",
        "generation/dispatcher.py",
        "storage/database.py",
        "storage/media_files.py",
    )
)
LAST = "Outbox._deliver"
ROOTS = frozenset({"Dispatcher._end", LAST})
"""Coroutines that the path goes through: what else awaits the same functions does not count."""

Tracer = Callable[[FrameType, str, Any], Any]


def prepare(folder: Path) -> None:
    """To be called in the bot's process: at SIGUSR1 it reads `target` and is armed.

    `target` holds the number of the point to die at, or nothing: then `met` lists all of them once
    there is a file `through`.
    """

    def arm(number: int, frame: FrameType | None) -> None:
        target = (folder / "target").read_text()
        sys.settrace(_tracer(int(target) if target else None, folder))
        (folder / "armed").touch()

    signal.signal(signal.SIGUSR1, arm)


def _tracer(target: int | None, folder: Path) -> Tracer:
    met: list[str] = []
    times: Counter[tuple[CodeType, int]] = Counter()

    def meet(frame: FrameType, side: str) -> None:
        key = (frame.f_code, frame.f_lasti)
        times[key] += 1
        met.append(f"{side} {frame.f_code.co_qualname}:{frame.f_lineno}, time {times[key]}")
        (folder / "met").write_text(json.dumps(met))
        if target is not None and len(met) > target:
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(frame: FrameType, event: str, _: Any) -> Tracer | None:
        if frame.f_code.co_filename not in FILES or not await_points(frame.f_code):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            side = await_points(frame.f_code).get(frame.f_lasti)
            if side is not None and _on_the_path(frame):
                meet(frame, side)
        if event == "return" and frame.f_code.co_qualname == LAST and _has_ended(frame):
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


def _on_the_path(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_qualname in ROOTS:
            return True
        frame = frame.f_back
    return False
