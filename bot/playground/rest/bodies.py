"""Reads request bodies: JSON, or multipart with `payload_json` and `files[n]`."""

import json
import re
from typing import Any, cast

from aiohttp import BodyPartReader, web

from bot.playground.attachments import UploadedFile
from bot.playground.errors import entity_too_large, invalid_json

MAX_REQUEST_BYTES = 25 * 2**20
FILE_FIELD = re.compile(r"files?\[(\d+)\]$")


async def read_body(
    request: web.Request, *, attachment_limit_bytes: int
) -> tuple[Any, dict[int, UploadedFile]]:
    """The parsed JSON (None without a body) and the files by their n.

    Raises ApiError 50109 for broken JSON and 40005 for a file over `attachment_limit_bytes`
    or a request over 25 MiB (or the limit for one file, where that is more).
    """
    at_most = max(MAX_REQUEST_BYTES, attachment_limit_bytes + 2**20)
    if request.content_type != "multipart/form-data":
        chunks = [chunk async for chunk in request.content.iter_chunked(2**16)]
        raw = b"".join(chunks)
        if len(raw) > at_most:
            raise entity_too_large()
        return (_json(raw) if raw else None), {}
    return await _read_parts(request, attachment_limit_bytes, at_most)


async def _read_parts(
    request: web.Request, file_limit_bytes: int, at_most: int
) -> tuple[Any, dict[int, UploadedFile]]:
    payload: Any = None
    files: dict[int, UploadedFile] = {}
    too_large = False
    total_bytes = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise invalid_json()
        content = bytearray()
        # A request that is too large is read to its end all the same: a client that is cut
        # off while it sends sees a broken connection instead of the answer.
        while chunk := await part.read_chunk(2**16):
            total_bytes += len(chunk)
            if len(content) <= file_limit_bytes and total_bytes <= at_most:
                content += chunk
        found = FILE_FIELD.match(part.name or "")
        if found:
            too_large = too_large or len(content) > file_limit_bytes
            files[int(found[1])] = UploadedFile(
                filename=part.filename or "unknown",
                content_type=part.headers.get("Content-Type", ""),
                content=bytes(content),
            )
        elif part.name == "payload_json":
            payload = _json(bytes(content))
    if too_large or total_bytes > at_most:
        raise entity_too_large()
    return payload, files


def _json(raw: bytes) -> Any:
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise invalid_json() from error
    if not isinstance(value, (dict, list)):
        raise invalid_json()
    return cast(Any, value)
