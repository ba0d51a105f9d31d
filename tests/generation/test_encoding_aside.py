"""The next job starts once the last one's pictures are made, while its file is encoded."""

from __future__ import annotations

import asyncio

import pytest

from generation.errors import WorkerCrashed, WorkerHung, WorkerLost
from generation.executor import Done, Faulted, Filmed
from generation.job import JobCancelled, JobEvent, JobProgressed, JobSucceeded, Progress, Stage
from tests.generation.builders import make_clip, make_job
from tests.generation.test_dispatcher import Bench, bench

ENCODING = Progress(stage=Stage.ENCODING, step=1, steps=4)
FILMED = Filmed(seconds=2.0)


async def filmed(b: Bench, job_id: str) -> None:
    """The job is running, and its slot is told to be free."""
    (await b.running(job_id)).put_nowait(FILMED)


async def test_the_next_job_starts_while_the_last_one_is_encoded() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        await filmed(b, "one")
        second = await b.running("two")
        first = await b.running("one")
        first.put_nowait(ENCODING)
        first.put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)
        second.put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("two"), JobSucceeded)
        starts = [(type(event).__name__, event.job.id) for event in b.told]
        assert starts == [
            ("JobStarted", "one"),
            ("JobStarted", "two"),
            ("JobProgressed", "one"),
            ("JobSucceeded", "one"),
            ("JobSucceeded", "two"),
        ]


async def test_at_most_one_job_is_encoded_behind_the_one_that_is_made() -> None:
    async with bench() as b:
        for name in ("one", "two", "three"):
            b.dispatcher.submit(make_job(name))
        await filmed(b, "one")
        await filmed(b, "two")
        await b.settle()
        assert ("three", 1) not in b.executor.feeds
        (await b.running("one")).put_nowait(Done(clip=make_clip()))
        await b.running("three")
        assert b.dispatcher.running == 2


async def test_a_job_that_is_encoded_is_held_known_and_has_no_place_behind_others() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        await filmed(b, "one")
        await b.running("two")
        assert b.dispatcher.holds("one")
        assert b.dispatcher.place("one") == 0
        assert b.dispatcher.executing() == (("one", 1), ("two", 1))


@pytest.mark.parametrize("name", ["one", "two"])
async def test_either_of_two_jobs_is_cancelled_without_the_other(name: str) -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        await filmed(b, "one")
        await b.running("two")
        assert await b.dispatcher.cancel(name)
        assert isinstance(await b.ended(name), JobCancelled)
        other = "two" if name == "one" else "one"
        (await b.running(other)).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended(other), JobSucceeded)


async def test_a_cancelled_job_whose_clip_was_encoded_anyway_is_cancelled() -> None:
    async with bench() as b:
        b.executor.obeys_cancel = False
        b.dispatcher.submit(make_job("one"))
        await filmed(b, "one")
        await b.until(lambda: b.dispatcher.alive)
        assert await b.dispatcher.cancel("one")
        feed = await b.running("one")
        feed.put_nowait(ENCODING)
        feed.put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobCancelled)
        assert not any(isinstance(event, JobProgressed) for event in b.told)


async def test_a_crash_while_two_jobs_share_a_worker_brings_each_back_once_and_alone() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        await filmed(b, "one")
        second, first = await b.running("two"), await b.running("one")
        second.put_nowait(Faulted(error=WorkerCrashed(-9)))
        first.put_nowait(Faulted(error=WorkerLost()))
        for name in ("one", "two"):
            await b.until(lambda: any(attempt == 2 for _, attempt in b.executor.feeds))
            [(again, _)] = [key for key in b.executor.feeds if key[1] == 2]
            b.executor.feeds[again, 2].put_nowait(Done(clip=make_clip()))
            assert isinstance(await b.ended(again), JobSucceeded), name
        told = [(each.job_id, each.attempt, each.alone) for each in b.executor.executions]
        assert told[:2] == [("one", 1, False), ("two", 1, False)]
        assert sorted(told[2:]) == [("one", 2, True), ("two", 2, True)]


async def test_a_given_up_encoding_ends_as_that_fault_and_holds_up_nobody() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        await filmed(b, "one")
        second = await b.running("two")
        assert b.dispatcher.give_up("one", 1, WorkerHung(30, "encoding"))
        second.put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("two"), JobSucceeded)
        (await b.running("one", 2)).put_nowait(Done(clip=make_clip()))
        assert isinstance(await b.ended("one"), JobSucceeded)


async def test_closing_waits_for_what_is_encoded_and_starts_nothing() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        await filmed(b, "one")
        await b.settle()
        closing = asyncio.create_task(b.dispatcher.close(30))
        await b.settle()
        b.dispatcher.submit(make_job("two"))
        await b.settle()
        assert not closing.done()
        (await b.running("one")).put_nowait(Done(clip=make_clip()))
        await closing
        assert isinstance(await b.ended("one"), JobSucceeded)
        assert len(b.executor.executions) == 1


async def test_closing_leaves_both_jobs_unreported_where_no_time_is_left() -> None:
    async with bench() as b:
        b.dispatcher.submit(make_job("one"))
        b.dispatcher.submit(make_job("two"))
        await filmed(b, "one")
        await b.running("two")
        await b.dispatcher.close(0)
        assert b.endings("one") == b.endings("two") == []
        assert b.executor.feeds == {}


async def test_a_member_is_charged_the_seconds_of_the_pictures_and_not_of_the_encoding() -> None:
    """One who waits as long as the other goes first if less was made for them."""
    async with bench() as b:
        clip = make_clip(generation_seconds=2.0, encoding_seconds=100.0)
        for user, name in ((1, "a"), (2, "b"), (1, "c"), (2, "d")):
            b.dispatcher.submit(make_job(name, user_id=user))
        (await b.running("a")).put_nowait(Filmed(seconds=2.0))
        (await b.running("b")).put_nowait(Filmed(seconds=3.0))
        (await b.running("a")).put_nowait(Done(clip=clip))
        await b.running("c")
        assert [each.job_id for each in b.executor.executions] == ["a", "b", "c"]


async def test_an_outcome_that_storage_does_not_take_holds_up_the_job_after_the_next() -> None:
    taken = asyncio.Event()

    async def book(event: JobEvent) -> None:
        if isinstance(event, JobSucceeded) and event.job.id == "one":
            await taken.wait()

    async with bench(listeners=(book,)) as b:
        for name in ("one", "two", "three"):
            b.dispatcher.submit(make_job(name))
        await filmed(b, "one")
        (await b.running("one")).put_nowait(Done(clip=make_clip()))
        (await b.running("two")).put_nowait(Done(clip=make_clip()))
        await b.ended("two")
        assert ("three", 1) not in b.executor.feeds
        taken.set()
        await b.running("three")
