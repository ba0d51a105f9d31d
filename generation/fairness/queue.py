"""Jobs that wait: a lane a guild, a line a user, and fair turns between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from generation.errors import QueueFull, UnknownJob
from generation.fairness.lanes import Estimate
from generation.fairness.order import FairOrder
from generation.fairness.turns import FairnessRules
from generation.job import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLimits:
    """How many jobs a user may have running and waiting (over all guilds), and a guild waiting."""

    running_jobs_per_user: int
    waiting_jobs_per_user: int
    waiting_jobs_per_guild: int


def _equal_jobs(_: Job) -> float:
    return 1.0


class FairQueue:
    """Waiting and running jobs of all guilds.

    `slots` is how many jobs run at once; `estimate` foretells a job's seconds.
    Belongs to one event loop; not safe for several threads.
    """

    def __init__(
        self,
        *,
        limits: QueueLimits,
        slots: int = 1,
        rules: FairnessRules | None = None,
        estimate: Estimate = _equal_jobs,
    ) -> None:
        self._limits = limits
        self._order = FairOrder(
            running_jobs_per_user=limits.running_jobs_per_user,
            slots=slots,
            rules=rules or FairnessRules(),
            estimate=estimate,
        )
        self._foretold = _Foretold(self._order)
        self._of_user: Counter[int] = Counter()
        self._in_guild: Counter[int] = Counter()
        self._paused: dict[int, list[Job]] = {}
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def room_for(self, *, guild_id: int, user_id: int) -> Generator[None, None, None]:
        """Keeps one place free while the caller records the job that it then puts.

        Raises QueueFull at once where there is none, so that nothing has been charged yet.
        """
        self._check_room(guild_id, user_id)
        self._count(guild_id, user_id, 1)
        try:
            yield
        finally:
            self._count(guild_id, user_id, -1)

    def pause(self, guild_id: int) -> None:
        """Lets no job of the guild start until `resume`; what comes meanwhile waits too."""
        if guild_id in self._paused:
            return
        waiting = self._order.waiting_of(guild_id)
        for job in waiting:
            self._order.remove(job.id)
        self._paused[guild_id] = list(waiting)
        self._turn_over()

    def resume(self, guild_id: int) -> None:
        """The guild competes again from now on, as one that has just come."""
        for job in self._paused.pop(guild_id, ()):
            self._order.add(job)
        self._turn_over()

    def paused(self, guild_id: int) -> bool:
        """Whether the guild's jobs are kept from starting."""
        return guild_id in self._paused

    def put(self, job: Job) -> None:
        """Adds a new job at the end of its user's line, without asking for room."""
        self._add(job, at_head=False)

    def restore(self, jobs: Iterable[Job]) -> None:
        """Adds jobs accepted before, oldest first, whatever the limits.

        Those that had already been started go to the head of their user's line.
        """
        oldest_first = list(jobs)
        for job in reversed([job for job in oldest_first if job.attempt > 0]):
            self._add(job, at_head=True)
        for job in oldest_first:
            if job.attempt == 0:
                self._add(job, at_head=False)

    def requeue(self, job: Job, *, seconds: float | None = None) -> None:
        """Puts a running job back at the head of its user's line, whatever the limits."""
        self._order.end(job.id, seconds)
        self._add(job, at_head=True)

    def release(self, job_id: str, *, seconds: float | None = None) -> None:
        """Tells that a claimed job has ended after so many seconds; None: as estimated.

        A job that does not run, having been requeued, is left alone.
        """
        if self._order.runs(job_id):
            self._order.end(job_id, seconds)
            self._turn_over()

    async def claim(self) -> Job:
        """Waits for the job whose turn it is and counts it as running.

        Await it directly: a wrapper that is cancelled after the claim would lose the job.
        """
        while True:
            job = self._order.take()
            if job is not None:
                self._count(job.guild_id, job.user_id, -1)
                self._foretold = _Foretold(self._order)
                return job
            self._changed.clear()
            await self._changed.wait()

    def cancel(self, job_id: str) -> Job | None:
        """Takes a waiting job out; None if no such job waits."""
        job = self._order.remove(job_id) or self._take_out_of_pause(job_id)
        if job is not None:
            self._count(job.guild_id, job.user_id, -1)
            self._turn_over()
        return job

    def place(self, job_id: str) -> int:
        """How many waiting jobs start before this one; 0 if it is the next or already runs.

        Exact if nothing arrives, the estimates are right, and running jobs end in the order in
        which they began. Of a paused guild, only its own jobs count. Raises UnknownJob.
        """
        if self._order.runs(job_id):
            return 0
        for held in self._paused.values():
            for place, job in enumerate(held):
                if job.id == job_id:
                    return place
        if not self._order.waits(job_id):
            raise UnknownJob(job_id)
        return self._foretold.place(job_id)

    def place_of(self, job: Job) -> int:
        """How many jobs would start before this one, were it put now and nothing after it. Of a
        paused guild, only its own jobs count."""
        held = self._paused.get(job.guild_id)
        if held is not None:
            return len(held)
        order = self._order.copy()
        order.add(job)
        return next(place for place, id_ in enumerate(order.play_out()) if id_ == job.id)

    def holds(self, job_id: str) -> bool:
        """Whether the job waits or runs."""
        paused = any(job.id == job_id for held in self._paused.values() for job in held)
        return paused or self._order.waits(job_id) or self._order.runs(job_id)

    @property
    def waiting(self) -> int:
        """Jobs in all lanes, those of paused guilds too."""
        return self._order.waiting + sum(len(held) for held in self._paused.values())

    @property
    def running(self) -> int:
        """Jobs claimed and not released."""
        return self._order.running

    def _add(self, job: Job, *, at_head: bool) -> None:
        held = self._paused.get(job.guild_id)
        if held is None:
            self._order.add(job, at_head=at_head)
        else:
            held.insert(0 if at_head else len(held), job)
        self._count(job.guild_id, job.user_id, 1)
        self._turn_over()

    def _take_out_of_pause(self, job_id: str) -> Job | None:
        for held in self._paused.values():
            for place, job in enumerate(held):
                if job.id == job_id:
                    return held.pop(place)
        return None

    def _turn_over(self) -> None:
        self._foretold = _Foretold(self._order)
        self._changed.set()

    def _count(self, guild_id: int, user_id: int, jobs: int) -> None:
        """Counts jobs that wait or were promised a place."""
        for counter, key in ((self._of_user, user_id), (self._in_guild, guild_id)):
            counter[key] += jobs
            if not counter[key]:
                del counter[key]

    def _check_room(self, guild_id: int, user_id: int) -> None:
        user_limit = self._limits.waiting_jobs_per_user
        if self._of_user[user_id] >= user_limit:
            raise QueueFull("user", user_limit)
        guild_limit = self._limits.waiting_jobs_per_guild
        if self._in_guild[guild_id] >= guild_limit:
            raise QueueFull("guild", guild_limit)


class _Foretold:
    """The order of starts as it stands, played out only as far as somebody asks."""

    def __init__(self, order: FairOrder) -> None:
        self._order = order
        self._starts: Iterator[str] | None = None
        self._places: dict[str, int] = {}

    def place(self, job_id: str) -> int:
        if self._starts is None:
            self._starts = self._order.copy().play_out()
        while job_id not in self._places:
            self._places[next(self._starts)] = len(self._places)
        return self._places[job_id]
