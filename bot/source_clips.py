"""Clips to work on: one that a job of this server made, or a video that a member uploads."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import discord

from bot.errors import NoCardThere, NoFinishedClip, NotAllowed, StillBlind, TwoClipsThere
from bot.guild_jobs import job_of_guild, require_up
from bot.request_files import file_name, read_upload
from config.settings import LimitsSettings
from generation.clip import ClipFacts
from generation.errors import InvalidRequest, UnusableVideo
from generation.request import Command, GenerationRequest, SourceClip
from generation.uploads import read_video
from storage import comparisons, jobs
from storage.comparisons import BLIND, Comparison
from storage.database import Connection, Database
from storage.jobs import JobRecord

VIDEOS_AT_ONCE = 1  # each is a process with two threads and up to 2 GiB of address space
LATEST_JOBS = 25
MESSAGE_LINK = re.compile(r"https?://[\w.:-]+/channels/\d+/\d+/(?P<message>\d{1,19})/?")
"""What Discord's "Copy Message Link" gives."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundClip:
    """`media` are the bytes of an upload; those of a job's clip are in the media files. `request`
    made the clip."""

    source: SourceClip
    media: bytes | None = None
    request: GenerationRequest | None = None


class SourceClips:
    def __init__(self, *, database: Database, limits: LimitsSettings) -> None:
        self._database = database
        self._limits = limits
        self._decoders = asyncio.Semaphore(VIDEOS_AT_ONCE)

    async def of_job(self, named: str, *, guild_id: int | None, user_id: int) -> FoundClip:
        """The clip of the job of this id, or of this card's link.

        Raises what `made_by` raises, and InvalidRequest for a still.
        """
        return clip_in(await made_by(self._database, named, guild_id=guild_id, user_id=user_id))

    async def record(
        self, named: str, *, guild_id: int | None, user_id: int, action: str
    ) -> JobRecord:
        """The job of this id, or of this card's link, finished or not: see `job_named`."""
        return await job_named(
            self._database, named, guild_id=guild_id, user_id=user_id, action=action
        )

    async def of_upload(self, upload: discord.Attachment) -> FoundClip:
        """The video made a clip of ours. Raises UnusableVideo."""
        limits = self._limits
        data = await read_upload(upload, max_bytes=limits.video_bytes, unusable=UnusableVideo)
        async with self._decoders:
            video = await read_video(
                data,
                max_bytes=limits.video_bytes,
                max_pixels=limits.video_pixels,
                max_seconds=limits.video_seconds,
            )
        source = SourceClip(
            sha256=file_name(video.media),
            width=video.width,
            height=video.height,
            fps=video.fps,
            seconds=video.seconds,
            generated=False,
        )
        return FoundClip(source=source, media=video.media)


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeFile:
    """What a finished job made."""

    record: JobRecord
    facts: ClipFacts
    sha256: str


async def made_by(
    database: Database, named: str, *, guild_id: int | None, user_id: int
) -> MadeFile:
    """What the job made whose id, or whose card's link, this is.

    Raises what `job_named` raises, and NoFinishedClip.
    """
    record = await job_named(database, named, guild_id=guild_id, user_id=user_id, action="build on")
    return made_in(record)


def made_in(record: JobRecord) -> MadeFile:
    """Raises NoFinishedClip."""
    if record.state != "succeeded" or not record.clip_json or not record.clip_sha256:
        raise NoFinishedClip(record.id)
    facts = ClipFacts.from_json(record.clip_json)
    return MadeFile(record=record, facts=facts, sha256=record.clip_sha256)


def clip_in(made: MadeFile) -> FoundClip:
    """Raises InvalidRequest for a still."""
    record, facts = made.record, made.facts
    if facts.is_still:
        raise InvalidRequest("clip", f"{record.id} is a picture; /animate makes a clip of it")
    request = GenerationRequest.from_json(record.request_json)
    source = SourceClip(
        sha256=made.sha256,
        width=facts.width,
        height=facts.height,
        fps=facts.fps,
        seconds=facts.seconds,
        job_id=record.id,
        generated=request.generated,
    )
    return FoundClip(source=source, request=request)


async def job_named(
    database: Database, named: str, *, guild_id: int | None, user_id: int, action: str
) -> JobRecord:
    """The job of this id, or of this card's link, for somebody who wants to do the action (a verb).

    Raises JobUnavailable, NoCardThere, TwoClipsThere, NotAllowed where it is another member's
    private one, ClipTakenDown, and StillBlind where a comparison keeps its model secret.
    """
    try:
        record = await any_job_named(database, named, guild_id=guild_id)
    except TwoClipsThere as error:
        await _require_revealed(database, error.job_ids[0])
        raise
    if record.private and record.user_id != user_id:
        raise NotAllowed(action)
    require_up(record)
    await _require_revealed(database, record.id)
    return record


async def any_job_named(database: Database, named: str, *, guild_id: int | None) -> JobRecord:
    """The same for moderators, whatever it is.

    Raises JobUnavailable, NoCardThere, TwoClipsThere.
    """
    named = named.strip(" `<>")
    if link := MESSAGE_LINK.fullmatch(named):
        return await _shown_by(database, int(link["message"]), guild_id=guild_id, link=named)
    return await job_of_guild(database, named, guild_id=guild_id)


async def _shown_by(
    database: Database, message_id: int, *, guild_id: int | None, link: str
) -> JobRecord:
    def read(connection: Connection) -> tuple[JobRecord, Comparison | None] | None:
        found = jobs.find_by_card(connection, guild_id=guild_id or 0, card_message_id=message_id)
        return None if found is None else (found, comparisons.of_job(connection, found.id))

    shown = await database.read(read)
    if shown is None:
        raise NoCardThere(link)
    record, both = shown
    if both is not None and both.state != "called_off":
        raise TwoClipsThere(both.job_ids)
    return record


async def _require_revealed(database: Database, job_id: str) -> None:
    """Raises StillBlind where a comparison keeps secret what made the job's clip."""
    both = await database.read(lambda connection: comparisons.of_job(connection, job_id))
    if both is not None and both.state in BLIND:
        raise StillBlind(job_id)


async def latest(
    database: Database, *, guild_id: int, user_id: int, stills: bool
) -> tuple[tuple[str, str], ...]:
    """The member's newest finished clips here, with `stills` those too, as job id and a line about
    each."""
    records = await database.read(
        lambda connection: jobs.of_user(
            connection, guild_id=guild_id, user_id=user_id, limit=LATEST_JOBS
        )
    )
    return tuple(
        (record.id, GenerationRequest.from_json(record.request_json).prompt[:60])
        for record in records
        if record.state == "succeeded"
        and record.clip_sha256
        and record.takedown_reason is None
        and (stills or not Command(record.command).makes_still)
    )
