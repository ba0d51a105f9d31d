"""An executor whose every step the test decides: the device is a script, the clip a real MP4."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator

import numpy as np

from generation.clip import Clip, ClipFacts
from generation.encoding import encode_clip
from generation.errors import ExecutionError
from generation.executor import (
    Done,
    Execution,
    ExecutionEvent,
    ExecutionStatus,
    Faulted,
    Stopped,
)
from generation.job import Progress, Stage
from generation.still import encode_still

STEPS = 4
WIDTH = HEIGHT = 64
FPS = 12


class ScriptedExecutor:
    """Runs at once while `open`; while closed, executions wait half way for `open` or a cancel.

    `faults` are raised by the next executions, one each. `log` keeps the order of starts. `noisy`
    clips are large for their few pixels; `notes` are what the clips' facts say beside.
    """

    def __init__(self, slots: int = 1, *, noisy: bool = False) -> None:
        self._noisy = noisy
        self.notes: tuple[str, ...] = ()
        self._slots = slots
        self._open = asyncio.Event()
        self._open.set()
        self._cancelled: dict[tuple[str, int], asyncio.Event] = {}
        self.faults: list[ExecutionError] = []
        self.log: list[Execution] = []

    @property
    def slots(self) -> int:
        return self._slots

    def hold(self) -> None:
        """From now on executions stop half way."""
        self._open.clear()

    def let_go(self) -> None:
        """Lets held executions finish."""
        self._open.set()

    async def run(self, execution: Execution) -> AsyncGenerator[ExecutionEvent]:
        key = (execution.job_id, execution.attempt)
        cancelled = self._cancelled[key] = asyncio.Event()
        self.log.append(execution)
        try:
            for step in range(1, STEPS + 1):
                if step == STEPS // 2:
                    await _first_of(self._open, cancelled)
                if cancelled.is_set():
                    yield Stopped()
                    return
                yield Progress(stage=Stage.GENERATING, step=step, steps=STEPS)
            if self.faults:
                yield Faulted(error=self.faults.pop(0))
                return
            clip = await asyncio.to_thread(_clip, execution, self._noisy)
            facts = dataclasses.replace(clip.facts, notes=self.notes)
            yield Done(clip=dataclasses.replace(clip, facts=facts))
        finally:
            del self._cancelled[key]

    async def cancel(self, job_id: str, attempt: int) -> bool:
        event = self._cancelled.get((job_id, attempt))
        if event is not None:
            event.set()
        return event is not None

    async def status(self, job_id: str, attempt: int) -> ExecutionStatus:
        running = (job_id, attempt) in self._cancelled
        return ExecutionStatus.RUNNING if running else ExecutionStatus.UNKNOWN


class ForgetfulExecutor(ScriptedExecutor):
    """Knows nothing of the executions in `forgotten`, though their events never end."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: set[int] = set()

    async def status(self, job_id: str, attempt: int) -> ExecutionStatus:
        if attempt in self.forgotten:
            return ExecutionStatus.UNKNOWN
        return await super().status(job_id, attempt)


async def _first_of(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _clip(execution: Execution, noisy: bool) -> Clip:
    request = execution.request
    frames = np.zeros((FPS, HEIGHT, WIDTH, 3), dtype=np.uint8)
    if noisy:
        frames = np.random.default_rng(request.seed).integers(0, 256, frames.shape, dtype=np.uint8)
    for index, frame in enumerate(frames):
        frame[20:40, index * 4 : index * 4 + 16] = (220, 40, 40)
    label = request.label(model_revision="scripted")
    if request.command.makes_still:
        media = encode_still(frames[0], max_bytes=execution.max_bytes, label=label)
    else:
        media = encode_clip(frames, fps=FPS, max_bytes=execution.max_bytes, label=label)
    still = request.command.makes_still
    facts = ClipFacts(
        width=WIDTH,
        height=HEIGHT,
        fps=0 if still else FPS,
        frames=1 if still else FPS,
        seconds=0.0 if still else 1.0,
        size_bytes=len(media),
        has_audio=False,
        seed=request.seed,
        model=request.model,
        model_revision="scripted",
        generation_seconds=0.01,
        encoding_seconds=0.01,
    )
    return Clip(media=media, facts=facts)
