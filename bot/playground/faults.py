"""Faults that a test asks for: an error, a rate limit, a lost connection, an event told twice."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.json_types import JsonObject


@dataclass(kw_only=True)
class Fault:
    """What the next `times` requests of a route meet.

    `after_effect`: the request is carried out first and only its answer is lost.
    """

    kind: Literal["error", "rate_limit", "drop"]
    times: int
    status: int = 500
    body: JsonObject = field(
        default_factory=lambda: {"message": "Internal Server Error", "code": 0}
    )
    retry_after_seconds: float = 0.0
    after_effect: bool = False


class FaultPlan:
    """The faults that wait for their request, by method and path template."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, str], list[Fault]] = {}

    def fail(
        self,
        method: str,
        path_template: str,
        *,
        status: int = 500,
        code: int = 0,
        message: str = "Internal Server Error",
        times: int = 1,
        after_effect: bool = False,
    ) -> None:
        """Answer the next `times` requests with an error."""
        body = {"message": message, "code": code}
        fault = Fault(
            kind="error", times=times, status=status, body=body, after_effect=after_effect
        )
        self._add(method, path_template, fault)

    def rate_limit(
        self, method: str, path_template: str, *, retry_after_seconds: float, times: int = 1
    ) -> None:
        """Answer the next `times` requests with 429."""
        fault = Fault(kind="rate_limit", times=times, retry_after_seconds=retry_after_seconds)
        self._add(method, path_template, fault)

    def drop(
        self, method: str, path_template: str, *, times: int = 1, after_effect: bool = False
    ) -> None:
        """Cut the connection of the next `times` requests."""
        fault = Fault(kind="drop", times=times, after_effect=after_effect)
        self._add(method, path_template, fault)

    def clear(self) -> None:
        """Forget all faults that have not happened."""
        self._faults.clear()

    def take(self, method: str, path_template: str) -> Fault | None:
        """The fault that this request meets, used up by one."""
        waiting = self._faults.get((method, path_template))
        if not waiting:
            return None
        fault = waiting[0]
        fault.times -= 1
        if fault.times <= 0:
            waiting.pop(0)
        return fault

    def _add(self, method: str, path_template: str, fault: Fault) -> None:
        self._faults.setdefault((method, path_template), []).append(fault)


class EventFaults:
    """What happens to gateway events on their way to the bot, by the event's name."""

    def __init__(self) -> None:
        self._repeats: Counter[str] = Counter()
        self._late: Counter[str] = Counter()
        self._held: list[tuple[str, JsonObject]] = []

    def repeat(self, name: str, *, times: int = 1) -> None:
        """Tell each of the next `times` such events twice."""
        self._repeats[name] += times

    def delay(self, name: str) -> None:
        """Tell the next such event only after the one of that name that follows it."""
        self._late[name] += 1

    def told(self, name: str, data: JsonObject) -> list[JsonObject]:
        """What to tell in place of this event, in order."""
        if self._late[name]:
            self._late[name] -= 1
            self._held.append((name, data))
            return []
        copies = 2 if self._repeats[name] else 1
        self._repeats[name] -= copies - 1
        held = [event for held_name, event in self._held if held_name == name]
        self._held = [event for event in self._held if event[0] != name]
        return [data] * copies + held
