"""Pictures to make clips of: uploads, stills that a job of this server made, and pictures of its
clips."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import discord

from bot.request_files import file_name, read_upload
from bot.source_clips import MadeFile, made_by
from config.settings import LimitsSettings
from generation.decoding import still
from generation.errors import InvalidRequest, UnusableImage
from generation.uploads import read_image
from storage.database import Database
from storage.media_files import MediaFiles

DECODERS_AT_ONCE = 2  # each is a process with some hundred MiB of address space
MOMENT = re.compile(r"(?P<named>.+)@\s*(?P<second>\d{1,4}(?:[.,]\d{1,3})?)\s*s?")
"""A job's id or link, and the second of its clip."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPicture:
    """`png` are the bytes of a new picture; a still's are in the media files."""

    sha256: str
    png: bytes | None = None


def uploads(found: Iterable[FoundPicture | None]) -> dict[str, bytes]:
    """What is not in the media files yet, by hash."""
    return {each.sha256: each.png for each in found if each is not None and each.png is not None}


class SourcePictures:
    def __init__(
        self, *, database: Database, media_files: MediaFiles, limits: LimitsSettings
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._limits = limits
        self._decoders = asyncio.Semaphore(DECODERS_AT_ONCE)

    async def find(
        self,
        interaction: discord.Interaction[Any],
        upload: discord.Attachment | None,
        named: str | None,
        *,
        number: str = "",
    ) -> FoundPicture | None:
        """What the options `image` and `still` (with this number) give; None without both.

        Raises InvalidRequest for both at once, and what `of_upload` and `of_job` raise.
        """
        if upload is not None and named is not None:
            raise InvalidRequest(
                f"image{number}", f"is given twice: upload one or name a still{number}"
            )
        if upload is not None:
            return await self.of_upload(upload)
        if named is None:
            return None
        return await self.of_job(
            named,
            field=f"still{number}",
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
        )

    async def of_upload(self, upload: discord.Attachment) -> FoundPicture:
        """The picture as clean PNG bytes. Raises UnusableImage."""
        limits = self._limits
        data = await read_upload(upload, max_bytes=limits.image_bytes, unusable=UnusableImage)
        async with self._decoders:
            png = await read_image(
                data, max_bytes=limits.image_bytes, max_pixels=limits.image_pixels
            )
        return FoundPicture(sha256=file_name(png), png=png)

    async def of_job(
        self, named: str, *, field: str, guild_id: int | None, user_id: int
    ) -> FoundPicture:
        """The still of the job of this id, or of this card's link; of a clip its first picture, or
        the one at the second that stands behind an `@`.

        Raises what `made_by` raises, MediaFileMissing, MediaFileCorrupt, and InvalidRequest for a
        second that the clip does not have.
        """
        moment = MOMENT.fullmatch(named.strip(" `<>"))
        job = moment["named"].rstrip() if moment else named
        made = await made_by(self._database, job, guild_id=guild_id, user_id=user_id)
        if made.facts.is_still:
            if moment:
                raise InvalidRequest(field, f"{made.record.id} is a picture: leave out the @")
            return FoundPicture(sha256=made.sha256)
        second = float(moment["second"].replace(",", ".")) if moment else 0.0
        if second > made.facts.seconds:
            longest = f"{made.facts.seconds:.2f}"
            raise InvalidRequest(field, f"{made.record.id} has seconds 0 to {longest} only")
        return await self._of_clip(made, second)

    async def _of_clip(self, made: MadeFile, second: float) -> FoundPicture:
        media = await self._media_files.read(made.sha256, ".mp4")
        png = await asyncio.to_thread(still, media, second)
        return FoundPicture(sha256=file_name(png), png=png)
