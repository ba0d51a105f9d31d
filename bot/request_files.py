"""The media files that a request names by their hash: pictures and clips to make its clip from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import discord

from generation.request import GenerationRequest
from generation.uploads import Unusable, refuse_too_large
from storage.media_files import MediaFiles


async def read_upload(
    upload: discord.Attachment, *, max_bytes: int, unusable: type[Unusable]
) -> bytes:
    """Refused by the size that Discord tells, before anything is downloaded. Raises `unusable`."""
    refuse_too_large(upload.size, max_bytes, unusable)
    return await upload.read()


def file_name(data: bytes) -> str:
    """What a request calls a file of these bytes."""
    return hashlib.sha256(data).hexdigest()


async def keep_files(
    media_files: MediaFiles, request: GenerationRequest, files: Mapping[str, bytes]
) -> None:
    """Before the request that names them is recorded. Raises DiskFull."""
    for name, data in files.items():
        await media_files.put(data, request.files[name])


async def claim_files(media_files: MediaFiles, request: GenerationRequest) -> None:
    """Once the request that names them is recorded."""
    for name, suffix in request.files.items():
        await media_files.claimed(name, suffix)


async def files_of(
    media_files: MediaFiles, request: GenerationRequest, uploads: Mapping[str, bytes] | None = None
) -> Mapping[str, bytes]:
    """All that the request names, by hash: what is not among the uploads is read from the media
    files. Raises MediaFileMissing, MediaFileCorrupt."""
    uploads = uploads or {}
    return {
        name: uploads[name] if name in uploads else await media_files.read(name, suffix)
        for name, suffix in request.files.items()
    }
