# PyAV's stubs leave packets and keyword options partly untyped.
# pyright: reportUnknownMemberType=false
"""A clip without what it tells of its making, for those who are to judge it by its looks alone."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import av
import av.error

from generation.errors import UnreadableMedia

COMMENT = "AI-generated."


def unlabelled(media: bytes) -> bytes:
    """The same pictures and sound, bit for bit, in a new MP4 that says no more of its origin than
    that it is AI-generated. Raises UnreadableMedia.

    Prompt, model, seed and settings are gone (`generation/clip_label.py`); what the encoder wrote
    into the pictures' stream is its own settings, which are the same for every model.
    """
    with tempfile.TemporaryDirectory(prefix="reelroom-") as folder:
        # Faststart reads the written file again to move its index, which needs a file on disk.
        file = Path(folder, "clip.mp4")
        try:
            with (
                av.open(io.BytesIO(media), "r") as source,
                av.open(str(file), "w", options={"movflags": "+faststart"}) as target,
            ):
                target.metadata["comment"] = COMMENT
                streams = {
                    stream.index: target.add_stream_from_template(stream)
                    for stream in (*source.streams.video, *source.streams.audio)
                }
                for packet in source.demux(list(streams)):
                    if packet.dts is None:  # the end of a stream
                        continue
                    packet.stream = streams[packet.stream_index]
                    target.mux(packet)
        except av.error.FFmpegError as error:
            raise UnreadableMedia(str(error)) from error
        return file.read_bytes()
