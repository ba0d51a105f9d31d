"""One attempt at a job: its execution, and what was asked of it meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from generation.clip import Clip
from generation.errors import ExecutionError, GenerationFailed, InfrastructureFault
from generation.executor import Done, Execution, Executor, Faulted, Filmed, Stopped
from generation.job import Job, Progress

logger = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Attempt:
    """A claimed job. `ending` once its outcome is settled: too late to cancel.

    `seconds` is how long its slot worked for it; None until that is known. `slot_free` is set once
    the slot works for it no more. `working` is its execution; `given_up` the fault that it is to
    end with, whatever the executor says.
    """

    job: Job
    seconds: float | None = None
    working: asyncio.Task[Clip | ExecutionError] | None = None
    given_up: ExecutionError | None = None
    cancelled: bool = False
    abandoned: bool = False
    ending: bool = False
    slot_free: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def executing(self) -> bool:
        """Whether the executor has been given it and has not yet ended it."""
        return self.working is not None and not self.working.done()

    def give_up(self, fault: ExecutionError) -> None:
        """Ends it as this fault, whatever its executor does; call it while it is `executing`."""
        assert self.working is not None
        self.given_up = fault
        self.working.cancel()

    async def outcome(
        self,
        executor: Executor,
        *,
        max_bytes: int,
        on_progress: Callable[[Progress], Awaitable[None]],
        on_filmed: Callable[[], None],
    ) -> Clip | ExecutionError:
        """Of the execution, or the fault for which it was given up; never raises an error of it.

        `on_filmed` is called once its slot needs to work for it no more, with `seconds` known.
        """
        work = self._execute(executor, max_bytes, on_progress, on_filmed)
        self.working = asyncio.create_task(work)
        try:
            return await self.working
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if self.given_up is None or (waiting is not None and waiting.cancelling()):
                raise
            return self.given_up

    async def _execute(
        self,
        executor: Executor,
        max_bytes: int,
        on_progress: Callable[[Progress], Awaitable[None]],
        on_filmed: Callable[[], None],
    ) -> Clip | ExecutionError:
        job = self.job
        if self.cancelled or self.abandoned:
            return InfrastructureFault("stopped before it began")
        execution = Execution(
            job_id=job.id,
            attempt=job.attempt,
            request=job.request,
            files=job.files,
            max_bytes=max_bytes,
            spare_memory=job.spare_memory,
            alone=job.attempt > 1,
        )
        try:
            async with aclosing(executor.run(execution)) as events:
                async for event in events:
                    match event:
                        case Progress():
                            if not self.cancelled:
                                await on_progress(event)
                        case Filmed(seconds=seconds):
                            self.seconds = seconds
                            on_filmed()
                        case Done():
                            return event.clip
                        case Faulted():
                            return event.error
                        case Stopped():
                            return InfrastructureFault("the executor stopped the job unasked")
        except ExecutionError as error:
            return error
        except Exception:
            logger.exception("executor failed on job %s attempt %d", job.id, job.attempt)
            return GenerationFailed("the executor failed")
        return GenerationFailed("the executor gave no outcome")
