"""Uploaded pictures: kept under their hash, which is how a request names them."""

from __future__ import annotations

import hashlib

from generation.request import GenerationRequest
from storage.media_files import MediaFiles

SUFFIX = ".png"


def picture_name(png: bytes) -> str:
    """What a request calls a picture of these bytes."""
    return hashlib.sha256(png).hexdigest()


async def keep_picture(media_files: MediaFiles, png: bytes) -> None:
    """Before the request that names it is recorded. Raises DiskFull."""
    await media_files.put(png, SUFFIX)


async def claim_picture(media_files: MediaFiles, png: bytes) -> None:
    """Once the request that names it is recorded."""
    await media_files.claimed(picture_name(png), SUFFIX)


async def picture_of(media_files: MediaFiles, request: GenerationRequest) -> bytes | None:
    """The PNG that the request begins with, if any. Raises MediaFileMissing, MediaFileCorrupt."""
    if request.image_sha256 is None:
        return None
    return await media_files.read(request.image_sha256, SUFFIX)
