"""Requests, jobs and clips for tests; every field has a default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generation.clip import Clip, ClipFacts, UnfinishedClip
from generation.executor import Execution
from generation.job import Job, Progress
from generation.request import Command, GenerationRequest


def make_request(**fields: Any) -> GenerationRequest:
    defaults: dict[str, Any] = {
        "command": Command.IMAGINE_VIDEO,
        "prompt": "a red circle moving right",
        "model": "pocket",
        "seconds": 1.0,
        "aspect": "1:1",
        "seed": 7,
        "steps": 4,
        "guidance": 3.0,
    }
    return GenerationRequest(**{**defaults, **fields})


def make_job(job_id: str = "job", **fields: Any) -> Job:
    defaults: dict[str, Any] = {"guild_id": 1, "user_id": 1, "request": make_request()}
    return Job(id=job_id, **{**defaults, **fields})


def make_clip(**facts: Any) -> Clip:
    defaults: dict[str, Any] = {
        "width": 128,
        "height": 128,
        "fps": 12.0,
        "frames": 12,
        "seconds": 1.0,
        "size_bytes": 4,
        "has_audio": False,
        "seed": 7,
        "model": "pocket",
        "model_revision": "1",
        "generation_seconds": 1.0,
        "encoding_seconds": 0.1,
    }
    return Clip(media=b"clip", facts=ClipFacts(**{**defaults, **facts}))


def at_once(
    make: Callable[[Execution, Callable[[Progress], None]], Clip],
) -> Callable[[Execution, Callable[[Progress], None]], UnfinishedClip]:
    """How a worker films that makes its clips in one go."""

    def film(execution: Execution, on_progress: Callable[[Progress], None]) -> UnfinishedClip:
        clip = make(execution, on_progress)
        return UnfinishedClip(seconds=clip.facts.generation_seconds, finish=lambda: clip)

    return film
