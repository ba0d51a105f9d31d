"""A job: one accepted request on its way to a clip, and the events of its life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from generation.clip import Clip
from generation.errors import ExecutionError
from generation.request import GenerationRequest


class JobState(StrEnum):
    """Where a job is; all but the first two are terminal."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"
    """It took its worker down too often; its credits came back."""

    @property
    def terminal(self) -> bool:
        return self not in (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What queue and executor need of an accepted request; storage keeps the rest.

    `attempt` counts executions that were started: 0 for a job that never ran.
    `files` holds the bytes of what the request names, by SHA-256. A `relaxed` job was accepted
    without credits and starts only where no other job may. One that is to `spare_memory` ran out
    of it before.
    """

    id: str
    guild_id: int
    user_id: int
    request: GenerationRequest
    attempt: int = 0
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    relaxed: bool = False
    spare_memory: bool = False


class Stage(StrEnum):
    """What the executor is doing."""

    LOADING = "loading the model"
    GENERATING = "generating"
    DECODING = "decoding"
    SPEAKING = "speaking"
    COMPOSING = "composing"
    WAITING = "waiting until the clip before is encoded"
    ENCODING = "encoding"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """`step` of `steps` done in this stage; a film of several scenes counts all their steps."""

    stage: Stage
    step: int
    steps: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStarted:
    """The job left its lane; `job.attempt` is the number of this execution, from 1."""

    job: Job


@dataclass(frozen=True, kw_only=True, slots=True)
class JobProgressed:
    job: Job
    progress: Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRetrying:
    """An infrastructure fault; the job is back at the head of its lane."""

    job: Job
    fault: ExecutionError


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSucceeded:
    """Terminal."""

    job: Job
    clip: Clip


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFailed:
    """Terminal."""

    job: Job
    error: ExecutionError


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCancelled:
    """Terminal: cancelled while waiting or mid-step."""

    job: Job


JobEvent = JobStarted | JobProgressed | JobRetrying | JobSucceeded | JobFailed | JobCancelled
JobListener = Callable[[JobEvent], Awaitable[None]]
