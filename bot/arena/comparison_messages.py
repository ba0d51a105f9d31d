"""The message of a comparison as Discord has it: posted once, edited ever after.

Whatever is done here may be done twice: an edit changes nothing the second time, and what may have
been posted is looked for first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.arena.message import Standing
from bot.card import Card
from bot.channel_messages import Attachment, ChannelMessages, TooLarge, Undeliverable
from bot.fitting import fitting, sizes
from generation.anonymising import anonymous
from generation.errors import UnreadableMedia
from storage.comparisons import Comparison
from storage.errors import MediaError
from storage.media_files import MediaFiles

log = structlog.get_logger(__name__)

Put = Callable[[Sequence[Attachment] | None], Awaitable[int]]
"""Makes the message have these attachments, or those it has; returns its id."""


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
        `with_clips`: those that are up are attached from then on, otherwise what is.

        Returns its id. Raises MediaFileMissing, MediaFileCorrupt and UnreadableMedia too.
        """
        comparison = standing.comparison
        clips = await self._clips(standing) if with_clips else None
        message_id = comparison.message_id or await self._find(comparison)
        return await self._edit_or_post(standing, card, clips, message_id, _nonce(comparison))

    async def show_or_hide(self, standing: Standing, card: Card, *, restored: bool) -> int | None:
        """Attaches the clips that are up, and no other, to a message that showed both.

        A message that is gone is posted anew only for a clip that was `restored`. Where nothing
        can be edited any more the message is deleted instead. Returns its id, None without one.
        Raises UnreadableMedia too, of what was restored.
        """
        comparison = standing.comparison
        clips = await self._readable_clips(standing)
        if restored:
            message_id = await self._find(comparison) or comparison.message_id
            nonce = f"again-{comparison.id}"
            return await self._edit_or_post(standing, card, clips, message_id, nonce)
        if comparison.message_id is None:
            return None
        try:
            return await self._edit_if_there(standing, card, clips, comparison.message_id)
        except (Undeliverable, TooLarge, UnreadableMedia) as error:
            # In an archived thread messages may be deleted and nothing else; it must not stay.
            log.warning("comparison.deleted", comparison_id=comparison.id, error=str(error))
            await self._messages.delete(comparison.channel_id, comparison.message_id)
            return None

    async def _find(self, comparison: Comparison) -> int | None:
        return await self._messages.find(
            comparison.channel_id,
            f"comparison {comparison.id}",
            interaction_id=comparison.interaction_id,
        )

    async def _edit_or_post(
        self,
        standing: Standing,
        card: Card,
        clips: Sequence[Attachment] | None,
        message_id: int | None,
        nonce: str,
    ) -> int:
        async def put(attachments: Sequence[Attachment] | None) -> int:
            return await self._messages.edit_or_post(
                standing.comparison.channel_id,
                message_id,
                embed=card.embed,
                view=card.view,
                attachments=attachments,
                nonce=nonce,
            )

        return await self._fitted(standing.comparison, clips, put)

    async def _edit_if_there(
        self, standing: Standing, card: Card, clips: Sequence[Attachment], message_id: int
    ) -> int:
        async def put(attachments: Sequence[Attachment] | None) -> int:
            await self._messages.edit_if_there(
                standing.comparison.channel_id,
                message_id,
                embed=card.embed,
                view=card.view,
                attachments=attachments,
            )
            return message_id

        return await self._fitted(standing.comparison, clips, put)

    async def _fitted(
        self, comparison: Comparison, clips: Sequence[Attachment] | None, put: Put
    ) -> int:
        """Puts the clips, or leaves those that are there, smaller and smaller until Discord takes
        them."""
        if clips is None:
            return await put(None)
        limit = self._messages.attachment_bytes(comparison.guild_id) or self._max_bytes
        for max_bytes in sizes(clips, limit):
            blind = [await _blind(clip) for clip in await fitting(clips, max_bytes)]
            try:
                return await put(blind)
            except TooLarge:
                log.warning("comparison.too_large", comparison_id=comparison.id, bytes=max_bytes)
        raise TooLarge("the clips are larger than Discord takes here")

    async def _readable_clips(self, standing: Standing) -> tuple[Attachment, ...]:
        """None of them where one is lost: that must not keep another one where it is."""
        try:
            return await self._clips(standing)
        except MediaError as error:
            comparison_id = standing.comparison.id
            log.error("comparison.clip_lost", comparison_id=comparison_id, error=str(error))
            return ()

    async def _clips(self, standing: Standing) -> tuple[Attachment, ...]:
        """The files of those that are up, A's first. Raises MediaFileMissing, MediaFileCorrupt."""
        found: list[Attachment] = []
        for side, job in standing.up.items():
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
