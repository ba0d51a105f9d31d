"""Pictures to make clips of, as members upload them."""

from __future__ import annotations

import asyncio

import discord

from config.settings import LimitsSettings
from generation.errors import UnusableImage
from generation.uploads import read_image

DECODERS_AT_ONCE = 2  # each is a process with some hundred MiB of address space


class SourcePictures:
    def __init__(self, *, limits: LimitsSettings) -> None:
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
