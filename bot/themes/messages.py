"""The messages of a theme, made of what is stored."""

from __future__ import annotations

from dataclasses import dataclass

import discord
import structlog

from bot.channel_messages import Attachment
from bot.themes import words
from bot.themes.words import Scene
from bot.views.theme_buttons import theme_view
from generation.request import GenerationRequest
from storage import jobs
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.media_files import MediaFiles
from storage.themes import entries, posts
from storage.themes.entries import Entry
from storage.themes.phases import Theme
from storage.themes.posts import ThemePost

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ThemeMessage:
    """What a post says, ready to be sent."""

    embed: discord.Embed
    view: discord.ui.View
    attachment: Attachment | None = None
    generated: bool = True
    """Whether a model had a part in what is attached."""


class ThemeMessages:
    def __init__(self, *, database: Database, media_files: MediaFiles) -> None:
        self._database = database
        self._media_files = media_files

    async def of_post(self, theme: Theme, post: ThemePost) -> ThemeMessage | None:
        """What it says; None for an entry whose clip is gone, which then takes part no more."""
        match post.kind:
            case "guide":
                embed, view = words.guide(theme)
                return ThemeMessage(embed=embed, view=view)
            case "voting":
                count = len((await self.scene(theme)).entries)
                return ThemeMessage(embed=words.voting(theme, count), view=theme_view())
            case "entry":
                return await self._entry_message(theme, post.number)
            case _:
                return ThemeMessage(embed=words.result(await self.scene(theme)), view=theme_view())

    async def _entry_message(self, theme: Theme, number: int) -> ThemeMessage | None:
        entry = _numbered(await self.scene(theme), number)
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
        return ThemeMessage(
            embed=embed, view=view, attachment=attachment, generated=request.generated
        )

    async def closed_entry(self, theme: Theme, number: int) -> ThemeMessage | None:
        """An entry after the vote, as its message then reads; None for one that was dropped."""
        entry = _numbered(await self.scene(theme), number)
        if entry is None:
            return None
        record = await self._database.read(lambda connection: jobs.get(connection, entry.job_id))
        generated = GenerationRequest.from_json(record.request_json).generated
        embed, view = words.entry_message(theme, entry, generated=generated)
        return ThemeMessage(embed=embed, view=view)

    async def scene(self, theme: Theme) -> Scene:
        """The theme with its numbered entries and their messages."""
        return await self._database.read(lambda connection: scene_of(connection, theme))


def scene_of(connection: Connection, theme: Theme) -> Scene:
    return Scene(
        theme=theme,
        entries=entries.numbered(connection, theme_id=theme.id),
        links=posts.message_ids(connection, theme_id=theme.id),
    )


def _numbered(scene: Scene, number: int) -> Entry | None:
    return next((entry for entry in scene.entries if entry.number == number), None)
