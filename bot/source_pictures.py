"""Pictures to make clips of: uploads, and stills that a job of this server made."""

from __future__ import annotations

import asyncio

import discord

from bot.source_clips import latest, made_by
from config.settings import LimitsSettings
from generation.errors import InvalidRequest, UnusableImage
from generation.uploads import read_image
from storage.database import Database

DECODERS_AT_ONCE = 2  # each is a process with some hundred MiB of address space


class SourcePictures:
    def __init__(self, *, database: Database, limits: LimitsSettings) -> None:
        self._database = database
        self._limits = limits
        self._decoders = asyncio.Semaphore(DECODERS_AT_ONCE)

    async def of_upload(self, upload: discord.Attachment) -> bytes:
        """The picture as clean PNG bytes. Raises UnusableImage."""
        limits = self._limits
        if upload.size > limits.image_bytes:
            most = limits.image_bytes / 2**20
            raise UnusableImage(f"it has {upload.size / 2**20:.1f} MiB; {most:g} MiB are allowed")
        async with self._decoders:
            return await read_image(
                await upload.read(), max_bytes=limits.image_bytes, max_pixels=limits.image_pixels
            )

    async def of_job(self, named: str, *, guild_id: int | None, user_id: int) -> str:
        """The hash of the still of the job of this id, or of this card's link.

        Raises what `made_by` raises, and InvalidRequest for a clip.
        """
        made = await made_by(self._database, named, guild_id=guild_id, user_id=user_id)
        if not made.facts.is_still:
            raise InvalidRequest(
                "still", f"{made.record.id} is a clip; /extend and /restyle work on it"
            )
        return made.sha256

    async def latest(self, *, guild_id: int, user_id: int) -> tuple[tuple[str, str], ...]:
        """The member's newest stills here, as job id and a line about each."""
        return await latest(self._database, guild_id=guild_id, user_id=user_id, stills=True)
