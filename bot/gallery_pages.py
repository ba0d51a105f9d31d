"""One page of the gallery: a shared clip with its prompt, settings, author and lineage."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.channel_messages import Attachment
from bot.errors import EmptyGallery
from bot.text import quoted
from bot.views.gallery_pager import gallery_view
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import gallery
from storage.database import Database
from storage.errors import MediaError
from storage.gallery import GalleryEntry
from storage.media_files import MediaFiles

PROMPT_SHOWN_CHARACTERS = 900


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedPage:
    """Ready to be sent or to replace another page."""

    embed: discord.Embed
    view: discord.ui.View
    attachments: tuple[Attachment, ...]


class GalleryPages:
    def __init__(
        self, *, database: Database, media_files: MediaFiles, catalogue: Catalogue
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._catalogue = catalogue

    async def page(self, guild_id: int, before: str | None) -> RenderedPage:
        """The newest clip older than the cursor. Raises EmptyGallery, InvalidCursor."""
        found = await self._database.read(
            lambda connection: gallery.page(connection, guild_id=guild_id, limit=1, before=before)
        )
        if not found.entries:
            raise EmptyGallery
        entry = found.entries[0]
        request = GenerationRequest.from_json(entry.settings_json)
        embed, suffix = self._embed(entry, request), request.command.suffix
        try:
            media = await self._media_files.read(entry.clip_sha256, suffix)
            attachments = (Attachment(filename=f"reelroom-{entry.job_id}{suffix}", media=media),)
        except MediaError:
            attachments = ()
            embed.add_field(name="Clip", value="Its file is no longer kept here.")
        view = gallery_view(entry.job_id, older=found.next_cursor, newest=before is not None)
        return RenderedPage(embed=embed, view=view, attachments=attachments)

    def _embed(self, entry: GalleryEntry, request: GenerationRequest) -> discord.Embed:
        embed = discord.Embed(
            title="Gallery",
            description=f"by <@{entry.author_id}>, "
            f"{discord.utils.format_dt(entry.shared_at, 'R')}\n"
            + (quoted(entry.prompt, PROMPT_SHOWN_CHARACTERS) if entry.prompt else "> *a picture*"),
        )
        embed.add_field(name="Model", value=self._catalogue.title(entry.model))
        embed.add_field(name="Seed", value=f"`{entry.seed}`")
        embed.add_field(name="Command", value=f"/{request.command}")
        if entry.remixes:
            embed.add_field(name="Remixed", value=f"{entry.remixes} ×")
        lineage = f" · remix of {entry.parent_job_id}" if entry.parent_job_id else ""
        origin = "AI-generated · " if request.generated else ""
        embed.set_footer(text=f"{origin}job {entry.job_id}{lineage}")
        return embed
