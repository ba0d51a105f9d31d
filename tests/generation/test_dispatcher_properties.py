"""Whatever happens to jobs that are made and encoded side by side, each ends once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import GenerationFailed, OutOfMemory, WorkerCrashed, WorkerHung, WorkerLost
from generation.executor import Done, Execution, ExecutionEvent, Faulted, Filmed
from generation.job import JobStarted
from tests.generation.builders import make_clip, make_job
from tests.generation.test_dispatcher import TERMINAL, Bench, bench

ENDS: tuple[ExecutionEvent, ...] = (
    Done(clip=make_clip()),
    Done(clip=make_clip()),
    Faulted(error=WorkerCrashed(-9)),
    Faulted(error=WorkerLost()),
    Faulted(error=OutOfMemory("full")),
    Faulted(error=GenerationFailed("no")),
)
PATIENCE_SECONDS = 120
ACTS = ("submit", "submit", "film", "film", "film", "end", "cancel", "give up", "breathe")


class _Life:
    """One dispatcher, and what its executor has been told to do."""

    def __init__(self, b: Bench, slots: int, chance: random.Random) -> None:
        self.b = b
        self._slots = slots
        self._chance = chance
        self._filmed: set[tuple[str, int]] = set()
        self.submitted = 0
        self.cancelled: set[str] = set()

    async def act(self, act: str) -> None:
        running = sorted(self.b.executor.feeds)
        match act:
            case "submit" if self.submitted < 30:
                user = self._chance.randint(1, 3)
                self.b.dispatcher.submit(make_job(f"job {self.submitted}", user_id=user))
                self.submitted += 1
            case "film" if running:
                self._film(self._chance.choice(running))
            case "end" if running:
                key = self._chance.choice(running)
                self.b.executor.feeds[key].put_nowait(self._chance.choice(ENDS))
            case "cancel" if self.submitted:
                job_id = f"job {self._chance.randrange(self.submitted)}"
                if await self.b.dispatcher.cancel(job_id):
                    self.cancelled.add(job_id)
            case "give up" if running:
                self.b.dispatcher.give_up(*self._chance.choice(running), WorkerHung(30, "it"))
            case _:
                pass
        for _ in range(self._chance.choice((0, 1, 3, 20))):
            await asyncio.sleep(0)
        self._check()

    async def play_out(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.b.dispatcher.running or self.b.dispatcher.waiting:
                for feed in self.b.executor.feeds.values():
                    feed.put_nowait(Done(clip=make_clip()))
                await asyncio.sleep(0)

    def _film(self, key: tuple[str, int]) -> None:
        alone = key[1] > 1
        if not alone and key not in self._filmed:  # as executors do
            self._filmed.add(key)
            self.b.executor.feeds[key].put_nowait(Filmed(seconds=self._chance.random()))

    def _check(self) -> None:
        encoded = self._filmed & set(self.b.executor.feeds)
        assert len(self.b.executor.feeds) <= 2 * self._slots
        assert len(self.b.executor.feeds) - len(encoded) <= self._slots
        assert self.b.dispatcher.alive


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(), st.lists(st.sampled_from(ACTS), min_size=10, max_size=120))
def test_each_job_ends_once_and_slots_hold_two_at_most(
    slots: int, seed: int, acts: list[str]
) -> None:
    async def live() -> None:
        async with bench(slots=slots) as b:
            life = _Life(b, slots, random.Random(seed))
            for act in acts:
                await life.act(act)
            await life.play_out()
            ends = Counter(event.job.id for event in b.told if isinstance(event, TERMINAL))
            assert ends == {f"job {number}": 1 for number in range(life.submitted)}
            cancelled = {e.job.id for e in b.told if type(e).__name__ == "JobCancelled"}
            assert cancelled == life.cancelled
            started = Counter(
                (event.job.id, event.job.attempt)
                for event in b.told
                if isinstance(event, JobStarted)
            )
            assert set(started.values()) <= {1}, "no attempt is begun twice"
            given_: list[Execution] = b.executor.executions
            assert all(each.alone == (each.attempt > 1) for each in given_)
            assert not any(b.dispatcher.holds(f"job {n}") for n in range(life.submitted))

    asyncio.run(live())
