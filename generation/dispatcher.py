"""Takes waiting jobs into free executor slots and tells listeners what becomes of them.

A slot is free again once a job's pictures are made: its file is encoded beside the next job. That
is so for one job at a time, which bounds what is in memory.

Every accepted job has exactly one terminal event (JobSucceeded, JobFailed or JobCancelled),
unless the process ends first: then the job has none and whoever keeps the jobs gives it back
with `restore` at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from structlog.contextvars import bound_contextvars

from generation.attempt import Attempt
from generation.clip import Clip
from generation.errors import ExecutionError, InfrastructureFault, OutOfMemory
from generation.executor import Executor
from generation.fairness.queue import FairQueue
from generation.job import (
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobListener,
    JobProgressed,
    JobRetrying,
    JobStarted,
    JobSucceeded,
)
from generation.pauses import Pauses

logger = logging.getLogger(__name__)

AfterFault = Callable[[Job, ExecutionError], Awaitable[float | None]]
"""Counts a fault of the machinery: seconds until the job is tried again, None if it has failed."""

STOP_SECONDS = 5.0
"""How long `close` waits for executions that were asked to stop."""


class Dispatcher:
    """Runs jobs, one loop per executor slot, which its jobs' tasks belong to.

    Listeners are awaited one after the other, in the order given; what one raises is logged and
    the next is called. A listener that needs long must start a task of its own, for it holds up
    the slot. `max_bytes` is the largest clip that can be delivered. A job is charged, in the fair
    order, the seconds for which its slot made pictures, and those of the encoding where no other
    job could have the slot meanwhile. Where nothing tells them the `clock` decides.
    """

    def __init__(
        self,
        queue: FairQueue,
        executor: Executor,
        listeners: Sequence[JobListener],
        *,
        max_bytes: int,
        after_fault: AfterFault | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._executor = executor
        self._listeners = tuple(listeners)
        self._max_bytes = max_bytes
        self._after_fault = after_fault or retry_once_at_once
        self._pauses = Pauses(when_over=lambda job: queue.restore([job]))
        self._clock = clock
        self._runs: dict[str, Attempt] = {}
        self._slots: list[asyncio.Task[None]] = []
        self._idle: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._closing = False

    def start(self) -> None:
        """Starts claiming jobs; needs a running event loop."""
        self._slots = [
            asyncio.create_task(self._serve_slot(), name=f"dispatcher slot {slot}")
            for slot in range(self._executor.slots)
        ]

    def room_for(self, *, guild_id: int, user_id: int) -> AbstractContextManager[None]:
        """Keeps a place free while the caller records its job. Raises QueueFull."""
        return self._queue.room_for(guild_id=guild_id, user_id=user_id)

    def submit(self, job: Job) -> None:
        """Accepts a new job, for which the caller has asked `room_for`."""
        self._queue.put(job)

    def restore(self, jobs: Iterable[Job]) -> None:
        """Accepts again what an earlier process left waiting or running, oldest first."""
        self._queue.restore(jobs)

    def pause(self, guild_id: int) -> None:
        """Lets no job of the guild start until `resume`; what runs already ends."""
        self._queue.pause(guild_id)

    def resume(self, guild_id: int) -> None:
        self._queue.resume(guild_id)

    def paused(self, guild_id: int) -> bool:
        """Whether the guild's jobs are kept from starting."""
        return self._queue.paused(guild_id)

    def put_off(self, job: Job, pause_seconds: float) -> None:
        """Accepts again a job that is to be tried only after a pause."""
        self._pauses.add(job, pause_seconds)

    @property
    def alive(self) -> bool:
        """Whether every slot is served."""
        return bool(self._slots) and not any(slot.done() for slot in self._slots)

    @property
    def waiting(self) -> int:
        """Jobs in all lanes."""
        return self._queue.waiting

    @property
    def running(self) -> int:
        """Jobs that occupy a slot, and those whose file is encoded beside them."""
        return len(self._runs)

    def holds(self, job_id: str) -> bool:
        """Whether the job waits, pauses, or runs here."""
        return job_id in self._runs or job_id in self._pauses or self._queue.holds(job_id)

    def executing(self) -> tuple[tuple[str, int], ...]:
        """Job id and attempt of whatever the executor has been given and not yet ended."""
        return tuple((run.job.id, run.job.attempt) for run in self._runs.values() if run.executing)

    def give_up(self, job_id: str, attempt: int, fault: ExecutionError) -> bool:
        """Ends an execution as this fault, whatever its executor does; False if there is none."""
        if (job_id, attempt) not in self.executing():
            return False
        self._runs[job_id].give_up(fault)
        return True

    def place(self, job_id: str) -> int:
        """How many jobs start before this one; 0 if it runs. Raises UnknownJob."""
        return 0 if job_id in self._runs else self._queue.place(job_id)

    def place_of(self, job: Job) -> int:
        """How many jobs would start before this one, were it submitted now."""
        return self._queue.place_of(job)

    async def cancel(self, job_id: str) -> bool:
        """Cancels a job; its terminal event is then JobCancelled, even if a clip comes yet.

        False if the job is unknown or its outcome is already settled. For a waiting job the
        event has been told when this returns; a running one ends at its next step.
        """
        waiting = self._queue.cancel(job_id) or self._pauses.take(job_id)
        if waiting is not None:
            await self._tell_whoever_asks(JobCancelled(job=waiting))
            return True
        run = self._runs.get(job_id)
        if run is None or run.ending or run.abandoned:
            return False
        run.cancelled = True
        await self._executor.cancel(job_id, run.job.attempt)
        return True

    async def close(self, grace_seconds: float) -> None:
        """Stops claiming, waits for running jobs, then stops them without telling anyone.

        What still waits or was stopped keeps the state that its last event told, so that
        `restore` takes it up in the next process, with a new attempt.
        """
        self._closing = True
        self._pauses.clear()
        for slot in self._idle:
            slot.cancel()
        await _wait(self._slots, grace_seconds)
        for run in list(self._runs.values()):
            if not run.ending:
                run.abandoned = True
                await self._executor.cancel(run.job.id, run.job.attempt)
        await _wait(self._slots, STOP_SECONDS)
        for slot in self._slots:
            slot.cancel()
        await asyncio.gather(*self._slots, *self._telling, return_exceptions=True)

    async def _serve_slot(self) -> None:
        behind: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as tasks:
            while (job := await self._claim()) is not None:
                run = self._runs[job.id] = Attempt(job=replace(job, attempt=job.attempt + 1))
                running = tasks.create_task(self._run(run), name=f"job {job.id}")
                await run.slot_free.wait()
                if behind is not None:
                    await asyncio.wait([behind])
                behind = running

    async def _claim(self) -> Job | None:
        """The next job for this slot; None if the dispatcher closes."""
        slot = asyncio.current_task()
        assert slot is not None
        if self._closing:
            return None
        self._idle.add(slot)
        try:
            return await self._queue.claim()
        except asyncio.CancelledError:
            if not self._closing:
                raise
            slot.uncancel()  # by `close`, and the job before may still be encoded
            return None
        finally:
            self._idle.discard(slot)

    async def _run(self, run: Attempt) -> None:
        job = run.job
        # Every line that is logged on the way, here or by a listener, says whose it is.
        with bound_contextvars(job_id=job.id, attempt=job.attempt):
            try:
                await self._tell(JobStarted(job=job))
                began = self._clock()
                outcome = await run.outcome(
                    self._executor,
                    max_bytes=self._max_bytes,
                    on_progress=lambda told: self._tell(JobProgressed(job=job, progress=told)),
                    on_filmed=lambda: self._free_slot(run),
                )
                if run.seconds is None:
                    run.seconds = _seconds_used(outcome, self._clock() - began)
                await self._conclude(run, outcome)
            finally:
                del self._runs[job.id]
                self._free_slot(run)

    def _free_slot(self, run: Attempt) -> None:
        """The first call counts: the fair order then goes on as if the job had ended."""
        if not run.slot_free.is_set():
            self._queue.release(run.job.id, seconds=run.seconds)
            run.slot_free.set()

    async def _conclude(self, run: Attempt, outcome: Clip | ExecutionError) -> None:
        """Tells the terminal event, or gives the job back to its lane."""
        if run.cancelled:
            await self._end(run, JobCancelled(job=run.job))
        elif isinstance(outcome, Clip):
            await self._end(run, JobSucceeded(job=run.job, clip=outcome))
        elif run.abandoned:
            logger.info("job %s is left for the next start", run.job.id)
        else:
            pause = None
            if isinstance(outcome, InfrastructureFault):
                pause = await self._pause_after(run.job, outcome)
            if pause is None:
                await self._end(run, JobFailed(job=run.job, error=outcome))
                return
            if isinstance(outcome, OutOfMemory):
                run.job = replace(run.job, spare_memory=True)
            await self._tell(JobRetrying(job=run.job, fault=outcome))
            if run.cancelled:
                await self._end(run, JobCancelled(job=run.job))
            else:
                self._try_again(run, pause)

    async def _pause_after(self, job: Job, fault: InfrastructureFault) -> float | None:
        try:
            return await self._after_fault(job, fault)
        except Exception:
            logger.exception("fault of job %s attempt %d is not counted", job.id, job.attempt)
            return None

    def _try_again(self, run: Attempt, pause_seconds: float) -> None:
        """Back to the head of its line: now, or once the pause is over."""
        if pause_seconds > 0:
            self._pauses.add(run.job, pause_seconds)
        elif run.slot_free.is_set():
            self._queue.restore([run.job])
        else:
            self._queue.requeue(run.job, seconds=run.seconds)

    async def _end(self, run: Attempt, event: JobEvent) -> None:
        run.ending = True
        await self._tell(event)

    async def _tell(self, event: JobEvent) -> None:
        for listener in self._listeners:
            try:
                await listener(event)
            except Exception:
                logger.exception(
                    "listener %r failed on %s of job %s attempt %d",
                    listener,
                    type(event).__name__,
                    event.job.id,
                    event.job.attempt,
                )

    async def _tell_whoever_asks(self, event: JobEvent) -> None:
        """Tells every listener even if the calling task is cancelled meanwhile."""
        telling = asyncio.create_task(self._tell(event))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        await asyncio.shield(telling)


async def retry_once_at_once(job: Job, fault: ExecutionError) -> float | None:
    """What becomes of a job that the machinery failed, where nobody counts its faults."""
    return 0.0 if job.attempt < 2 else None


def _seconds_used(outcome: Clip | ExecutionError, elapsed_seconds: float) -> float:
    """Waiting for a worker to start or to load a model is charged to nobody who got a clip.

    For a job whose slot was not free before its file was made."""
    if isinstance(outcome, Clip):
        return outcome.facts.generation_seconds + outcome.facts.encoding_seconds
    return elapsed_seconds


async def _wait(tasks: Collection[asyncio.Task[None]], timeout_seconds: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_seconds)
