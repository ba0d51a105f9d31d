"""Moves themes when their time has come, and posts what there is to tell of them.

What is to be done stands in storage. That a message may be out is committed before it is sent, its
id after; whoever takes over after a crash looks for it first.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import discord
import structlog

from bot.channel_messages import NOT_SENT, Attachment, ChannelMessages, TooLarge, Undeliverable
from bot.fitting import CLIP_TOO_LARGE, fitting, sizes
from bot.themes import words
from bot.themes.words import Scene
from bot.views.theme_buttons import theme_view
from bot.wall_clock import WallClock
from generation.request import GenerationRequest
from storage import jobs
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.media_files import MediaFiles
from storage.theme_errors import WrongPhase
from storage.themes import entries, phases, posts, pot
from storage.themes.entries import Entry
from storage.themes.phases import RUNNING, Theme
from storage.themes.posts import ThemePost

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
RETRY_SECONDS = 15.0
REFUSED_RETRY_SECONDS = 600.0
"""Discord counts refused requests; a moderator may give the permission back meanwhile."""
DOUBT_SECONDS = 600.0
"""How long a clock that was set is not believed: a wrong one is often set right again, and a vote
that has ended does not begin anew."""
ARCHIVE_MINUTES = 10080  # the longest that Discord has; a message opens the thread again


@dataclass(frozen=True, kw_only=True, slots=True)
class _Message:
    """What a post says, ready to be sent."""

    embed: discord.Embed
    view: discord.ui.View
    attachment: Attachment | None = None


class ThemePosts:
    """`max_bytes` is what a channel takes that does not say."""

    def __init__(
        self,
        *,
        database: Database,
        messages: ChannelMessages,
        media_files: MediaFiles,
        max_bytes: int,
        clock: WallClock | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._messages = messages
        self._media_files = media_files
        self._max_bytes = max_bytes
        self._clock = clock or WallClock()
        self._steady = steady
        self._doubt_until = 0.0
        self._paused_until: dict[str, float] = {}
        self._sweeping = asyncio.Lock()

    async def sweep(self) -> None:
        """Moves and posts all that is due; what Discord does not take now waits for a later
        round."""
        async with self._sweeping:
            await self._move()
            await self._give_back()
            for theme in await self._database.read(phases.unsettled):
                if self._paused_until.get(theme.id, 0.0) <= self._steady():
                    await self._tell(theme)

    async def _move(self) -> None:
        if self._clock.was_set():
            self._doubt_until = self._steady() + DOUBT_SECONDS
            log.warning("themes.clock_set", waits_seconds=DOUBT_SECONDS)
        if self._steady() < self._doubt_until:
            return
        now = self._clock.now()
        for theme in await self._database.read(lambda connection: phases.due(connection, now=now)):
            move = phases.begin_voting if theme.phase == "entering" else phases.decide
            unit = functools.partial(move, theme_id=theme.id, guild_id=theme.guild_id, now=now)
            try:
                moved = await self._database.write(unit)
            except WrongPhase:
                continue  # A moderator was faster.
            log.info("theme.moved", theme_id=theme.id, phase=moved.phase)

    async def _give_back(self) -> None:
        """What jobs held of a pot that pays no more, and did not need."""
        now = self._clock.now()
        for theme_id, guild_id in await self._database.read(pot.to_give_back):
            give_back = functools.partial(
                pot.give_back, theme_id=theme_id, guild_id=guild_id, now=now
            )
            returned = await self._database.write(give_back)
            log.info("theme.pot_returned", theme_id=theme_id, credits=returned)

    async def _tell(self, theme: Theme) -> None:
        """Posts what is due of one theme, and notes how long to wait where that fails."""
        try:
            await self._advance(theme)
        except (Undeliverable, TooLarge) as error:
            await self._refused(theme, error)
        except NOT_SENT as error:
            log.warning("theme.not_posted", theme_id=theme.id, error=str(error))
            self._paused_until[theme.id] = self._steady() + RETRY_SECONDS

    async def _refused(self, theme: Theme, error: Exception) -> None:
        """Where there is no thread to go on in, the theme cannot go on."""
        theme = await self._reload(theme)
        if theme.thread_id is not None and not _is_gone(error):
            log.warning("theme.refused", theme_id=theme.id, error=str(error))
            self._paused_until[theme.id] = self._steady() + REFUSED_RETRY_SECONDS
            return
        log.warning("theme.given_up", theme_id=theme.id, error=str(error))
        now = self._clock.now()

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
        message_id = await self._send(theme, post, _Message(embed=embed, view=view))
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
        message = await self._message(theme, post)
        message_id = None if message is None else await self._send(theme, post, message)
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

    async def _message(self, theme: Theme, post: ThemePost) -> _Message | None:
        """What it says; None for an entry whose clip is gone, which then takes part no more."""
        match post.kind:
            case "guide":
                embed, view = words.guide(theme)
                return _Message(embed=embed, view=view)
            case "voting":
                count = len((await self._scene(theme)).entries)
                return _Message(embed=words.voting(theme, count), view=theme_view())
            case "entry":
                return await self._entry_message(theme, post.number)
            case _:
                return _Message(embed=words.result(await self._scene(theme)), view=theme_view())

    async def _entry_message(self, theme: Theme, number: int) -> _Message | None:
        entry = _numbered(await self._scene(theme), number)
        if entry is None:
            return None
        record = await self._database.read(lambda connection: jobs.get(connection, entry.job_id))
        request = GenerationRequest.from_json(record.request_json)
        suffix = request.command.suffix
        try:
            media = await self._media_files.read(record.clip_sha256 or "", suffix)
        except MediaError as error:
            log.error("theme.clip_unreadable", theme_id=theme.id, error=str(error))
            await self._database.write(
                lambda connection: entries.drop(connection, theme_id=theme.id, number=number)
            )
            return None
        embed, view = words.entry_message(theme, entry, generated=request.generated)
        # Its own name would tell the job, and so the author.
        attachment = Attachment(filename=f"entry-{number}{suffix}", media=media)
        return _Message(embed=embed, view=view, attachment=attachment)

    async def _send(self, theme: Theme, post: ThemePost, message: _Message) -> int | None:
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
        for max_bytes in sizes(message.attachment, limit):
            try:
                return await self._messages.post(
                    channel_id,
                    embed=message.embed,
                    view=message.view,
                    nonce=words.nonce(theme.id, post.kind, post.number),
                    attachment=await fitting(message.attachment, max_bytes),
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
        entry = _numbered(await self._scene(theme), post.number)
        if entry is not None and post.message_id is not None and theme.thread_id is not None:
            record = await self._database.read(
                lambda connection: jobs.get(connection, entry.job_id)
            )
            generated = GenerationRequest.from_json(record.request_json).generated
            embed, view = words.entry_message(theme, entry, generated=generated)
            await self._messages.edit_if_there(
                theme.thread_id, post.message_id, embed=embed, view=view
            )
        await self._database.write(lambda connection: posts.close(connection, post))

    async def _show_phase(self, theme: Theme) -> None:
        embed, view = words.announcement(await self._scene(theme))
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

    async def _scene(self, theme: Theme) -> Scene:
        return await self._database.read(
            lambda connection: Scene(
                theme=theme,
                entries=entries.numbered(connection, theme_id=theme.id),
                links=posts.message_ids(connection, theme_id=theme.id),
            )
        )

    async def _reload(self, theme: Theme) -> Theme:
        return await self._database.read(
            lambda connection: phases.get(connection, theme.id, guild_id=theme.guild_id)
        )

    async def _posts(
        self, theme: Theme, which: Callable[..., tuple[ThemePost, ...]]
    ) -> tuple[ThemePost, ...]:
        return await self._database.read(lambda connection: which(connection, theme_id=theme.id))


def _numbered(scene: Scene, number: int) -> Entry | None:
    return next((entry for entry in scene.entries if entry.number == number), None)


def _is_gone(error: Exception) -> bool:
    """Whether the channel or the thread was deleted, or the bot was taken out of the server."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and cause.code in (10003, 10004)
