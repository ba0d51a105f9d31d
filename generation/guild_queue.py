"""Jobs that wait: one lane per guild, turns between guilds, then between users.

The next job is the first waiting job of the user whose turn it is in the guild whose turn it is.
Guilds and users that come anew join the end of their round; whoever was served goes to its end.
A user who already runs as many jobs as allowed is passed over and keeps the turn.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from generation.errors import QueueFull, UnknownJob
from generation.job import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLimits:
    """How many jobs a user may have running and waiting (over all guilds), and a guild waiting."""

    running_jobs_per_user: int
    waiting_jobs_per_user: int
    waiting_jobs_per_guild: int


class GuildQueue:
    """Waiting and running jobs of all guilds.

    `slots` is how many jobs run at once; it only serves to foretell the order.
    Belongs to one event loop; not safe for several threads.
    """

    def __init__(self, *, limits: QueueLimits, slots: int = 1) -> None:
        self._limits = limits
        self._slots = slots
        self._round = _Round()
        self._running: dict[str, Job] = {}
        self._promised_to_user: Counter[int] = Counter()
        self._promised_to_guild: Counter[int] = Counter()
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def room_for(self, *, guild_id: int, user_id: int) -> Generator[None, None, None]:
        """Keeps one place free while the caller records the job that it then puts.

        Raises QueueFull at once where there is none, so that nothing has been charged yet.
        """
        self._check_room(
            guild_id,
            user_id,
            in_guild=self._promised_to_guild[guild_id],
            of_user=self._promised_to_user[user_id],
        )
        self._promised_to_guild[guild_id] += 1
        self._promised_to_user[user_id] += 1
        try:
            yield
        finally:
            self._promised_to_guild[guild_id] -= 1
            self._promised_to_user[user_id] -= 1

    def put(self, job: Job) -> None:
        """Adds a new job at the end of its user's line. Raises QueueFull."""
        self._check_room(job.guild_id, job.user_id, in_guild=0, of_user=0)
        self._round.append(job)
        self._changed.set()

    def restore(self, jobs: Iterable[Job]) -> None:
        """Adds jobs accepted before a restart, in this order, whatever the limits.

        Of one user's jobs, those that had already been started come first.
        """
        for job in sorted(jobs, key=lambda job: job.attempt == 0):
            self._round.append(job)
        self._changed.set()

    def requeue(self, job: Job) -> None:
        """Puts a running job back at the head of its user's line, whatever the limits."""
        self._running.pop(job.id, None)
        self._round.prepend(job)
        self._changed.set()

    def release(self, job_id: str) -> None:
        """Tells that a claimed job no longer runs."""
        self._running.pop(job_id, None)
        self._changed.set()

    async def claim(self) -> Job:
        """Waits for the job whose turn it is and counts it as running.

        Await it directly: a wrapper that is cancelled after the claim would lose the job.
        """
        while True:
            job = self._round.take(self._may_start)
            if job is not None:
                self._running[job.id] = job
                return job
            self._changed.clear()
            await self._changed.wait()

    def cancel(self, job_id: str) -> Job | None:
        """Takes a waiting job out; None if no such job waits."""
        job = self._round.remove(job_id)
        if job is not None:
            self._changed.set()
        return job

    def place(self, job_id: str) -> int:
        """How many waiting jobs start before this one; 0 if it is the next or already runs.

        Raises UnknownJob.
        """
        if job_id in self._running:
            return 0
        for place, waiting in enumerate(self.order()):
            if waiting == job_id:
                return place
        raise UnknownJob(job_id)

    def order(self) -> Iterator[str]:
        """Ids of the waiting jobs in the order in which they will start.

        Exact if nothing arrives and running jobs end in the order in which they began.
        """
        ahead = self._round.copy()
        running = deque(job.user_id for job in self._running.values())

        def may_start(user_id: int) -> bool:
            return running.count(user_id) < self._limits.running_jobs_per_user

        while ahead:
            job = ahead.take(may_start) if len(running) < self._slots else None
            if job is None:
                running.popleft()
                continue
            running.append(job.user_id)
            yield job.id

    @property
    def waiting(self) -> int:
        """Jobs in all lanes."""
        return len(self._round)

    @property
    def running(self) -> int:
        """Jobs claimed and not released."""
        return len(self._running)

    def _may_start(self, user_id: int) -> bool:
        running = sum(job.user_id == user_id for job in self._running.values())
        return running < self._limits.running_jobs_per_user

    def _check_room(self, guild_id: int, user_id: int, *, in_guild: int, of_user: int) -> None:
        user_limit = self._limits.waiting_jobs_per_user
        if self._round.count(user_id=user_id) + of_user >= user_limit:
            raise QueueFull("user", user_limit)
        guild_limit = self._limits.waiting_jobs_per_guild
        if self._round.count(guild_id=guild_id) + in_guild >= guild_limit:
            raise QueueFull("guild", guild_limit)


class _Lane:
    """One guild's waiting jobs: a line per user, the dictionary's order being their turns."""

    def __init__(self) -> None:
        self.lines: dict[int, deque[Job]] = {}

    def take(self, user_id: int) -> Job:
        line = self.lines.pop(user_id)
        job = line.popleft()
        if line:
            self.lines[user_id] = line
        return job


class _Round:
    """The lanes; the dictionary's order being the guilds' turns. Empty lanes are dropped."""

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}

    def __len__(self) -> int:
        return sum(1 for _ in self._jobs())

    def copy(self) -> _Round:
        twin = _Round()
        for guild_id, lane in self._lanes.items():
            twin._lanes[guild_id] = _Lane()
            twin._lanes[guild_id].lines = {
                user_id: line.copy() for user_id, line in lane.lines.items()
            }
        return twin

    def append(self, job: Job) -> None:
        self._line(job).append(job)

    def prepend(self, job: Job) -> None:
        self._line(job).appendleft(job)

    def take(self, may_start: Callable[[int], bool]) -> Job | None:
        """The next job of a user who may start one; guild and user go to the end of the round."""
        for guild_id, lane in self._lanes.items():
            for user_id in lane.lines:
                if may_start(user_id):
                    del self._lanes[guild_id]
                    job = lane.take(user_id)
                    if lane.lines:
                        self._lanes[guild_id] = lane
                    return job
        return None

    def remove(self, job_id: str) -> Job | None:
        for job in self._jobs():
            if job.id == job_id:
                lane = self._lanes[job.guild_id]
                lane.lines[job.user_id].remove(job)
                if not lane.lines[job.user_id]:
                    del lane.lines[job.user_id]
                if not lane.lines:
                    del self._lanes[job.guild_id]
                return job
        return None

    def count(self, *, guild_id: int | None = None, user_id: int | None = None) -> int:
        return sum(
            (guild_id is None or job.guild_id == guild_id)
            and (user_id is None or job.user_id == user_id)
            for job in self._jobs()
        )

    def _line(self, job: Job) -> deque[Job]:
        lane = self._lanes.setdefault(job.guild_id, _Lane())
        return lane.lines.setdefault(job.user_id, deque())

    def _jobs(self) -> Iterator[Job]:
        for lane in self._lanes.values():
            for line in lane.lines.values():
                yield from line
