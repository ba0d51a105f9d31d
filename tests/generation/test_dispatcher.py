from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from generation.dispatcher import Dispatcher
from generation.errors import GenerationFailed, QueueFull, WorkerCrashed
from generation.executor import (
    Done,
    Execution,
    ExecutionEvent,
    ExecutionStatus,
    Faulted,
    Filmed,
    Stopped,
)
from generation.fairness.queue import FairQueue, QueueLimits
from generation.job import (
    JobCancelled,
    JobEvent,
    JobFailed,
    JobListener,
    JobProgressed,
    JobRetrying,
    JobStarted,
    JobSucceeded,
    Progress,
    Stage,
)
from tests.generation.builders import make_clip, make_job

TERMINAL = (JobSucceeded, JobFailed, JobCancelled)


class HandOperatedExecutor:
    """Runs whatever the test feeds it: an executor without a machine behind it."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self.unable: dict[str, str] = {}
        self.feeds: dict[tuple[str, int], asyncio.Queue[ExecutionEvent]] = {}
        self.executions: list[Execution] = []
        self.obeys_cancel = True

    async def run(self, execution: Execution) -> AsyncGenerator[ExecutionEvent, None]:
        feed = self.feeds[execution.job_id, execution.attempt] = asyncio.Queue()
        self.executions.append(execution)
        try:
            while True:
                event = await feed.get()
                yield event
                if not isinstance(event, Progress | Filmed):
                    return
        finally:
            del self.feeds[execution.job_id, execution.attempt]

    async def cancel(self, job_id: str, attempt: int) -> bool:
        feed = self.feeds.get((job_id, attempt))
        if feed is not None and self.obeys_cancel:
            feed.put_nowait(Stopped())
        return feed is not None

    async def status(self, job_id: str, attempt: int) -> ExecutionStatus:
        known = (job_id, attempt) in self.feeds
        return ExecutionStatus.RUNNING if known else ExecutionStatus.UNKNOWN


@dataclass
class Bench:
    """A dispatcher on a hand-operated executor, with everything it told."""

    executor: HandOperatedExecutor
    dispatcher: Dispatcher
    told: list[JobEvent] = field(default_factory=list[JobEvent])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110 (the condition is not ours to signal)
                await asyncio.sleep(0)

    async def running(self, job_id: str, attempt: int = 1) -> asyncio.Queue[ExecutionEvent]:
        await self.until(lambda: (job_id, attempt) in self.executor.feeds)
        return self.executor.feeds[job_id, attempt]

    async def ended(self, job_id: str) -> JobEvent:
        await self.until(lambda: bool(self.endings(job_id)))
        await self.settle()
        endings = self.endings(job_id)
        assert len(endings) == 1, "a job ends once"
        return endings[0]

    def endings(self, job_id: str) -> list[JobEvent]:
        return [e for e in self.told if isinstance(e, TERMINAL) and e.job.id == job_id]

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@asynccontextmanager
async def bench(
    *, slots: int = 1, waiting: int = 100, listeners: tuple[JobListener, ...] = ()
) -> AsyncGenerator[Bench, None]:
    limits = QueueLimits(
        running_jobs_per_user=slots, waiting_jobs_per_user=waiting, waiting_jobs_per_guild=100
    )
    told: list[JobEvent] = []

    async def record(event: JobEvent) -> None:
        told.append(event)

    executor = HandOperatedExecutor(slots)
    dispatcher = Dispatcher(
        FairQueue(limits=limits, slots=slots), executor, [*listeners, record], max_bytes=1000
    )
    dispatcher.start()
    try:
        yield Bench(executor=executor, dispatcher=dispatcher, told=told)
    finally:
        await dispatcher.close(0)


async def test_a_job_starts_progresses_and_succeeds() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one", files={"one": b"png"}))
        feed = await b.running("one")
        progress = Progress(stage=Stage.GENERATING, step=1, steps=4)
        feed.put_nowait(progress)
        feed.put_nowait(Done(clip=make_clip()))
        end = await b.ended("one")
        started = make_job("one", files={"one": b"png"}, attempt=1)
        assert b.told == [
            JobStarted(job=started),
            JobProgressed(job=started, progress=progress),
            JobSucceeded(job=started, clip=make_clip()),
        ]
        assert end is b.told[-1]
        (execution,) = b.executor.executions
        assert (execution.attempt, execution.files, execution.max_bytes) == (
            1,
            {"one": b"png"},
            1000,
        )


async def test_a_crashed_worker_is_tried_once_more_and_the_job_succeeds() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one", 1)).put_nowait(Faulted(error=WorkerCrashed(-9)))
        (await b.running("one", 2)).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)
        assert [type(event) for event in b.told] == [
            JobStarted,
            JobRetrying,
            JobStarted,
            JobSucceeded,
        ]
        assert [event.job.attempt for event in b.told] == [1, 1, 2, 2]


async def test_the_second_crash_fails_the_job() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one", 1)).put_nowait(Faulted(error=WorkerCrashed(-9)))
        (await b.running("one", 2)).put_nowait(Faulted(error=WorkerCrashed(-11)))
        end = await b.ended("one")
        assert isinstance(end, JobFailed)
        assert isinstance(end.error, WorkerCrashed)
        assert end.error.exit_code == -11


async def test_a_retried_job_goes_before_its_users_other_jobs() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        (await b.running("one", 1)).put_nowait(Faulted(error=WorkerCrashed(1)))
        await b.running("one", 2)
        assert ("two", 1) not in b.executor.feeds


async def test_a_failed_pipeline_is_not_tried_again() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one")).put_nowait(Faulted(error=GenerationFailed("no")))
        assert isinstance(await b.ended("one"), JobFailed)
        assert len(b.executor.executions) == 1


async def test_an_executor_that_breaks_fails_the_job_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bench() as b:
        whole = b.executor.run

        async def broken(execution: Execution) -> AsyncGenerator[ExecutionEvent, None]:
            b.executor.run = whole
            raise OSError("no such device")
            yield Stopped()

        b.executor.run = broken
        with caplog.at_level(logging.CRITICAL, logger="generation.attempt"):
            b.dispatcher.submit(make_job("one"))
            assert isinstance(await b.ended("one"), JobFailed)
        b.dispatcher.submit(make_job("two"))
        (await b.running("two")).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("two"), JobSucceeded)


async def test_a_waiting_job_is_cancelled_at_once_and_never_starts() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        feed = await b.running("one")
        assert await b.dispatcher.cancel("two")
        assert b.endings("two") == [JobCancelled(job=make_job("two"))]
        feed.put_nowait(Done(clip=make_clip()))
        await b.ended("one")
        assert [execution.job_id for execution in b.executor.executions] == ["one"]


async def test_a_running_job_is_cancelled_mid_step() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        await b.running("one")
        assert await b.dispatcher.cancel("one")
        assert isinstance(await b.ended("one"), JobCancelled)


async def test_a_cancelled_job_never_succeeds_even_if_its_clip_was_ready() -> None:
    async with bench() as b:
        b.executor.obeys_cancel = False
        b.dispatcher.submit(make_job("one"))
        feed = await b.running("one")
        feed.put_nowait(Done(clip=make_clip()))
        assert await b.dispatcher.cancel("one")
        assert isinstance(await b.ended("one"), JobCancelled)


async def test_a_job_that_ended_cannot_be_cancelled() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one")).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)
        assert not await b.dispatcher.cancel("one")
        assert not await b.dispatcher.cancel("unheard of")


async def test_a_job_whose_success_is_being_told_cannot_be_cancelled() -> None:
    answers: list[bool] = []

    async def cancel_on_success(event: JobEvent) -> None:
        if isinstance(event, JobSucceeded):
            answers.append(await b.dispatcher.cancel(event.job.id))

    async with bench(listeners=(cancel_on_success,)) as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one")).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)
        assert answers == [False]


@pytest.mark.parametrize("moment", [JobStarted, JobRetrying])
async def test_a_cancel_between_two_states_still_cancels(moment: type[JobEvent]) -> None:
    async def cancel_then(event: JobEvent) -> None:
        if isinstance(event, moment):
            assert await b.dispatcher.cancel(event.job.id)

    async with bench(listeners=(cancel_then,)) as b:
        b.dispatcher.submit(make_job("one"))
        if moment is JobRetrying:
            (await b.running("one")).put_nowait(Faulted(error=WorkerCrashed(1)))
        assert isinstance(await b.ended("one"), JobCancelled)
        assert len(b.executor.executions) == (1 if moment is JobRetrying else 0)


async def test_a_listener_that_raises_stops_neither_the_others_nor_the_dispatcher(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(event: JobEvent) -> None:
        raise RuntimeError("database is locked")

    async with bench(listeners=(fail,)) as b:
        for name in ("one", "two"):
            b.dispatcher.submit(make_job(name))
            (await b.running(name)).put_nowait(Done(clip=make_clip()))
            assert isinstance(await b.ended(name), JobSucceeded)
    assert "JobSucceeded of job one attempt 1" in caplog.text


async def test_bookkeeping_is_told_before_delivery() -> None:
    order: list[str] = []

    async def bookkeeping(event: JobEvent) -> None:
        await asyncio.sleep(0)
        order.append("bookkeeping")

    async def delivery(event: JobEvent) -> None:
        order.append("delivery")

    async with bench(listeners=(bookkeeping, delivery)) as b:
        b.dispatcher.submit(make_job("one"))
        await b.running("one")
    assert order == ["bookkeeping", "delivery"]


async def test_two_slots_run_two_jobs_at_once() -> None:
    async with bench(slots=2) as b:
        for name in ("one", "two", "three"):
            b.dispatcher.submit(make_job(name))
        await b.running("one")
        await b.running("two")
        await b.settle()
        assert ("three", 1) not in b.executor.feeds
        assert b.dispatcher.place("three") == 0


async def test_a_full_queue_refuses_before_anything_is_recorded() -> None:
    async with bench(waiting=1) as b:
        b.dispatcher.submit(make_job("runs"))
        await b.running("runs")
        b.dispatcher.submit(make_job("waits"))
        with pytest.raises(QueueFull), b.dispatcher.room_for(guild_id=1, user_id=1):
            raise AssertionError("must not be reached")


async def test_closing_lets_a_running_job_finish_within_the_grace_and_starts_no_other() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        feed = await b.running("one")
        closing = asyncio.create_task(b.dispatcher.close(5))
        await b.settle()
        feed.put_nowait(Done(clip=make_clip()))
        await closing
        assert isinstance(await b.ended("one"), JobSucceeded)
        assert b.endings("two") == []
        assert len(b.executor.executions) == 1


async def test_closing_leaves_a_job_that_needs_longer_unreported() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        await b.running("one")
        await b.dispatcher.close(0)
        assert b.endings("one") == []
        assert b.executor.feeds == {}


async def test_what_a_restart_interrupted_runs_again_with_a_new_attempt() -> None:
    async with bench() as b:
        b.dispatcher.restore([make_job("one", attempt=1)])
        (await b.running("one", 2)).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)
