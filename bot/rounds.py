"""What is done again and again beside the bot's work, each thing at its own interval."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Rounds:
    """A round that raises is logged, and comes again at its time."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def every(
        self,
        seconds: float,
        name: str,
        act: Callable[[], Awaitable[object]],
        *,
        at_once: bool = False,
    ) -> None:
        """Acts after so many seconds, and so many after each end; `at_once` without waiting for the
        first. Needs a running event loop."""
        first = 0.0 if at_once else seconds
        self._tasks.append(asyncio.create_task(_repeat(first, seconds, name, act), name=name))

    @property
    def alive(self) -> bool:
        """Whether every round still comes again."""
        return not any(task.done() for task in self._tasks)

    async def close(self) -> None:
        """Stops all rounds, in the middle if need be."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _repeat(
    first: float, seconds: float, name: str, act: Callable[[], Awaitable[object]]
) -> None:
    for pause in itertools.chain((first,), itertools.repeat(seconds)):
        await asyncio.sleep(pause)
        try:
            await act()
        except Exception:
            log.exception("round.failed", round=name)
