"""The seam between the queue and whatever runs pipelines.

Everything that crosses is frozen data: an executor may be a process on this machine or an actor
on another, so neither memory nor callables are shared. An execution is named by (job id,
attempt); a late event of an earlier attempt is told apart by it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from generation.clip import Clip, Making
from generation.errors import ExecutionError
from generation.job import Progress
from generation.request import GenerationRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One attempt at one job. The clip must fit into `max_bytes`; `files` holds the bytes of what
    the request names, by SHA-256.

    `spare_memory` asks for the same clip in less memory, however long that takes: an earlier
    attempt ran out of it. `making` asks for the pictures of a clip that was made so: its model is
    held as it was then. One that is `alone` shares its process with no other, not even one whose
    file is being encoded: an earlier attempt failed, and a crash is to tell whose fault it is.
    """

    job_id: str
    attempt: int
    request: GenerationRequest
    max_bytes: int
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    spare_memory: bool = False
    making: Making | None = None
    alone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Filmed:
    """The pictures are made, which took `seconds` beyond loading the model. What is left needs no
    device: the slot may be given another execution. None comes for one that is alone.
    """

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """Last event of an execution that made its clip."""

    clip: Clip


@dataclass(frozen=True, kw_only=True, slots=True)
class Faulted:
    """Last event of an execution that made none."""

    error: ExecutionError


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped:
    """Last event of an execution that was cancelled."""


ExecutionEvent = Progress | Filmed | Done | Faulted | Stopped


class ExecutionStatus(StrEnum):
    UNKNOWN = "unknown"
    RUNNING = "running"
    ENDED = "ended"


class Executor(Protocol):
    """Runs executions: at most `slots` at once whose pictures are being made, and behind each of
    these one whose file is.

    A slot keeps the model of its last execution loaded. An execution goes to a free slot that has
    its model loaded, else to the one free longest; the fair order counts on it.
    """

    @property
    def slots(self) -> int: ...

    @property
    def unable(self) -> Mapping[str, str]:
        """Why it cannot run some of the enabled models, by id, in words for members.

        Empty as long as nothing is known.
        """
        ...

    def run(self, execution: Execution) -> AsyncGenerator[ExecutionEvent, None]:
        """Progress events and perhaps one Filmed, then exactly one of Done, Faulted, Stopped.

        `cancel` finds the execution from the moment that the first event is awaited. Closing
        the generator early stops it.
        """
        ...

    async def cancel(self, job_id: str, attempt: int) -> bool:
        """Asks the execution to stop at its next step; False if there is none such."""
        ...

    async def status(self, job_id: str, attempt: int) -> ExecutionStatus: ...
