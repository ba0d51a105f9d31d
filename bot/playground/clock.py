"""Time as the playground sees it: the system's, or one that a test moves."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer(Protocol):
    """A callback that has not been called yet."""

    def cancel(self) -> None:
        """Forget the callback; harmless when it has run."""


class Clock(Protocol):
    """What every deadline of the playground is measured with."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...

    def call_later(self, delay_seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, after `delay_seconds` of this clock."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)

    def call_later(self, delay_seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, after `delay_seconds`."""
        return asyncio.get_running_loop().call_later(delay_seconds, callback)


@dataclass(kw_only=True, eq=False)
class _Alarm:
    due: datetime
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """A clock that jumps when told to.

    It stands still in between, so that no deadline depends on the speed of the machine;
    with `running=True` it also goes on by itself, for tests in which rate limits must refill.
    """

    def __init__(self, *, running: bool = False) -> None:
        self._running = running
        self._stopped_at = datetime.now(UTC)
        self._shift = timedelta()
        self._alarms: list[_Alarm] = []

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return (datetime.now(UTC) if self._running else self._stopped_at) + self._shift

    def call_later(self, delay_seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once `advance` (or time itself, when running) has passed the delay."""
        alarm = _Alarm(due=self.now() + timedelta(seconds=delay_seconds), callback=callback)
        self._alarms.append(alarm)
        if self._running:
            asyncio.get_running_loop().call_later(delay_seconds + 0.001, self._ring)
        return alarm

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` and call everything that has become due, in order of time."""
        self._shift += timedelta(seconds=seconds)
        self._ring()

    def _ring(self) -> None:
        now = self.now()
        due = sorted((a for a in self._alarms if a.due <= now), key=lambda alarm: alarm.due)
        self._alarms = [a for a in self._alarms if a.due > now]
        for alarm in due:
            if not alarm.cancelled:
                alarm.callback()
