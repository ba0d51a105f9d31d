"""The clock that tests move."""

import asyncio

from bot.playground.clock import ManualClock, SystemClock


async def test_advancing_calls_what_is_due_in_order() -> None:
    clock, called = ManualClock(), list[str]()
    clock.call_later(3, lambda: called.append("second"))
    clock.call_later(1, lambda: called.append("first"))
    clock.call_later(2, lambda: called.append("never")).cancel()
    clock.call_later(60, lambda: called.append("later"))
    clock.advance(3)
    assert called == ["first", "second"]


async def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock()
    before = clock.now()
    await asyncio.sleep(0.002)
    assert clock.now() == before


async def test_a_running_clock_goes_on_and_can_jump() -> None:
    clock, rung = ManualClock(running=True), asyncio.Event()
    before = clock.now()
    clock.call_later(0.001, rung.set)
    await rung.wait()
    clock.advance(3600)
    assert (clock.now() - before).total_seconds() > 3600


async def test_the_system_clock_rings() -> None:
    clock, rung = SystemClock(), asyncio.Event()
    clock.call_later(0.001, rung.set)
    await rung.wait()
    assert clock.now().tzinfo is not None
