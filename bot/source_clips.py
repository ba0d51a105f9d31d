"""Clips to work on: one that a job of this server made, or a video that a member uploads."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import discord

from bot.errors import NoFinishedClip, NotAllowed
from bot.guild_jobs import job_of_guild
from bot.request_files import file_name
from config.settings import LimitsSettings
from generation.clip import ClipFacts
from generation.errors import UnusableVideo
from generation.request import GenerationRequest, SourceClip
from generation.uploads import read_video
from storage import jobs
from storage.database import Database

VIDEOS_AT_ONCE = 1  # each is a process with two threads and up to 2 GiB of address space
LATEST_JOBS = 25


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

    async def of_job(self, job_id: str, *, guild_id: int | None, user_id: int) -> FoundClip:
        """The clip that the job made.

        Raises JobUnavailable, NotAllowed where it is another member's private one, and
        NoFinishedClip.
        """
        record = await job_of_guild(self._database, job_id, guild_id=guild_id)
        if record.private and record.user_id != user_id:
            raise NotAllowed("build on")
        if record.state != "succeeded" or not record.clip_json or not record.clip_sha256:
            raise NoFinishedClip(job_id)
        facts = ClipFacts.from_json(record.clip_json)
        source = SourceClip(
            sha256=record.clip_sha256,
            width=facts.width,
            height=facts.height,
            fps=facts.fps,
            seconds=facts.seconds,
            job_id=record.id,
        )
        return FoundClip(source=source, request=GenerationRequest.from_json(record.request_json))

    async def of_upload(self, upload: discord.Attachment) -> FoundClip:
        """The video made a clip of ours. Raises UnusableVideo."""
        limits = self._limits
        if upload.size > limits.video_bytes:
            most = limits.video_bytes / 2**20
            raise UnusableVideo(f"it has {upload.size / 2**20:.1f} MiB; {most:g} MiB are allowed")
        async with self._decoders:
            video = await read_video(
                await upload.read(),
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
        )
        return FoundClip(source=source, media=video.media)

    async def latest(self, *, guild_id: int, user_id: int) -> tuple[tuple[str, str], ...]:
        """The member's newest finished clips here, as job id and a line about each."""
        records = await self._database.read(
            lambda connection: jobs.of_user(
                connection, guild_id=guild_id, user_id=user_id, limit=LATEST_JOBS
            )
        )
        return tuple(
            (record.id, f"{GenerationRequest.from_json(record.request_json).prompt}"[:60])
            for record in records
            if record.state == "succeeded" and record.clip_sha256
        )
