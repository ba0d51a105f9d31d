"""Two levels of turns: guilds, and the users of each guild. One lane a guild, one line a user."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from generation.fairness.turns import FairnessRules, Turns
from generation.job import Job

Estimate = Callable[[Job], float]
"""Seconds of an executor slot that a job will probably take; positive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """What a started job was charged at both levels, in the counters' units."""

    seconds: float
    guild: int
    user: int


class _Lane:
    """One guild's waiting jobs. Lines of users who may not start a job do not compete."""

    def __init__(self, users: Turns) -> None:
        self.users = users
        self.lines: dict[int, deque[Job]] = {}

    def copy(self) -> _Lane:
        twin = _Lane(self.users.copy())
        twin.lines = {user: line.copy() for user, line in self.lines.items()}
        return twin


class Lanes:
    """The lanes of all guilds. `estimate` is asked when a job starts."""

    def __init__(self, *, rules: FairnessRules, estimate: Estimate) -> None:
        self._rules = rules
        self._estimate = estimate
        self._guilds = self._turns(rules.guild_weights)
        self._lanes: dict[int, _Lane] = {}
        self._guilds_of_user: dict[int, set[int]] = {}
        self._blocked: set[int] = set()

    def copy(self) -> Lanes:
        twin = Lanes(rules=self._rules, estimate=self._estimate)
        twin._guilds = self._guilds.copy()
        twin._lanes = {guild: lane.copy() for guild, lane in self._lanes.items()}
        twin._guilds_of_user = {user: set(all_) for user, all_ in self._guilds_of_user.items()}
        twin._blocked = self._blocked.copy()
        return twin

    def add(self, job: Job, *, at_head: bool = False) -> None:
        """Puts a job at the end of its user's line, or at its head."""
        lane = self._lanes.get(job.guild_id)
        if lane is None:
            lane = self._lanes[job.guild_id] = _Lane(self._turns(self._rules.user_weights))
        line = lane.lines.setdefault(job.user_id, deque())
        if at_head:
            line.appendleft(job)
        else:
            line.append(job)
        self._guilds_of_user.setdefault(job.user_id, set()).add(job.guild_id)
        self._announce(job.guild_id, job.user_id)

    def remove(self, job: Job) -> None:
        """Takes out a job that waits."""
        line = self._lanes[job.guild_id].lines[job.user_id]
        line.remove(next(waiting for waiting in line if waiting.id == job.id))
        self._announce(job.guild_id, job.user_id)

    def of_guild(self, guild_id: int) -> tuple[Job, ...]:
        """The guild's waiting jobs, each user's in their order."""
        lane = self._lanes.get(guild_id)
        return () if lane is None else tuple(job for line in lane.lines.values() for job in line)

    def take(self, loaded: Collection[str]) -> tuple[Job, Charge] | None:
        """The job whose turn it is, charged; None if nobody may start one."""
        guild_id = self._guilds.choose(loaded)
        if guild_id is None:
            return None
        lane = self._lanes[guild_id]
        user_id = lane.users.choose(loaded)
        assert user_id is not None, "a guild without a job to start does not compete"
        job = lane.lines[user_id].popleft()
        seconds = self._estimate(job)
        charge = Charge(
            seconds=seconds,
            guild=self._guilds.charge(guild_id, seconds),
            user=lane.users.charge(user_id, seconds),
        )
        self._announce(guild_id, user_id)
        self._forget(lane)
        return job, charge

    def settle(self, job: Job, charge: Charge, seconds: float) -> None:
        """Corrects the charge of a job that has ended after so many seconds."""
        self._guilds.settle(job.guild_id, charge.guild, seconds)
        lane = self._lanes[job.guild_id]
        lane.users.settle(job.user_id, charge.user, seconds)
        self._announce(job.guild_id, job.user_id)

    def block(self, user_id: int) -> None:
        """The user's lines do not compete until `unblock`."""
        self._blocked.add(user_id)
        self._announce_everywhere(user_id)

    def unblock(self, user_id: int) -> None:
        self._blocked.discard(user_id)
        self._announce_everywhere(user_id)

    def _turns(self, weights: Mapping[int, float]) -> Turns:
        return Turns(
            slack_seconds=self._rules.slack_seconds,
            most_bypasses=self._rules.most_bypasses,
            weights=weights,
        )

    def _announce(self, guild_id: int, user_id: int) -> None:
        """Brings both levels up to date after a line, a block or a counter has changed."""
        lane = self._lanes[guild_id]
        line = lane.lines.get(user_id)
        if line is not None and not line:
            del lane.lines[user_id]
            self._guilds_of_user[user_id].discard(guild_id)
            if not self._guilds_of_user[user_id]:
                del self._guilds_of_user[user_id]
        if line and user_id not in self._blocked:
            lane.users.offer(user_id, frozenset((line[0].request.model,)))
        else:
            lane.users.withdraw(user_id)
        models = lane.users.models()
        if models:
            self._guilds.offer(guild_id, models)
        else:
            self._guilds.withdraw(guild_id)

    def _announce_everywhere(self, user_id: int) -> None:
        for guild_id in tuple(self._guilds_of_user.get(user_id, ())):
            self._announce(guild_id, user_id)

    def _forget(self, served: _Lane) -> None:
        """Lets go of whoever is no longer ahead of anybody, so that absence costs no memory."""
        served.users.forget()
        for guild_id in self._guilds.forget():
            if not self._lanes[guild_id].lines:
                del self._lanes[guild_id]
