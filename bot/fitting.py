"""Clips made to fit what a channel takes: encoded again, smaller and smaller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.channel_messages import Attachment, Undeliverable
from generation.errors import TooLargeToDeliver, UnreadableMedia
from generation.recompression import recompress_aside

SMALLER = (0.8, 0.4, 0.2)
"""Shares that a clip is made to fit, should Discord find it too large whatever limit it told: of
that limit, or of the clip where that is smaller."""
CLIP_TOO_LARGE = "the clip is larger than Discord takes here"


def sizes(attachments: Sequence[Attachment], limit_bytes: int) -> Iterator[int]:
    """The most that each attachment may have at each try: smaller every time."""
    largest = max((len(attachment.media) for attachment in attachments), default=0)
    yield largest
    if largest > limit_bytes:
        yield limit_bytes
    if largest:
        yield from (int(min(largest, limit_bytes) * share) for share in SMALLER)


async def fitting(attachments: Sequence[Attachment], max_bytes: int) -> tuple[Attachment, ...]:
    """Those that are larger encoded again. Raises Undeliverable where one cannot be so small."""
    return tuple([await _fitting(attachment, max_bytes) for attachment in attachments])


async def _fitting(attachment: Attachment, max_bytes: int) -> Attachment:
    if len(attachment.media) <= max_bytes:
        return attachment
    try:
        media = await recompress_aside(attachment.media, max_bytes)
    except (TooLargeToDeliver, UnreadableMedia) as error:
        raise Undeliverable(CLIP_TOO_LARGE) from error
    return Attachment(filename=attachment.filename, media=media)
