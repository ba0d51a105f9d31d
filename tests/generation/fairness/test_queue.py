from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import QueueFull, UnknownJob
from generation.fairness.queue import FairQueue, QueueLimits
from generation.job import Job
from tests.generation.builders import make_job


def make_queue(
    *, slots: int = 1, running: int = 1, of_user: int = 100, in_guild: int = 100
) -> FairQueue:
    limits = QueueLimits(
        running_jobs_per_user=running,
        waiting_jobs_per_user=of_user,
        waiting_jobs_per_guild=in_guild,
    )
    return FairQueue(limits=limits, slots=slots)


async def claim_at_once(queue: FairQueue) -> Job | None:
    """The next job, or None where none may start now."""
    claim = asyncio.ensure_future(queue.claim())
    await asyncio.sleep(0)
    if claim.done():
        return claim.result()
    claim.cancel()
    await asyncio.gather(claim, return_exceptions=True)
    return None


async def run_all(queue: FairQueue, slots: int = 1, running: deque[Job] | None = None) -> list[str]:
    """Runs everything; jobs end in the order in which they began. Gives the order of starts."""
    order: list[str] = []
    running = deque() if running is None else running
    while queue.waiting or running:
        job = await claim_at_once(queue) if len(running) < slots else None
        if job is None:
            queue.release(running.popleft().id)
        else:
            order.append(job.id)
            running.append(job)
    return order


async def test_guilds_take_turns() -> None:
    queue = make_queue()
    for name in ("A1", "A2", "B1", "C1", "C2", "A3"):
        queue.put(make_job(name, guild_id=ord(name[0]), user_id=ord(name[0])))
    assert await run_all(queue) == ["A1", "B1", "C1", "A2", "C2", "A3"]


async def test_users_of_one_guild_take_turns() -> None:
    queue = make_queue()
    for name in ("A1", "A2", "B1", "C1", "C2", "A3"):
        queue.put(make_job(name, guild_id=1, user_id=ord(name[0])))
    assert await run_all(queue) == ["A1", "B1", "C1", "A2", "C2", "A3"]


async def test_a_requeued_job_is_its_users_next() -> None:
    queue = make_queue()
    for name in ("one", "two", "three"):
        queue.put(make_job(name))
    first = await queue.claim()
    queue.requeue(first)
    assert await run_all(queue) == ["one", "two", "three"]


async def test_a_restored_job_that_had_started_goes_before_its_users_other_jobs() -> None:
    queue = make_queue(of_user=1)
    queue.restore([make_job("fresh"), make_job("begun", attempt=1), make_job("later")])
    assert await run_all(queue) == ["begun", "fresh", "later"]


async def test_a_begun_job_that_is_restored_late_goes_to_the_head_of_its_line() -> None:
    queue = make_queue()
    queue.put(make_job("fresh"))
    queue.restore([make_job("begun", attempt=1)])
    assert await run_all(queue) == ["begun", "fresh"]


async def test_a_relaxed_job_waits_behind_everybody_who_has_credits() -> None:
    queue = make_queue()
    queue.put(make_job("relaxed", guild_id=1, user_id=1, relaxed=True))
    for name in ("A1", "A2", "B1"):
        queue.put(make_job(name, guild_id=ord(name[0]), user_id=ord(name[0])))
    assert queue.place("relaxed") == 3
    assert await run_all(queue) == ["A1", "B1", "A2", "relaxed"]


async def test_a_relaxed_job_does_not_wait_for_nobody() -> None:
    queue = make_queue(slots=2)
    queue.put(make_job("A1", user_id=1))
    queue.put(make_job("A2", user_id=1))
    queue.put(make_job("relaxed", user_id=2, relaxed=True))
    assert [(await queue.claim()).id for _ in range(2)] == ["A1", "relaxed"]


async def test_others_overtake_a_user_who_runs_enough_jobs() -> None:
    queue = make_queue(slots=3, running=1)
    for name in ("A1", "A2", "B1"):
        queue.put(make_job(name, user_id=ord(name[0])))
    assert [job and job.id for job in [await claim_at_once(queue) for _ in range(3)]] == [
        "A1",
        "B1",
        None,
    ]
    queue.release("A1")
    assert (await queue.claim()).id == "A2"


async def test_a_users_running_limit_holds_over_all_guilds() -> None:
    queue = make_queue(slots=2, running=1)
    queue.put(make_job("here", guild_id=1))
    queue.put(make_job("there", guild_id=2))
    assert (await queue.claim()).id == "here"
    assert await claim_at_once(queue) is None


async def test_claim_waits_until_a_job_comes() -> None:
    queue = make_queue()
    claim = asyncio.create_task(queue.claim())
    await asyncio.sleep(0)
    assert not claim.done()
    queue.put(make_job("late"))
    assert (await claim).id == "late"


async def test_a_cancelled_claim_loses_no_job() -> None:
    queue = make_queue()
    claim = asyncio.create_task(queue.claim())
    await asyncio.sleep(0)
    queue.put(make_job("kept"))
    claim.cancel()
    await asyncio.gather(claim, return_exceptions=True)
    assert (await queue.claim()).id == "kept"


async def test_a_cancelled_job_never_runs() -> None:
    queue = make_queue()
    for name in ("one", "two", "three"):
        queue.put(make_job(name))
    taken = queue.cancel("two")
    assert taken is not None
    assert taken.id == "two"
    assert queue.cancel("two") is None
    assert await run_all(queue) == ["one", "three"]


async def test_a_running_job_is_no_longer_the_queues_to_cancel() -> None:
    queue = make_queue()
    queue.put(make_job("one"))
    await queue.claim()
    assert queue.cancel("one") is None


def test_a_users_waiting_limit_refuses_further_jobs() -> None:
    queue = make_queue(of_user=2)
    queue.put(make_job("one", guild_id=1))
    queue.put(make_job("two", guild_id=2))
    with pytest.raises(QueueFull) as refusal, queue.room_for(guild_id=1, user_id=1):
        pass
    assert (refusal.value.scope, refusal.value.limit) == ("user", 2)


def test_a_guilds_waiting_limit_spares_other_guilds() -> None:
    queue = make_queue(in_guild=2)
    queue.put(make_job("one", user_id=1))
    queue.put(make_job("two", user_id=2))
    with pytest.raises(QueueFull) as refusal, queue.room_for(guild_id=1, user_id=3):
        pass
    assert (refusal.value.scope, refusal.value.limit) == ("guild", 2)
    with queue.room_for(guild_id=2, user_id=3):
        pass


async def test_a_job_that_starts_makes_room_for_another() -> None:
    queue = make_queue(of_user=1)
    queue.put(make_job("one"))
    await queue.claim()
    with queue.room_for(guild_id=1, user_id=1):
        pass


def test_two_requests_at_once_cannot_both_have_the_last_place() -> None:
    queue = make_queue(of_user=1)
    with queue.room_for(guild_id=1, user_id=1):
        with pytest.raises(QueueFull), queue.room_for(guild_id=1, user_id=1):
            pass
        queue.put(make_job("one"))
    with pytest.raises(QueueFull), queue.room_for(guild_id=1, user_id=1):
        pass


def test_a_place_that_was_kept_and_not_used_is_free_again() -> None:
    queue = make_queue(of_user=1)
    with pytest.raises(ZeroDivisionError), queue.room_for(guild_id=1, user_id=1):
        raise ZeroDivisionError
    with queue.room_for(guild_id=1, user_id=1):
        queue.put(make_job("one"))


def test_the_place_of_a_job_that_is_nowhere_is_unknown() -> None:
    with pytest.raises(UnknownJob):
        make_queue().place("nowhere")


async def test_a_running_job_has_place_zero() -> None:
    queue = make_queue()
    queue.put(make_job("one"))
    await queue.claim()
    assert queue.place("one") == 0


ARRIVALS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=24)


def fill(queue: FairQueue, arrivals: list[tuple[int, int]]) -> list[Job]:
    jobs = [
        make_job(f"{number}", guild_id=guild, user_id=guild * 10 + user)
        for number, (guild, user) in enumerate(arrivals)
    ]
    for job in jobs:
        queue.put(job)
    return jobs


@given(
    arrivals=ARRIVALS, slots=st.integers(1, 3), running=st.integers(1, 2), begun=st.integers(0, 3)
)
def test_jobs_start_in_the_foretold_order(
    arrivals: list[tuple[int, int]], slots: int, running: int, begun: int
) -> None:
    async def scenario() -> None:
        queue = make_queue(slots=slots, running=running)
        waiting = [job.id for job in fill(queue, arrivals)]
        now_running: deque[Job] = deque()
        for _ in range(min(begun, slots)):
            job = await claim_at_once(queue)
            if job is not None:
                waiting.remove(job.id)
                now_running.append(job)
        places = {job_id: queue.place(job_id) for job_id in waiting}
        assert sorted(places.values()) == list(range(len(waiting)))
        order = await run_all(queue, slots, now_running)
        assert order == sorted(waiting, key=places.__getitem__)

    asyncio.run(scenario())


@given(arrivals=ARRIVALS, cancelled=st.sets(st.integers(0, 23)))
def test_every_job_runs_once_unless_cancelled_and_each_line_keeps_its_order(
    arrivals: list[tuple[int, int]], cancelled: set[int]
) -> None:
    async def scenario() -> None:
        queue = make_queue()
        jobs = fill(queue, arrivals)
        gone = {job.id for job in jobs if int(job.id) in cancelled and queue.cancel(job.id)}
        order = await run_all(queue)
        assert Counter(order) == Counter(job.id for job in jobs if job.id not in gone)
        for user_id in {job.user_id for job in jobs}:
            line = [job.id for job in jobs if job.user_id == user_id and job.id not in gone]
            assert [job_id for job_id in order if job_id in line] == line

    asyncio.run(scenario())


@given(arrivals=ARRIVALS)
def test_no_guild_is_served_twice_while_another_waits(arrivals: list[tuple[int, int]]) -> None:
    async def scenario() -> None:
        queue = make_queue()
        guild_of = {job.id: job.guild_id for job in fill(queue, arrivals)}
        order = [guild_of[job_id] for job_id in await run_all(queue)]
        for start, end in itertools.combinations(range(len(order)), 2):
            if order[start] == order[end]:
                left = set(order[end:]) - {order[start]}
                assert left <= set(order[start:end]), "a waiting guild was passed over"

    asyncio.run(scenario())


@given(floods=st.integers(1, 60))
async def test_a_flood_does_not_starve_the_second_guild(floods: int) -> None:
    queue = make_queue(of_user=100)
    for number in range(floods):
        queue.put(make_job(f"flood {number}", guild_id=1, user_id=1))
    await queue.claim()
    queue.release("flood 0")
    queue.put(make_job("small", guild_id=2, user_id=2))
    assert queue.place("small") <= 1
