"""Runs executions on this machine: one supervised worker process per slot.

A worker that crashes, hangs or does not stop when asked is killed and replaced; its execution
ends as a fault that the dispatcher may try again.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from generation.errors import WorkerCrashed, WorkerHung
from generation.executor import (
    Execution,
    ExecutionEvent,
    ExecutionStatus,
    Faulted,
    Stopped,
)
from generation.executors.wire import CancelRequest, Report, WorkerSetup
from generation.executors.worker_process import Exited, WorkerProcess
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
    """`slots` worker processes. `start` before the first `run`, `close` after the last."""

    def __init__(
        self,
        *,
        setup: WorkerSetup,
        limits: ExecutionLimits,
        slots: int = 1,
        environ: Mapping[str, str] = os.environ,
        program: str = WORKER_PROGRAM,
    ) -> None:
        self._slots = [
            _Slot(setup=setup, limits=limits, environ=environ, program=program)
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
            async with self._vacancies:
                slot = self._occupy(execution.request.model)
                try:
                    async with aclosing(slot.run(run)) as events:
                        async for event in events:
                            yield event
                finally:
                    self._free.append(slot)
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
        """The free slot with this model loaded, else the one free longest."""
        slot = next((slot for slot in self._free if slot.model == model), self._free[0])
        self._free.remove(slot)
        return slot


class _Run:
    """An execution from `run` to its last event."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.cancelled = False
        self._worker: WorkerProcess | None = None

    def begin(self, worker: WorkerProcess) -> None:
        self._worker = worker
        worker.send(self.execution)
        if self.cancelled:
            worker.cancel(self._cancel_request)

    def cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            if self._worker is not None:
                self._worker.cancel(self._cancel_request)

    def owns(self, message: Report | CancelRequest) -> bool:
        return (message.job_id, message.attempt) == (self.execution.job_id, self.execution.attempt)

    @property
    def _cancel_request(self) -> CancelRequest:
        return CancelRequest(job_id=self.execution.job_id, attempt=self.execution.attempt)


class _Slot:
    """Runs one execution at a time in a worker that it keeps alive."""

    def __init__(
        self,
        *,
        setup: WorkerSetup,
        limits: ExecutionLimits,
        environ: Mapping[str, str],
        program: str,
    ) -> None:
        self._setup = setup
        self._limits = limits
        self._environ = environ
        self._program = program
        self._worker: WorkerProcess | None = None
        self._jobs_done = 0
        self._closed = False
        self._unable: Mapping[str, str] | None = None
        self.model = setup.preload

    @property
    def pid(self) -> int | None:
        return self._worker.pid if self._worker is not None and self._worker.alive else None

    @property
    def unable(self) -> Mapping[str, str] | None:
        """What the last worker that was ready said; None before the first."""
        if self._worker is not None and self._worker.unable is not None:
            self._unable = self._worker.unable
        return self._unable

    async def worker(self) -> WorkerProcess:
        """The living worker, spawned if there is none."""
        if self._worker is None or not self._worker.alive:
            self._worker = await WorkerProcess.start(self._program, self._setup, self._environ)
            self._jobs_done = 0
            self.model = self._setup.preload
        return self._worker

    async def stop(self) -> None:
        self._closed = True
        if self._worker is not None:
            await self._worker.stop()

    async def run(self, run: _Run) -> AsyncGenerator[ExecutionEvent, None]:
        worker = await self.worker()
        self.model = run.execution.request.model
        run.begin(worker)
        watch = _Watch(self._limits)
        reusable = False
        try:
            while True:
                try:
                    async with asyncio.timeout_at(watch.deadline):
                        message = await worker.receive()
                except TimeoutError:
                    yield Stopped() if run.cancelled else Faulted(error=watch.verdict())
                    return
                watch.heard()
                match message:
                    case CancelRequest() if run.owns(message):
                        watch.cancelled()
                    case Exited(exit_code=exit_code):
                        stopped = run.cancelled or self._closed
                        yield Stopped() if stopped else Faulted(error=WorkerCrashed(exit_code))
                        return
                    case Report(event=event) if run.owns(message):
                        if not isinstance(event, Progress):
                            self._jobs_done += 1
                            reusable = message.reusable
                            yield event
                            return
                        watch.in_stage(event.stage)
                        yield event
                    case _:
                        pass  # Ready, or what an earlier execution left behind
        finally:
            if not reusable or self._jobs_done >= self._limits.jobs_per_worker:
                await self._replace(worker)

    async def _replace(self, worker: WorkerProcess) -> None:
        await worker.stop()
        if not self._closed:
            await self.worker()


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

    def heard(self) -> None:
        self._heard = self._clock()

    def in_stage(self, stage: Stage) -> None:
        self._stage = stage

    def cancelled(self) -> None:
        self._cancelled = self._clock()

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
