"""A paused guild's jobs wait, others go on, and nothing of either is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generation.fairness.queue import FairQueue
from tests.generation.builders import make_job
from tests.generation.fairness.test_queue import claim_at_once, make_queue, run_all


def fill(queue: FairQueue, *names: str) -> None:
    """The first letter is the guild and its only user."""
    for name in names:
        queue.put(make_job(name, guild_id=ord(name[0]), user_id=ord(name[0])))


async def test_a_paused_guild_waits_while_others_go_on() -> None:
    queue = make_queue()
    fill(queue, "A1", "B1", "A2", "B2")
    queue.pause(ord("A"))
    fill(queue, "A3", "B3")
    started = [await claim_at_once(queue) for _ in range(1)]
    order = [job.id for job in started if job]
    while (running := order[-1]) and queue.holds(running):
        queue.release(running)
        job = await claim_at_once(queue)
        if job is None:
            break
        order.append(job.id)
    assert order == ["B1", "B2", "B3"]
    assert queue.waiting == 3
    assert [queue.place(name) for name in ("A1", "A2", "A3")] == [0, 1, 2]
    queue.resume(ord("A"))
    assert await run_all(queue) == ["A1", "A2", "A3"]


async def test_what_ran_when_its_guild_was_paused_waits_first_in_line_if_it_comes_back() -> None:
    queue = make_queue()
    fill(queue, "A1", "A2")
    running = await queue.claim()
    queue.pause(ord("A"))
    queue.requeue(running)
    assert await claim_at_once(queue) is None
    queue.resume(ord("A"))
    assert await run_all(queue) == ["A1", "A2"]


async def test_a_job_that_nobody_has_ordered_yet_would_wait_behind_its_paused_guild_s() -> None:
    queue = make_queue()
    fill(queue, "A1", "B1", "B2")
    queue.pause(ord("A"))
    fill(queue, "A2")
    wanted = make_job("A3", guild_id=ord("A"), user_id=ord("A"))
    assert queue.place_of(wanted) == 2
    assert not queue.holds("A3")
    queue.resume(ord("A"))
    foretold = queue.place_of(wanted)
    fill(queue, "A3")
    assert queue.place("A3") == foretold


async def test_a_job_of_a_paused_guild_can_be_cancelled() -> None:
    queue = make_queue(of_user=2)
    fill(queue, "A1", "A2")
    queue.pause(ord("A"))
    cancelled = queue.cancel("A1")
    assert cancelled is not None
    assert cancelled.id == "A1"
    assert not queue.holds("A1")
    with queue.room_for(guild_id=ord("A"), user_id=ord("A")):
        assert queue.waiting == 1
    queue.resume(ord("A"))
    assert await run_all(queue) == ["A2"]


async def test_pausing_twice_is_pausing_once() -> None:
    queue = make_queue()
    fill(queue, "A1")
    queue.pause(ord("A"))
    queue.pause(ord("A"))
    assert queue.paused(ord("A"))
    queue.resume(ord("A"))
    queue.resume(ord("A"))
    assert not queue.paused(ord("A"))
    assert await run_all(queue) == ["A1"]


@given(st.lists(st.sampled_from(["put A", "put B", "pause", "resume", "run"]), max_size=30))
async def test_every_job_starts_once_and_in_the_order_of_its_user(acts: list[str]) -> None:
    queue = make_queue()
    put: list[str] = []
    started: list[str] = []
    for number, act in enumerate(acts):
        if act.startswith("put"):
            put.append(f"{act[-1]}{number}")
            fill(queue, put[-1])
        elif act == "run":
            job = await claim_at_once(queue)
            if job is not None:
                assert job.id[0] == "B" or not queue.paused(ord("A"))
                started.append(job.id)
                queue.release(job.id)
        else:
            (queue.pause if act == "pause" else queue.resume)(ord("A"))
    queue.resume(ord("A"))
    started += await run_all(queue)
    for user in "AB":
        of_user = [name for name in put if name[0] == user]
        assert [name for name in started if name[0] == user] == of_user
