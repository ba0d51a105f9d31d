"""Who starts next: turns, running limits, the models of idle slots, and the relaxed lane.

Synchronous and copyable, so that the queue foretells places by letting a copy run ahead.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from generation.fairness.lanes import Charge, Estimate, Lanes
from generation.fairness.turns import FairnessRules
from generation.job import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    job: Job
    charge: Charge


class FairOrder:
    """Waiting and running jobs.

    A relaxed job starts only where no other job may. An idle slot is taken to have the model of
    its last job loaded, and a job to go where its model is loaded, else to the slot idle longest.
    """

    def __init__(
        self,
        *,
        running_jobs_per_user: int,
        slots: int,
        rules: FairnessRules,
        estimate: Estimate,
    ) -> None:
        self._running_jobs_per_user = running_jobs_per_user
        self._slots = slots
        self._rules = rules
        self._estimate = estimate
        self._lanes = Lanes(rules=rules, estimate=estimate)
        self._relaxed = Lanes(rules=rules, estimate=estimate)
        self._waiting: dict[str, Job] = {}
        self._running: dict[str, _Running] = {}
        self._running_of_user: Counter[int] = Counter()
        self._idle_models: deque[str] = deque(maxlen=slots)

    def copy(self) -> FairOrder:
        twin = FairOrder(
            running_jobs_per_user=self._running_jobs_per_user,
            slots=self._slots,
            rules=self._rules,
            estimate=self._estimate,
        )
        twin._lanes = self._lanes.copy()
        twin._relaxed = self._relaxed.copy()
        twin._waiting = self._waiting.copy()
        twin._running = self._running.copy()
        twin._running_of_user = self._running_of_user.copy()
        twin._idle_models = self._idle_models.copy()
        return twin

    def add(self, job: Job, *, at_head: bool = False) -> None:
        """Puts a job at the end of its user's line, or at its head."""
        self._waiting[job.id] = job
        self._lanes_of(job).add(job, at_head=at_head)

    def take(self) -> Job | None:
        """Starts the job whose turn it is; None if none may start."""
        taken = self._lanes.take(self._idle_models) or self._relaxed.take(self._idle_models)
        if taken is None:
            return None
        job, charge = taken
        del self._waiting[job.id]
        self._running[job.id] = _Running(job=job, charge=charge)
        self._occupy_slot(job.request.model)
        self._running_of_user[job.user_id] += 1
        if self._running_of_user[job.user_id] == self._running_jobs_per_user:
            self._lanes.block(job.user_id)
            self._relaxed.block(job.user_id)
        return job

    def end(self, job_id: str, seconds: float | None = None) -> None:
        """A running job has ended after so many seconds; None: after those estimated."""
        run = self._running.pop(job_id)
        job, charge = run.job, run.charge
        self._idle_models.append(job.request.model)
        self._lanes_of(job).settle(job, charge, charge.seconds if seconds is None else seconds)
        self._running_of_user[job.user_id] -= 1
        if self._running_of_user[job.user_id] == self._running_jobs_per_user - 1:
            self._lanes.unblock(job.user_id)
            self._relaxed.unblock(job.user_id)
        if not self._running_of_user[job.user_id]:
            del self._running_of_user[job.user_id]

    def remove(self, job_id: str) -> Job | None:
        """Takes a waiting job out; None if no such job waits."""
        job = self._waiting.pop(job_id, None)
        if job is not None:
            self._lanes_of(job).remove(job)
        return job

    def waiting_of(self, guild_id: int) -> tuple[Job, ...]:
        """The guild's waiting jobs, each user's in their order, the relaxed ones last."""
        return self._lanes.of_guild(guild_id) + self._relaxed.of_guild(guild_id)

    def play_out(self) -> Iterator[str]:
        """Runs everything and gives the ids of waiting jobs as they start; call it on a copy.

        Running jobs end in the order in which they began, after the estimated seconds.
        """
        while self._waiting:
            job = self.take() if len(self._running) < self._slots else None
            if job is None:
                self.end(next(iter(self._running)))
            else:
                yield job.id

    def waits(self, job_id: str) -> bool:
        return job_id in self._waiting

    def runs(self, job_id: str) -> bool:
        return job_id in self._running

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        return len(self._running)

    def _lanes_of(self, job: Job) -> Lanes:
        return self._relaxed if job.relaxed else self._lanes

    def _occupy_slot(self, model: str) -> None:
        """Call with the new job counted as running. Slots that never ran a job go first."""
        if model in self._idle_models:
            self._idle_models.remove(model)
        elif self._idle_models and len(self._idle_models) == self._slots - len(self._running) + 1:
            self._idle_models.popleft()
