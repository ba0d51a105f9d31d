"""The message of a comparison as Discord has it: posted once, edited ever after.

Whatever is done here may be done twice: an edit changes nothing the second time, and what may have
been posted is looked for first.
"""

from __future__ import annotations

import asyncio

import structlog

from bot.arena.message import Standing
from bot.card import Card
from bot.channel_messages import Attachment, ChannelMessages, TooLarge
from bot.fitting import fitting, sizes
from generation.anonymising import anonymous
from storage.comparisons import Comparison
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)


class ComparisonMessages:
    """`max_bytes` is what a channel takes that does not say. Every method raises what
    `ChannelMessages` does."""

    def __init__(
        self, *, messages: ChannelMessages, media_files: MediaFiles, max_bytes: int
    ) -> None:
        self._messages = messages
        self._media_files = media_files
        self._max_bytes = max_bytes

    async def post(self, comparison: Comparison, card: Card) -> int:
        """Posts the message of a new comparison; returns its id."""
        return await self._messages.post(
            comparison.channel_id, embed=card.embed, view=card.view, nonce=_nonce(comparison)
        )

    async def write(self, standing: Standing, card: Card, *, with_clips: bool) -> int:
        """Edits the message, or posts it where it is gone; smaller clips where they are too large.

        Returns its id. Raises MediaFileMissing, MediaFileCorrupt and UnreadableMedia too.
        """
        comparison = standing.comparison
        clips = await self._clips(standing) if with_clips else ()
        message_id = comparison.message_id or await self._messages.find(
            comparison.channel_id,
            f"comparison {comparison.id}",
            interaction_id=comparison.interaction_id,
        )
        limit = self._messages.attachment_bytes(comparison.guild_id) or self._max_bytes
        for max_bytes in sizes(clips, limit):
            blind = [await _blind(clip) for clip in await fitting(clips, max_bytes)]
            try:
                return await self._messages.edit_or_post(
                    comparison.channel_id,
                    message_id,
                    embed=card.embed,
                    view=card.view,
                    attachments=blind,
                    nonce=_nonce(comparison),
                )
            except TooLarge:
                log.warning("comparison.too_large", comparison_id=comparison.id, bytes=max_bytes)
        raise TooLarge("the clips are larger than Discord takes here")

    async def _clips(self, standing: Standing) -> tuple[Attachment, ...]:
        """A's file, then B's. Raises MediaFileMissing, MediaFileCorrupt."""
        found: list[Attachment] = []
        for side, job in zip("AB", standing.jobs, strict=True):
            assert job.clip_sha256 is not None  # it is voted on
            media = await self._media_files.read(job.clip_sha256, ".mp4")
            filename = f"{side}-reelroom-comparison-{standing.comparison.id}.mp4"
            found.append(Attachment(filename=filename, media=media))
        return tuple(found)


async def _blind(clip: Attachment) -> Attachment:
    """Without model, prompt and seed in the file."""
    media = await asyncio.to_thread(anonymous, clip.media, generated=True)
    return Attachment(filename=clip.filename, media=media)


def _nonce(comparison: Comparison) -> str:
    return f"arena-{comparison.id}"
