"""`python -m bot remake`: a clip made again from what is stored of it, held against the kept file.

For an operator who changed a library, a driver or a card and wants to know whether earlier clips
still come out the same.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import aclosing
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bot.errors import JobUnavailable, NoFinishedClip
from bot.generation_parts import local_executor
from bot.request_files import files_of
from config.settings import Settings
from generation.clip import Clip, ClipFacts
from generation.errors import GenerationFailed
from generation.executor import Done, Execution, Executor, Faulted
from generation.request import GenerationRequest
from storage import jobs
from storage.database import Database
from storage.errors import UnknownJob
from storage.jobs import JobRecord
from storage.media_files import MediaFiles


async def run(settings: Settings, job_id: str, *, out: Path | None) -> int:
    """Prints what differs from then; 1 if a picture does.

    Raises JobUnavailable, NoFinishedClip, MediaFileMissing, MediaFileCorrupt, ExecutionError.
    """
    record = await _record(settings, job_id)
    media_files = MediaFiles(settings.storage.media_folder)
    execution = await execution_of(record, media_files)
    suffix = execution.request.command.suffix
    kept = await media_files.read(record.clip_sha256 or "", suffix)
    executor = local_executor(settings, preload=None)
    await executor.start()
    try:
        clip = await _made(executor, execution)
    finally:
        await executor.close()
    if out is not None:
        await asyncio.to_thread(out.write_bytes, clip.media)
    for line in changes(ClipFacts.from_json(record.clip_json or ""), clip.facts):
        print(line)
    different, count = _different_pictures(kept, clip.media)
    print(f"{different} of {count} pictures differ." if different else "The pictures are the same.")
    return 1 if different else 0


async def execution_of(record: JobRecord, media_files: MediaFiles) -> Execution:
    """What makes the clip of this row again. Raises NoFinishedClip for a row that cannot say."""
    making = ClipFacts.from_json(record.clip_json).making if record.clip_json else None
    if making is None or not record.clip_sha256:
        raise NoFinishedClip(record.id)
    request = GenerationRequest.from_json(record.request_json)
    return Execution(
        job_id=record.id,
        attempt=record.attempt,
        request=request,
        max_bytes=making.max_bytes,
        files=await files_of(media_files, request),
        making=making,
    )


def changes(then: ClipFacts, now: ClipFacts) -> Iterator[str]:
    """A line for everything that the pictures depend on and that is not as it was."""
    before, after = _flat(then), _flat(now)
    for name in sorted(before | after):
        if before.get(name) != after.get(name):
            was, is_now = (settings.get(name) or "nothing" for settings in (before, after))
            yield f"{name.replace('_', ' ')}: was {was}, is {is_now}"


def _flat(facts: ClipFacts) -> dict[str, Any]:
    if facts.making is None:
        return {}
    making = dataclasses.asdict(facts.making)
    return {"revision": facts.model_revision, **making.pop("versions"), **making}


async def _record(settings: Settings, job_id: str) -> JobRecord:
    database = await Database.open(settings.storage.database_url)
    try:
        return await database.read(lambda connection: jobs.get(connection, job_id))
    except UnknownJob:
        raise JobUnavailable(job_id) from None
    finally:
        await database.close()


async def _made(executor: Executor, execution: Execution) -> Clip:
    """Raises what the execution ends with, if that is no clip."""
    async with aclosing(executor.run(execution)) as events:
        async for event in events:
            match event:
                case Done(clip=clip):
                    return clip
                case Faulted(error=error):
                    raise error
                case _:
                    pass
    raise GenerationFailed("it was stopped")


def _different_pictures(one: bytes, other: bytes) -> tuple[int, int]:
    """How many pictures of two clips are not the same, of how many."""
    # Not at the top: the bot's process needs no decoder for anything else.
    from generation.decoding import pictures

    pairs = zip_longest(pictures(one), pictures(other))
    same = [a is not None and b is not None and a.tobytes() == b.tobytes() for a, b in pairs]
    return same.count(False), len(same)
