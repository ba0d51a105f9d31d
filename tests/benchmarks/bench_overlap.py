"""A queue of jobs with a file encoded beside the next job's pictures, and without.

Two services with a worker each are open at once, and get the same queue in turn. On a CPU both
halves want the same cores; where the model is held to one of two, that one stands for a device of
its own.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generation.clip import ClipFacts
from generation.dispatcher import Dispatcher
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.fairness.queue import FairQueue, QueueLimits
from generation.job import JobEvent, JobFailed, JobSucceeded
from generation.models.catalogue import CATALOGUE_FILE, Catalogue
from generation.request import GenerationRequest
from tests.generation.builders import make_job, make_request

PROJECT = Path(__file__).parents[2]
MODEL = "pocket"
JOBS = 8
ROUNDS = 2
MAX_BYTES = 10 * 1024 * 1024
LIMITS = QueueLimits(running_jobs_per_user=1, waiting_jobs_per_user=99, waiting_jobs_per_guild=99)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """Clips as long as the model makes them, by one of its presets; `threads` it may compute on."""

    preset: str
    threads: int

    @property
    def name(self) -> str:
        return f"{self.preset}, model on {self.threads} of {os.cpu_count()} cores"

    def request(self, seed: int) -> GenerationRequest:
        card = Catalogue.load((MODEL,)).get(MODEL)
        preset = card.preset(self.preset)
        return make_request(
            model=MODEL,
            seed=seed,
            seconds=card.seconds_max,
            preset=self.preset,
            steps=preset.steps_default,
            guidance=preset.guidance_default,
        )


CASES = (
    Case(preset="quick", threads=2),
    Case(preset="quick", threads=1),
    Case(preset="default", threads=2),
)


class Service:
    """A dispatcher on one worker process."""

    def __init__(self, case: Case, *, overlap: bool) -> None:
        setup = WorkerSetup(
            catalogue_file=CATALOGUE_FILE,
            model_folders={},
            device="cpu",
            threads=case.threads,
            narration_scenes=1,
            preload=MODEL,
        )
        self._executor = LocalExecutor(setup=setup, limits=ExecutionLimits(), overlap=overlap)
        self._dispatcher = Dispatcher(
            FairQueue(limits=LIMITS), self._executor, [self._hear], max_bytes=MAX_BYTES
        )
        self._events: asyncio.Queue[JobEvent] = asyncio.Queue()

    async def open(self, stack: AsyncExitStack) -> None:
        await self._executor.start()
        stack.push_async_callback(self._executor.close)
        self._dispatcher.start()
        stack.push_async_callback(self._dispatcher.close, 0)

    async def run(self, requests: list[GenerationRequest]) -> tuple[float, list[ClipFacts]]:
        """Seconds for the whole queue, and what was made."""
        facts: list[ClipFacts] = []
        began = time.perf_counter()
        for number, request in enumerate(requests):
            self._dispatcher.submit(make_job(f"job {number}", request=request))
        while len(facts) < len(requests):
            match await self._events.get():
                case JobSucceeded(clip=clip):
                    facts.append(clip.facts)
                case JobFailed(error=error):
                    raise error
                case _:
                    pass
        return time.perf_counter() - began, facts

    async def _hear(self, event: JobEvent) -> None:
        self._events.put_nowait(event)


async def _compare(case: Case) -> dict[str, Any]:
    taken: dict[bool, list[float]] = {True: [], False: []}
    shares: list[float] = []
    async with AsyncExitStack() as stack:
        services = {overlap: Service(case, overlap=overlap) for overlap in (True, False)}
        for service in services.values():
            await service.open(stack)
            await service.run([case.request(0)])
        for number in range(ROUNDS):
            requests = [case.request(number * JOBS + seed) for seed in range(JOBS)]
            for overlap in (True, False) if number % 2 else (False, True):
                seconds, made = await services[overlap].run(requests)
                taken[overlap].append(seconds)
                if not overlap:
                    shares += [_share(facts) for facts in made]
    with_overlap, without = statistics.median(taken[True]), statistics.median(taken[False])
    return {
        "encoding_share": round(statistics.median(shares), 3),
        "queue_seconds_without": round(without, 2),
        "queue_seconds_with": round(with_overlap, 2),
        "times_as_fast": round(without / with_overlap, 3),
        "times_as_fast_by_round": [
            round(off / on, 2) for on, off in zip(taken[True], taken[False], strict=True)
        ],
    }


def _share(facts: ClipFacts) -> float:
    return facts.encoding_seconds / (facts.encoding_seconds + facts.generation_seconds)


def measure() -> dict[str, Any]:
    """Says why where there are no weights to run."""
    weights = PROJECT / Catalogue.load((MODEL,)).get(MODEL).source.repository
    if not weights.exists():
        return {"model": MODEL, "left_out": "the pocket model's weights are not there"}
    cases = [replace(case, threads=min(case.threads, os.cpu_count() or 1)) for case in CASES]
    return {
        "model": MODEL,
        "jobs": JOBS,
        "rounds": ROUNDS,
        "cases": {case.name: asyncio.run(_compare(case)) for case in cases},
    }
