"""Executions that are given up, pauses before another try, and tries in less memory."""

from __future__ import annotations

from structlog.contextvars import get_contextvars

from generation.errors import OutOfMemory, WorkerCrashed, WorkerHung
from generation.executor import Done, Faulted, Progress
from generation.job import JobCancelled, JobEvent, JobFailed, JobRetrying, JobSucceeded, Stage
from tests.generation.builders import make_clip, make_job
from tests.generation.test_dispatcher import bench

HUNG = WorkerHung(30, "the executor")


async def test_a_given_up_execution_ends_as_that_fault_and_the_job_is_tried_again() -> None:
    async with bench() as b:
        b.executor.obeys_cancel = False
        b.dispatcher.submit(make_job("one"))
        await b.running("one")
        assert b.dispatcher.executing() == (("one", 1),)
        assert b.dispatcher.give_up("one", 1, HUNG)
        (await b.running("one", 2)).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)
        (retrying,) = [event for event in b.told if isinstance(event, JobRetrying)]
        assert retrying.fault is HUNG


async def test_given_up_twice_the_job_fails_and_its_slot_is_free() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        for attempt in (1, 2):
            await b.running("one", attempt)
            assert b.dispatcher.give_up("one", attempt, HUNG)
        assert isinstance(await b.ended("one"), JobFailed)
        b.dispatcher.submit(make_job("two"))
        (await b.running("two")).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("two"), JobSucceeded)
        assert b.dispatcher.alive


async def test_only_the_execution_that_runs_can_be_given_up() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("waits"))
        feed = await b.running("one")
        assert not b.dispatcher.give_up("one", 2, HUNG)
        assert not b.dispatcher.give_up("waits", 0, HUNG)
        assert not b.dispatcher.give_up("unheard of", 1, HUNG)
        feed.put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)


async def test_an_outcome_that_is_being_kept_is_not_given_up() -> None:
    answers: list[object] = []

    async def give_up_on_success(event: JobEvent) -> None:
        if isinstance(event, JobSucceeded):
            answers.append((b.dispatcher.give_up("one", 1, HUNG), b.dispatcher.holds("one")))

    async with bench(listeners=(give_up_on_success,)) as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one")).put_nowait(Done(clip=make_clip()))
        await b.ended("one")
        assert answers == [(False, True)]
        await b.until(lambda: not b.dispatcher.holds("one"))


async def test_a_job_is_held_while_it_waits_pauses_or_runs() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("runs"))
        await b.running("runs")
        b.dispatcher.submit(make_job("waits"))
        b.dispatcher.put_off(make_job("pauses", attempt=1), 3600)
        held = [b.dispatcher.holds(name) for name in ("runs", "waits", "pauses", "unheard of")]
        assert held == [True, True, True, False]
        assert (b.dispatcher.running, b.dispatcher.waiting) == (1, 1)
        assert await b.dispatcher.cancel("pauses")
        assert isinstance(await b.ended("pauses"), JobCancelled)


async def test_a_put_off_job_starts_once_its_pause_is_over() -> None:
    async with bench() as b:
        b.dispatcher.put_off(make_job("soon", attempt=1), 0.05)
        assert b.dispatcher.waiting == 0
        await b.until(lambda: bool(b.executor.executions))
        assert b.executor.executions[0].attempt == 2


async def test_after_running_out_of_memory_the_next_try_spares_it() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one", 1)).put_nowait(Faulted(error=OutOfMemory("full")))
        (await b.running("one", 2)).put_nowait(Done(clip=make_clip()))
        await b.ended("one")
        assert [each.spare_memory for each in b.executor.executions] == [False, True]


async def test_after_a_crash_the_next_try_is_the_same() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        (await b.running("one", 1)).put_nowait(Faulted(error=WorkerCrashed(-9)))
        await b.running("one", 2)
        assert [each.spare_memory for each in b.executor.executions] == [False, False]


async def test_whatever_is_logged_on_the_way_says_job_and_attempt() -> None:
    seen: list[dict[str, object]] = []

    async def look(event: JobEvent) -> None:
        seen.append(dict(get_contextvars()))

    async with bench(listeners=(look,)) as b:
        b.dispatcher.submit(make_job("one"))
        feed = await b.running("one")
        feed.put_nowait(Progress(stage=Stage.GENERATING, step=1, steps=4))
        feed.put_nowait(Done(clip=make_clip()))
        await b.ended("one")
    assert seen == [{"job_id": "one", "attempt": 1}] * 3
    assert get_contextvars() == {}
