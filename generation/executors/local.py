"""Runs executions on this machine: one supervised worker process per slot.

A worker that crashes, hangs or does not stop when asked is killed and replaced; its execution
ends as a fault that the dispatcher may try again. While a worker makes the file of one clip it may
already make the next one's pictures (docs/architecture.md, "When something dies").
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace

from generation.errors import WorkerCrashed, WorkerHung, WorkerLost
from generation.executor import (
    Execution,
    ExecutionEvent,
    ExecutionStatus,
    Faulted,
    Filmed,
    Stopped,
)
from generation.executors.wire import CancelRequest, Report, WorkerSetup
from generation.executors.worker_process import Exited, Mail, Mailbox, WorkerProcess
from generation.job import Progress, Stage

WORKER_PROGRAM = "generation.executors.worker"
REMEMBERED_RUNS = 1000
"""How many ended executions `status` still knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionLimits:
    """How long a worker may take before it is killed.

    `start_timeout_seconds` is for a silent worker that starts or loads a model,
    `step_timeout_seconds` for one silent in any other stage, `cancel_timeout_seconds` for one that
    was asked to stop. After `jobs_per_worker` jobs a worker is replaced, to bound what leaks.
    """

    start_timeout_seconds: float = 300.0
    step_timeout_seconds: float = 120.0
    job_timeout_seconds: float = 900.0
    cancel_timeout_seconds: float = 10.0
    jobs_per_worker: int = 200


class LocalExecutor:
    """`slots` worker processes. `start` before the first `run`, `close` after the last.

    Without `overlap` a slot takes no execution before the last one's file is made.
    """

    def __init__(
        self,
        *,
        setup: WorkerSetup,
        limits: ExecutionLimits,
        slots: int = 1,
        overlap: bool = True,
        environ: Mapping[str, str] = os.environ,
        program: str = WORKER_PROGRAM,
    ) -> None:
        self._slots = [
            _Slot(setup=setup, limits=limits, overlap=overlap, environ=environ, program=program)
            for _ in range(slots)
        ]
        self._free = self._slots.copy()
        self._vacancies = asyncio.Semaphore(slots)
        self._runs: dict[tuple[str, int], _Run] = {}
        self._ended = deque[tuple[str, int]](maxlen=REMEMBERED_RUNS)

    @property
    def slots(self) -> int:
        return len(self._slots)

    @property
    def unable(self) -> Mapping[str, str]:
        """See `generation.executor.Executor`; workers are set up alike, so one tells for all."""
        known = (slot.unable for slot in self._slots)
        nothing: Mapping[str, str] = {}
        return next((unable for unable in known if unable is not None), nothing)

    async def start(self) -> None:
        """Spawns the workers; each imports its libraries and loads its model in the background."""
        for slot in self._slots:
            await slot.worker()

    async def close(self) -> None:
        """Ends every worker."""
        await asyncio.gather(*(slot.stop() for slot in self._slots))

    def worker_pid(self, slot: int) -> int | None:
        """The process id of a slot's worker; None while it has none."""
        return self._slots[slot].pid

    async def run(self, execution: Execution) -> AsyncGenerator[ExecutionEvent, None]:
        """See `generation.executor.Executor`."""
        key = (execution.job_id, execution.attempt)
        run = self._runs[key] = _Run(execution)
        try:
            async with AsyncExitStack() as held:
                await held.enter_async_context(self._vacancies)
                slot = self._occupy(execution.request.model)
                held.callback(self._free.append, slot)
                async with aclosing(slot.run(run)) as events:
                    async for event in events:
                        if isinstance(event, Filmed):
                            await held.aclose()
                        yield event
        finally:
            del self._runs[key]
            self._ended.append(key)

    async def cancel(self, job_id: str, attempt: int) -> bool:
        """See `generation.executor.Executor`."""
        run = self._runs.get((job_id, attempt))
        if run is not None:
            run.cancel()
        return run is not None

    async def status(self, job_id: str, attempt: int) -> ExecutionStatus:
        """See `generation.executor.Executor`."""
        if (job_id, attempt) in self._runs:
            return ExecutionStatus.RUNNING
        ended = (job_id, attempt) in self._ended
        return ExecutionStatus.ENDED if ended else ExecutionStatus.UNKNOWN

    def _occupy(self, model: str) -> _Slot:
        """The free slot with this model loaded, if possible one that encodes nothing; else the one
        free longest."""
        slot = min(self._free, key=lambda slot: (slot.model != model, slot.encodes))
        self._free.remove(slot)
        return slot


class _Run:
    """An execution from `run` to its last event."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.cancelled = False
        self.filmed = False
        self._worker: WorkerProcess | None = None

    def begin(self, worker: WorkerProcess, *, alone: bool) -> None:
        self._worker = worker
        worker.send(replace(self.execution, alone=alone))
        if self.cancelled:
            worker.cancel(self._cancel_request)

    def cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            if self._worker is not None:
                self._worker.cancel(self._cancel_request)

    @property
    def _cancel_request(self) -> CancelRequest:
        return CancelRequest(job_id=self.execution.job_id, attempt=self.execution.attempt)


class _Slot:
    """Runs executions in a worker that it keeps alive: one, and one more whose file is made."""

    def __init__(
        self,
        *,
        setup: WorkerSetup,
        limits: ExecutionLimits,
        overlap: bool,
        environ: Mapping[str, str],
        program: str,
    ) -> None:
        self._setup = setup
        self._limits = limits
        self._overlap = overlap
        self._environ = environ
        self._program = program
        self._worker: WorkerProcess | None = None
        self._starting = asyncio.Lock()
        self._jobs_begun = 0
        self._closed = False
        self._unable: Mapping[str, str] | None = None
        self.model = setup.preload

    @property
    def pid(self) -> int | None:
        return self._worker.pid if self._worker is not None and self._worker.alive else None

    @property
    def encodes(self) -> bool:
        """Whether it has an execution; for a free slot, one whose file is made."""
        return self._worker is not None and self._worker.occupied

    @property
    def unable(self) -> Mapping[str, str] | None:
        """What the last worker that was ready said; None before the first."""
        if self._worker is not None and self._worker.unable is not None:
            self._unable = self._worker.unable
        return self._unable

    async def worker(self) -> WorkerProcess:
        """The living worker, spawned if there is none; after `stop`, the dead one."""
        async with self._starting:
            if self._worker is None or not (self._worker.alive or self._closed):
                self._worker = await WorkerProcess.start(self._program, self._setup, self._environ)
                self._jobs_begun = 0
                self.model = self._setup.preload
            return self._worker

    async def stop(self) -> None:
        self._closed = True
        async with self._starting:
            if self._worker is not None:
                await self._worker.stop()

    async def run(self, run: _Run) -> AsyncGenerator[ExecutionEvent, None]:
        worker, alone = await self._place_for(run.execution)
        self.model = run.execution.request.model
        reusable: bool | None = None
        try:
            with worker.mailbox(run.execution) as mailbox:
                run.begin(worker, alone=alone)
                async with aclosing(self._events(run, mailbox)) as events:
                    async for event, after in events:
                        reusable = after
                        yield event
        finally:
            if reusable is None:
                await self._replace(worker)
            elif not reusable or self._worn:
                await worker.deserted()  # what is left to make of the clip before needs no device
                await self._replace(worker)

    async def _place_for(self, execution: Execution) -> tuple[WorkerProcess, bool]:
        """A worker, and whether the execution is to be alone there, as its last one is too."""
        worker = await self.worker()
        alone = execution.alone or not self._overlap
        if alone or self._jobs_begun + 1 >= self._limits.jobs_per_worker:
            await worker.deserted()
            worker = await self.worker()
        self._jobs_begun += 1
        return worker, alone or self._worn

    @property
    def _worn(self) -> bool:
        return self._jobs_begun >= self._limits.jobs_per_worker

    async def _events(
        self, run: _Run, mailbox: Mailbox
    ) -> AsyncGenerator[tuple[ExecutionEvent, bool | None], None]:
        """Each event, with the last one whether the worker can be used again. None as long as that
        is not known: it works, is silent, or has ended."""
        watch = _Watch(self._limits)
        while True:
            try:
                async with asyncio.timeout_at(watch.deadline):
                    message = await mailbox.receive()
            except TimeoutError:
                yield Stopped() if run.cancelled else Faulted(error=watch.verdict()), None
                return
            watch.heard(message)
            match message:
                case Exited():
                    stopped = run.cancelled or self._closed
                    yield Stopped() if stopped else Faulted(error=_loss(message, run)), None
                    return
                case Report(event=Progress() | Filmed() as event):
                    run.filmed = run.filmed or isinstance(event, Filmed)
                    yield event, None
                case Report(event=event, reusable=reusable):
                    yield event, reusable
                    return
                case _:
                    pass

    async def _replace(self, worker: WorkerProcess) -> None:
        await worker.stop()
        await self.worker()


def _loss(exited: Exited, run: _Run) -> WorkerCrashed | WorkerLost:
    """A worker that crashes while it makes pictures and a file crashed of the pictures: there are
    the driver, the model and nearly all of the memory. Who was not the reason why a worker was
    stopped only lost it."""
    if exited.asked or (exited.shared and run.filmed):
        return WorkerLost()
    return WorkerCrashed(exited.exit_code)


class _Watch:
    """When to lose patience with a worker, and why."""

    def __init__(self, limits: ExecutionLimits) -> None:
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._began = self._heard = self._clock()
        self._cancelled: float | None = None
        self._stage = Stage.LOADING

    @property
    def deadline(self) -> float:
        """On the event loop's clock."""
        patience = min(self._silence_ends, self._began + self._limits.job_timeout_seconds)
        if self._cancelled is not None:
            patience = min(patience, self._cancelled + self._limits.cancel_timeout_seconds)
        return patience

    def heard(self, message: Mail) -> None:
        self._heard = self._clock()
        match message:
            case CancelRequest():
                self._cancelled = self._clock()
            case Report(event=Progress(stage=stage)):
                self._stage = stage
            case _:
                pass

    def verdict(self) -> WorkerHung:
        job_ends = self._began + self._limits.job_timeout_seconds
        if job_ends <= self._silence_ends:
            return WorkerHung(self._limits.job_timeout_seconds, "the job")
        what = self._stage.value
        return WorkerHung(self._silence_seconds, f"{what} without any progress")

    @property
    def _silence_seconds(self) -> float:
        if self._stage is Stage.LOADING:
            return self._limits.start_timeout_seconds
        return self._limits.step_timeout_seconds

    @property
    def _silence_ends(self) -> float:
        return self._heard + self._silence_seconds
