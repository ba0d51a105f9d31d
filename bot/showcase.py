"""The showcase: posts what likes lifted, once, and takes down what left the gallery.

What is to be done stands in storage; a round does it now and then, and at once after a like.
"""

from __future__ import annotations

import asyncio

import discord
import structlog

from bot.channel_messages import NOT_SENT, ChannelMessages, TooLarge, Undeliverable
from bot.gallery_pages import GalleryPages
from bot.views.job_buttons import JobAction, job_view
from storage import gallery, jobs, showcase
from storage.database import Connection, Database
from storage.gallery import GalleryEntry
from storage.showcase import ShowcasePost

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 60.0


class Showcase:
    def __init__(
        self, *, database: Database, messages: ChannelMessages, pages: GalleryPages
    ) -> None:
        self._database = database
        self._messages = messages
        self._pages = pages
        self._sweeping = asyncio.Lock()

    async def sweep(self) -> None:
        """Posts and takes down all that is due; what Discord does not take now waits for the next
        round."""
        async with self._sweeping:
            for post in await self._database.read(showcase.waiting):
                try:
                    await self._post(post)
                except (Undeliverable, TooLarge) as error:
                    await self._end(post.job_id, str(error))
                except NOT_SENT as error:
                    log.warning("showcase.not_posted", job_id=post.job_id, error=str(error))
            for post in await self._database.read(showcase.to_take_down):
                try:
                    await self._take_down(post)
                except NOT_SENT as error:
                    log.warning("showcase.not_taken_down", job_id=post.job_id, error=str(error))

    async def _post(self, post: ShowcasePost) -> None:
        message_id = await self._find(post) if post.attempted else None
        if message_id is None:
            due = await self._database.write(
                lambda connection: showcase.attempt(connection, job_id=post.job_id)
            )
            entry = await self._database.read(
                lambda connection: gallery.entry(connection, job_id=post.job_id)
            )
            if not due or entry is None:
                return
            message_id = await self._send(post, entry)
        await self._database.write(
            lambda connection: showcase.posted(
                connection, job_id=post.job_id, message_id=message_id
            )
        )
        log.info("showcase.posted", job_id=post.job_id)

    async def _send(self, post: ShowcasePost, entry: GalleryEntry) -> int:
        attachments = await self._pages.attachments(entry)
        return await self._messages.post(
            post.channel_id,
            embed=self._pages.embed(entry, title="⭐ Showcase"),
            view=job_view(post.job_id, (JobAction.LIKE, JobAction.REMIX, JobAction.REPORT)),
            nonce=f"show-{post.job_id}",
            attachments=attachments,
        )

    async def _find(self, post: ShowcasePost) -> int | None:
        """The message of an earlier try that got no answer, or that nobody lived to remember."""
        record = await self._database.read(lambda connection: jobs.get(connection, post.job_id))
        return await self._messages.find(
            post.channel_id, f"job {post.job_id}", interaction_id=record.interaction_id
        )

    async def _take_down(self, post: ShowcasePost) -> None:
        try:
            message_id = post.message_id or await self._find(post)
            if message_id is not None:
                await self._messages.delete(post.channel_id, message_id)
        except (Undeliverable, discord.Forbidden) as error:
            log.warning("showcase.gone", job_id=post.job_id, error=str(error))

        def forget(connection: Connection) -> None:
            showcase.taken_down(connection, job_id=post.job_id)

        await self._database.write(forget)

    async def _end(self, job_id: str, reason: str) -> None:
        log.warning("showcase.impossible", job_id=job_id, error=reason)

        def end(connection: Connection) -> None:
            showcase.end(connection, job_id=job_id, reason=reason)
            showcase.taken_down(connection, job_id=job_id)

        await self._database.write(end)
