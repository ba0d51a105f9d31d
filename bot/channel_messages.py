"""Messages that the bot posts and edits with its own token, so they outlive any interaction."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
import discord
import structlog

from bot.errors import BotError, TokenRefused

log = structlog.get_logger(__name__)

UNAUTHORIZED = 401
NOT_ACCEPTED = "Discord does not accept the token any more"
TOO_LARGE = 40005
NEVER = {
    10003: "the channel is gone",
    10004: "the server is gone",
    50001: "I have no access to the channel",
    50013: "I may not post in the channel",
    50083: "the thread is archived",
    50007: "I cannot send the member direct messages",
}
NO_ANSWER = (aiohttp.ClientError, OSError, TimeoutError)
"""The connection failed: nobody knows whether Discord did what it was asked."""
UNKNOWN_MESSAGE = 10008
OLD_MESSAGE_EDITED_TOO_OFTEN = 30046
THREAD_EXISTS = 160004

SEARCHED_MESSAGES = 2000
SHOWN = re.compile(r"(?:job|comparison) [a-z0-9]+")
"""In a card's footer: the first is the card's own, a second one the job that it remixes."""


class Undeliverable(BotError):
    """Discord refuses for good; trying again would only count against the bot."""


class TooLarge(BotError):
    """The attachment is larger than Discord takes in this place."""


NOT_SENT = (Undeliverable, TooLarge, TokenRefused, discord.HTTPException, *NO_ANSWER)
"""Whatever keeps a message from being posted or edited, for now or for good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    filename: str
    media: bytes

    def file(self) -> discord.File:
        """A fresh upload; discord.py consumes it."""
        return discord.File(io.BytesIO(self.media), filename=self.filename)


class ChannelMessages:
    """Every method raises Undeliverable, TooLarge, TokenRefused, or discord.HTTPException where a
    retry may help.

    `token_refused`: Discord takes the token no more, and nothing is asked until a restart.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self.token_refused = False

    async def post(
        self,
        channel_id: int,
        *,
        embed: discord.Embed,
        view: discord.ui.View,
        nonce: str,
        attachments: Sequence[Attachment] = (),
    ) -> int:
        """Posts a message and returns its id. Discord drops a repeat of the same nonce (at most
        25 characters) for some minutes, and answers with the first message."""
        channel = self._client.get_partial_messageable(channel_id)
        files = [attachment.file() for attachment in attachments]
        with self._asking():
            message = await channel.send(embed=embed, view=view, nonce=nonce, files=files)
        return message.id

    async def edit(
        self,
        channel_id: int,
        message_id: int,
        *,
        embed: discord.Embed,
        view: discord.ui.View,
        attachments: Sequence[Attachment] | None = None,
    ) -> None:
        """Edits a message of the bot; these are attached from then on, and with None what is."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        with self._asking():
            if attachments is None:
                await message.edit(embed=embed, view=view)
            else:
                files = [attachment.file() for attachment in attachments]
                await message.edit(embed=embed, view=view, attachments=files)

    async def find(self, channel_id: int, what: str, *, interaction_id: int) -> int | None:
        """The bot's message in the channel that shows this: `job <id>` or `comparison <id>`.

        Searched are the messages after the interaction that asked for it, oldest first: its
        card follows at once, or, after a crash, later among others.
        """
        me = self._client.user
        channel = self._client.get_partial_messageable(channel_id)
        asked = discord.Object(interaction_id)
        with self._asking():
            async for message in channel.history(limit=SEARCHED_MESSAGES, after=asked):
                if me is not None and message.author.id == me.id and _shows(message, what):
                    return message.id
        return None

    async def find_marked(self, channel_id: int, marker: str, *, after: int) -> int | None:
        """The bot's message after this one whose footer ends with the marker."""
        me = self._client.user
        channel = self._client.get_partial_messageable(channel_id)
        with self._asking():
            async for message in channel.history(
                limit=SEARCHED_MESSAGES, after=discord.Object(after)
            ):
                if me is not None and message.author.id == me.id and _marked(message, marker):
                    return message.id
        return None

    async def start_thread(
        self, channel_id: int, message_id: int, *, name: str, archive_minutes: int
    ) -> None:
        """The thread of a message, whose id is the message's; that there is one is no error."""
        with self._asking():
            try:
                await self._client.http.start_thread_with_message(
                    channel_id,
                    message_id,
                    name=name,
                    auto_archive_duration=cast(Any, archive_minutes),
                )
            except discord.HTTPException as error:
                if error.code != THREAD_EXISTS:
                    raise

    async def set_archived(self, thread_id: int, *, archived: bool) -> None:
        """Archives a thread of the bot's, or opens it again."""
        with self._asking():
            await self._client.http.edit_channel(thread_id, archived=archived)

    async def post_directly(
        self,
        user_id: int,
        *,
        embed: discord.Embed,
        nonce: str,
        attachments: Sequence[Attachment] = (),
        view: discord.ui.View | None = None,
    ) -> int:
        """A direct message to a member; returns its id. Card buttons are of no use there."""
        files = [attachment.file() for attachment in attachments]
        with self._asking():
            channel = await self._client.create_dm(discord.Object(user_id))
            message = await channel.send(
                embed=embed, nonce=nonce, files=files, view=view or discord.ui.View(timeout=None)
            )
        return message.id

    async def find_directly(self, user_id: int, what: str, *, interaction_id: int) -> int | None:
        """The same among the direct messages with this member."""
        with self._asking():
            channel = await self._client.create_dm(discord.Object(user_id))
        return await self.find(channel.id, what, interaction_id=interaction_id)

    def attachment_bytes(self, guild_id: int) -> int | None:
        """The largest attachment that the guild takes; None for a guild that is not known."""
        guild = self._client.get_guild(guild_id)
        return None if guild is None else guild.filesize_limit

    async def edit_or_post(
        self,
        channel_id: int,
        message_id: int | None,
        *,
        embed: discord.Embed,
        view: discord.ui.View,
        attachments: Sequence[Attachment] | None,
        nonce: str,
    ) -> int:
        """Edits the message, or posts a new one where it is gone; returns the message's id."""
        if message_id is not None:
            try:
                await self.edit(
                    channel_id, message_id, embed=embed, view=view, attachments=attachments
                )
            except discord.HTTPException as error:
                if error.code not in (UNKNOWN_MESSAGE, OLD_MESSAGE_EDITED_TOO_OFTEN):
                    raise
            else:
                return message_id
        return await self.post(
            channel_id, embed=embed, view=view, nonce=nonce, attachments=attachments or ()
        )

    async def edit_if_there(
        self,
        channel_id: int,
        message_id: int,
        *,
        embed: discord.Embed,
        view: discord.ui.View,
        attachments: Sequence[Attachment] | None = None,
    ) -> None:
        """Edits a message; one that somebody deleted stays gone."""
        try:
            await self.edit(channel_id, message_id, embed=embed, view=view, attachments=attachments)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Deletes a message; one that is gone already is no error."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        with self._asking(), contextlib.suppress(discord.NotFound):
            await message.delete()

    async def delete_directly(self, user_id: int, message_id: int) -> None:
        """Deletes a direct message of the bot to a member; one that is gone is no error."""
        with self._asking():
            channel = await self._client.create_dm(discord.Object(user_id))
        await self.delete(channel.id, message_id)

    async def post_file_directly(
        self, user_id: int, text: str, file: Path | None, *, nonce: str
    ) -> None:
        """A direct message with a file from the disk."""
        with self._asking():
            channel = await self._client.create_dm(discord.Object(user_id))
            files = [] if file is None else [discord.File(file)]
            await channel.send(text, nonce=nonce, files=files)

    @contextlib.contextmanager
    def _asking(self) -> Generator[None]:
        """Nothing is asked with a token that was refused: Discord counts that against its sender.

        Raises Undeliverable where Discord's error code says that no retry can help, TooLarge, and
        TokenRefused.
        """
        if self.token_refused:
            raise TokenRefused(NOT_ACCEPTED)
        try:
            yield
        except discord.HTTPException as error:
            if error.status == UNAUTHORIZED:
                log.critical("token.refused", consequence="nothing is posted until a restart")
                self.token_refused = True
                raise TokenRefused(NOT_ACCEPTED) from error
            if error.code == TOO_LARGE:
                raise TooLarge("the clip is larger than Discord takes here") from error
            if reason := NEVER.get(error.code):
                raise Undeliverable(reason) from error
            raise


def is_refusal(error: Exception) -> bool:
    """Whether Discord said no: then nothing happened, and asking again too often gets a bot banned.

    Anything else, no answer at all among them, leaves open whether it did what it was asked.
    """
    if not isinstance(error, discord.HTTPException):
        return isinstance(error, Undeliverable | TooLarge | TokenRefused)
    return 400 <= error.status < 500 and error.status != 429


def _marked(message: discord.Message, marker: str) -> bool:
    return any((embed.footer.text or "").endswith(marker) for embed in message.embeds)


def _shows(message: discord.Message, what: str) -> bool:
    for embed in message.embeds:
        if (shown := SHOWN.search(embed.footer.text or "")) and shown[0] == what:
            return True
    return False
