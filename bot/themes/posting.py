"""Posts what there is to tell of themes, once each, over restarts and whatever Discord answers.

What is to be done stands in storage. That a message may be out is committed before it is sent, its
id after; whoever takes over after a crash looks for it first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import discord
import structlog

from bot.channel_messages import NOT_SENT, Attachment, ChannelMessages, TooLarge, Undeliverable
from bot.fitting import CLIP_TOO_LARGE, fitting, sizes
from bot.themes import words
from bot.themes.messages import ThemeMessage, ThemeMessages
from bot.themes.moving import ThemeMoves
from bot.themes.words import Scene
from generation.anonymising import anonymous
from generation.errors import UnreadableMedia
from storage.database import Connection, Database
from storage.media_files import MediaFiles
from storage.themes import entries, phases, posts
from storage.themes.phases import RUNNING, Theme
from storage.themes.posts import ThemePost

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
RETRY_SECONDS = 15.0
REFUSED_RETRY_SECONDS = 600.0
"""Discord counts refused requests; a moderator may give the permission back meanwhile."""
ARCHIVE_MINUTES = 10080  # the longest that Discord has; a message opens the thread again


class ThemePosts:
    """`max_bytes` is what a channel takes that does not say."""

    def __init__(
        self,
        *,
        database: Database,
        messages: ChannelMessages,
        media_files: MediaFiles,
        max_bytes: int,
    ) -> None:
        self.moves = ThemeMoves(database=database)
        self._database = database
        self._messages = messages
        self._theme_messages = ThemeMessages(database=database, media_files=media_files)
        self._max_bytes = max_bytes
        self._paused_until: dict[str, float] = {}
        self._sweeping = asyncio.Lock()

    async def sweep(self) -> None:
        """Moves and posts all that is due; what Discord does not take now waits for a later
        round."""
        async with self._sweeping:
            await self.moves.make()
            for theme in await self._database.read(phases.unsettled):
                if self._paused_until.get(theme.id, 0.0) <= time.monotonic():
                    await self._tell(theme)

    async def _tell(self, theme: Theme) -> None:
        """Posts what is due of one theme, and notes how long to wait where that fails."""
        try:
            await self._advance(theme)
        except (Undeliverable, TooLarge) as error:
            await self._refused(theme, error)
        except NOT_SENT as error:
            log.warning("theme.not_posted", theme_id=theme.id, error=str(error))
            self._paused_until[theme.id] = time.monotonic() + RETRY_SECONDS

    async def _refused(self, theme: Theme, error: Exception) -> None:
        """Where there is no thread to go on in, the theme cannot go on."""
        theme = await self._reload(theme)
        if theme.thread_id is not None and not _is_gone(error):
            log.warning("theme.refused", theme_id=theme.id, error=str(error))
            self._paused_until[theme.id] = time.monotonic() + REFUSED_RETRY_SECONDS
            return
        log.warning("theme.given_up", theme_id=theme.id, error=str(error))
        now = datetime.now(UTC)

        def give_up(connection: Connection) -> None:
            if theme.phase in RUNNING:
                phases.cancel(connection, theme.id, guild_id=theme.guild_id, now=now)
            phases.settle(connection, theme.id)

        await self._database.write(give_up)

    async def _advance(self, theme: Theme) -> None:
        if theme.thread_id is None:
            thread_id = await self._announce(theme)
            if thread_id is None:
                return
            theme = await self._reload(theme)
        over = theme.phase not in RUNNING
        for post in await self._posts(theme, posts.to_take_down):
            await self._take_down(theme, post)
        for post in await self._posts(theme, posts.waiting):
            await self._post(theme, post)
        if over:
            for post in await self._posts(theme, posts.to_close):
                await self._close(theme, post)
        if theme.shown_phase != theme.phase:
            await self._show_phase(theme)
        if over:
            await self._settle(theme)

    async def _announce(self, theme: Theme) -> int | None:
        """Posts the announcement and starts its thread, whose id is the message's."""
        waiting = await self._posts(theme, posts.waiting)
        post = next((one for one in waiting if one.kind == "announcement"), None)
        if post is None:  # Cancelled before anybody saw it.
            await self._database.write(lambda connection: phases.settle(connection, theme.id))
            return None
        embed, view = words.announcement(Scene(theme=theme))
        message_id = await self._send(theme, post, ThemeMessage(embed=embed, view=view))
        if message_id is None:
            return None
        try:
            await self._messages.start_thread(
                theme.channel_id, message_id, name=theme.title, archive_minutes=ARCHIVE_MINUTES
            )
        except Undeliverable:
            await self._messages.delete(theme.channel_id, message_id)
            raise

        def remember(connection: Connection) -> None:
            phases.set_thread(connection, theme.id, thread_id=message_id)
            phases.set_shown(connection, theme.id, phase=theme.phase)

        await self._database.write(remember)
        log.info("theme.opened", theme_id=theme.id, thread_id=message_id)
        return message_id

    async def _post(self, theme: Theme, post: ThemePost) -> None:
        # Read again: it is now at least as far as when the post was made.
        theme = await self._reload(theme)
        message = await self._theme_messages.of_post(theme, post)
        if message is None:
            return
        try:
            message_id = await self._send(theme, post, message)
        except (TooLarge, Undeliverable) as error:
            if post.kind != "entry" or isinstance(error.__cause__, discord.HTTPException):
                raise
            log.error("theme.entry_impossible", theme_id=theme.id, error=str(error))
            await self._database.write(
                lambda connection: entries.drop(connection, theme_id=theme.id, number=post.number)
            )
            return
        if message_id is None:
            return
        await self._database.write(
            lambda connection: posts.posted(
                connection,
                theme_id=theme.id,
                kind=post.kind,
                number=post.number,
                message_id=message_id,
            )
        )
        log.info("theme.posted", theme_id=theme.id, kind=post.kind, number=post.number)

    async def _send(self, theme: Theme, post: ThemePost, message: ThemeMessage) -> int | None:
        """The message's id; None if it is not to be posted any more."""
        channel_id = theme.thread_id or theme.channel_id
        if post.attempted:
            found = await self._messages.find_marked(
                channel_id,
                words.marker(theme.id, post.kind, post.number),
                after=theme.thread_id or theme.interaction_id,
            )
            if found is not None:
                return found
        if not await self._database.write(lambda connection: posts.attempt(connection, post)):
            return None
        limit = self._messages.attachment_bytes(theme.guild_id) or self._max_bytes
        clip = () if message.attachment is None else (message.attachment,)
        for max_bytes in sizes(clip, limit):
            try:
                return await self._messages.post(
                    channel_id,
                    embed=message.embed,
                    view=message.view,
                    nonce=words.nonce(theme.id, post.kind, post.number),
                    attachments=[
                        await _nameless(each, message.generated)
                        for each in await fitting(clip, max_bytes)
                    ],
                )
            except TooLarge:
                log.warning("theme.too_large", theme_id=theme.id, tried_bytes=max_bytes)
        raise Undeliverable(CLIP_TOO_LARGE)

    async def _take_down(self, theme: Theme, post: ThemePost) -> None:
        assert theme.thread_id is not None  # before it nothing is posted
        if theme.phase not in RUNNING:
            await self._messages.set_archived(theme.thread_id, archived=False)
        message_id = post.message_id or await self._messages.find_marked(
            theme.thread_id, words.marker(theme.id, post.kind, post.number), after=theme.thread_id
        )
        if message_id is not None:
            await self._messages.delete(theme.thread_id, message_id)
        await self._database.write(lambda connection: posts.taken_down(connection, post))

    async def _close(self, theme: Theme, post: ThemePost) -> None:
        """Names the author, or only takes the button away; a message that is gone stays gone."""
        theme = await self._reload(theme)
        message = await self._theme_messages.closed_entry(theme, post.number)
        if message is not None and post.message_id is not None and theme.thread_id is not None:
            await self._messages.edit_if_there(
                theme.thread_id, post.message_id, embed=message.embed, view=message.view
            )
        await self._database.write(lambda connection: posts.close(connection, post))

    async def _show_phase(self, theme: Theme) -> None:
        embed, view = words.announcement(await self._theme_messages.scene(theme))
        assert theme.thread_id is not None  # it is the announcement's message
        await self._messages.edit_if_there(
            theme.channel_id, theme.thread_id, embed=embed, view=view
        )
        await self._database.write(
            lambda connection: phases.set_shown(connection, theme.id, phase=theme.phase)
        )

    async def _settle(self, theme: Theme) -> None:
        assert theme.thread_id is not None
        await self._messages.set_archived(theme.thread_id, archived=True)

        def settle(connection: Connection) -> None:
            # Unless a clip was deleted meanwhile, whose message is to be taken down first.
            if not posts.to_take_down(connection, theme_id=theme.id):
                phases.settle(connection, theme.id)

        await self._database.write(settle)
        log.info("theme.settled", theme_id=theme.id, phase=theme.phase)

    async def _reload(self, theme: Theme) -> Theme:
        return await self._database.read(
            lambda connection: phases.get(connection, theme.id, guild_id=theme.guild_id)
        )

    async def _posts(
        self, theme: Theme, which: Callable[..., tuple[ThemePost, ...]]
    ) -> tuple[ThemePost, ...]:
        return await self._database.read(lambda connection: which(connection, theme_id=theme.id))


async def _nameless(attachment: Attachment, generated: bool) -> Attachment:
    """Without prompt and seed in the file. Raises Undeliverable where that cannot be."""
    try:
        media = await asyncio.to_thread(anonymous, attachment.media, generated=generated)
    except UnreadableMedia as error:
        raise Undeliverable("the clip's file cannot be read") from error
    return Attachment(filename=attachment.filename, media=media)


def _is_gone(error: Exception) -> bool:
    """Whether the channel or the thread was deleted, or the bot was taken out of the server."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and cause.code in (10003, 10004)
