# PyAV's stubs leave packets partly untyped.
# pyright: reportUnknownMemberType=false
"""A clip or still without what its label tells of its making: prompt, model, seed.

They lead to whoever made it, by the gallery or a card. That it is AI-generated stays said.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

import av
import av.error
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from generation.errors import UnreadableMedia
from generation.still import is_still


def anonymous(data: bytes, *, generated: bool) -> bytes:
    """The same pictures and sound, none of them encoded again. Raises UnreadableMedia."""
    tags = {"description": json.dumps({"ai_generated": generated})}
    if generated:
        tags["comment"] = "AI-generated."
    try:
        return _still(data, tags) if is_still(data) else _clip(data, tags)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise UnreadableMedia(str(error)) from error


def _clip(data: bytes, tags: dict[str, str]) -> bytes:
    # Faststart reads the written file again to move its index, which needs a file on disk.
    with tempfile.TemporaryDirectory(prefix="reelroom-") as folder:
        file = Path(folder, "clip.mp4")
        with (
            av.open(io.BytesIO(data), "r") as source,
            av.open(str(file), "w", options={"movflags": "+faststart"}) as made,
        ):
            made.metadata.update(tags)
            streams = {
                stream.index: made.add_stream_from_template(stream)
                for stream in (*source.streams.video, *source.streams.audio)
            }
            for packet in source.demux(*source.streams.video, *source.streams.audio):
                if packet.dts is not None:  # The last one of each stream is empty.
                    packet.stream = streams[packet.stream.index]
                    made.mux(packet)
        return file.read_bytes()


def _still(data: bytes, tags: dict[str, str]) -> bytes:
    words = PngInfo()
    for name, text in tags.items():
        words.add_itxt(name.capitalize(), text)
    file = io.BytesIO()
    with PillowImage.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.save(file, "PNG", optimize=True, pnginfo=words)
    return file.getvalue()
