"""Jobs that wait out a pause before they are tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from generation.job import Job


class Pauses:
    """Belongs to the running event loop; `when_over` is called with each job, once."""

    def __init__(self, when_over: Callable[[Job], None]) -> None:
        self._when_over = when_over
        self._paused: dict[str, tuple[Job, asyncio.TimerHandle]] = {}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._paused

    def add(self, job: Job, seconds: float) -> None:
        """Begins a pause; the job is told over at once if there are no seconds."""
        if seconds <= 0:
            self._when_over(job)
            return

        def over() -> None:
            if self.take(job.id) is not None:
                self._when_over(job)

        timer = asyncio.get_running_loop().call_later(seconds, over)
        self._paused[job.id] = (job, timer)

    def take(self, job_id: str) -> Job | None:
        """Ends a pause early and gives the job back; None if it does not pause."""
        job, timer = self._paused.pop(job_id, (None, None))
        if timer is not None:
            timer.cancel()
        return job

    def clear(self) -> None:
        """Ends all pauses without telling anyone."""
        for job_id in list(self._paused):
            self.take(job_id)
