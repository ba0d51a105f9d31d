"""Uploaded files: kept in a temporary folder, described in Discord's JSON, served with ranges."""

import io
import mimetypes
import re
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import av.error
from aiohttp import web
from PIL import Image

from bot.playground.errors import route_not_found
from bot.playground.json_types import JsonObject
from bot.playground.snowflakes import Snowflakes

SHOWN_IN_PLACE = ("image/png", "image/jpeg", "image/gif", "image/webp", "video/", "audio/")
EXTRA_TYPES = {".webp": "image/webp", ".mp4": "video/mp4", ".srt": "application/x-subrip"}


@dataclass(frozen=True, kw_only=True)
class UploadedFile:
    """One `files[n]` part of a multipart request."""

    filename: str
    content_type: str
    content: bytes


class AttachmentStore:
    """Writes uploads below `folder` and finds them again by channel, id and name."""

    def __init__(self, snowflakes: Snowflakes) -> None:
        self._snowflakes = snowflakes
        self._folder = tempfile.TemporaryDirectory(prefix="playground-attachments-")
        self.base_url = ""

    def close(self) -> None:
        """Delete every upload."""
        self._folder.cleanup()

    def keep(
        self, channel_id: str, upload: UploadedFile, described: JsonObject | None = None
    ) -> JsonObject:
        """Store an upload and return it as Discord's attachment object.

        `described` is what the request said about it (`filename`, `description`, `title`).
        """
        described = described or {}
        attachment_id = self._snowflakes.next()
        filename = safe_filename(described.get("filename") or upload.filename)
        path = self._path(channel_id, attachment_id, filename)
        path.parent.mkdir(parents=True)
        path.write_bytes(upload.content)
        content_type = content_type_of(filename, upload.content_type)
        url = f"{self.base_url}/attachments/{channel_id}/{attachment_id}/{filename}"
        attachment: JsonObject = {
            "id": attachment_id,
            "filename": filename,
            "size": len(upload.content),
            "url": url,
            "proxy_url": url,
            "content_type": content_type,
        }
        for key in ("description", "title"):
            if described.get(key):
                attachment[key] = described[key]
        return attachment | _picture_size(content_type, upload.content)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /attachments/{channel_id}/{attachment_id}/{filename}, with Range support."""
        parts = request.match_info
        names = (parts["channel_id"], parts["attachment_id"], parts["filename"])
        path = self._path(*names)
        if not (names[0].isdigit() and names[1].isdigit()) or not path.is_file():
            return web.json_response(route_not_found().body(), status=404)
        content_type = content_type_of(path.name, "")
        headers = {
            "Content-Type": content_type,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        if not content_type.startswith(SHOWN_IN_PLACE):
            # Served from the page's own origin: a document must never be opened in place.
            headers["Content-Disposition"] = f'attachment; filename="{path.name}"'
            headers["Content-Security-Policy"] = "sandbox"
        return web.FileResponse(path, headers=headers)

    def _path(self, channel_id: str, attachment_id: str, filename: str) -> Path:
        return Path(self._folder.name) / channel_id / attachment_id / Path(filename).name


def safe_filename(name: str) -> str:
    """A name as Discord keeps it: spaces become underscores, odd characters go away."""
    kept = re.sub(r"[^A-Za-z0-9._-]", "", Path(name).name.replace(" ", "_")).lstrip(".")
    return kept[-180:] or "unknown"


def content_type_of(filename: str, declared: str) -> str:
    """The media type by the name's ending, else what the sender declared."""
    suffix = Path(filename).suffix.lower()
    guessed = EXTRA_TYPES.get(suffix) or mimetypes.guess_type(filename)[0]
    return guessed or declared or "application/octet-stream"


def _picture_size(content_type: str, content: bytes) -> JsonObject:
    """Width and height in pixels where the file has a readable header, else nothing."""
    if content_type.startswith("image/"):
        # The header alone is read, so the size of a decompression bomb is no danger here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            try:
                with Image.open(io.BytesIO(content)) as image:
                    return {"width": image.width, "height": image.height}
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                return {}
    if content_type.startswith("video/"):
        try:
            with cast(Any, av.open(io.BytesIO(content))) as container:
                stream = container.streams.video[0]
                return {"width": int(stream.width), "height": int(stream.height)}
        except (av.error.FFmpegError, IndexError, ValueError):
            return {}
    return {}
