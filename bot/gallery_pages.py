"""One page of the gallery: a shared clip with its prompt, settings, author, likes and lineage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import discord

from bot.channel_messages import Attachment
from bot.errors import EmptyGallery, NothingFound
from bot.text import mention, quoted
from bot.views.gallery_pager import gallery_view
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import gallery_search
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.gallery import GalleryEntry
from storage.gallery_search import GalleryPage, GallerySearch
from storage.media_files import MediaFiles

PROMPT_SHOWN_CHARACTERS = 900
ORDERS = {"best": "best first", "newest": "newest first", "liked": "most liked first"}


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

    async def first(self, guild_id: int, search: GallerySearch) -> RenderedPage:
        """The first page of a search, which is remembered for its buttons.

        Raises EmptyGallery, NothingFound.
        """
        now = datetime.now(UTC)
        search_id = await self._database.write(
            lambda connection: gallery_search.keep_search(connection, search, now=now)
        )
        return await self.page(guild_id, search_id, None)

    async def page(self, guild_id: int, search_id: str, after: str | None) -> RenderedPage:
        """The clip after the cursor. Raises EmptyGallery, NothingFound, InvalidCursor."""

        def find(connection: Connection) -> tuple[GallerySearch, GalleryPage]:
            search = gallery_search.search_of(connection, search_id)
            return search, gallery_search.page(
                connection, guild_id=guild_id, limit=1, search=search, after=after
            )

        search, found = await self._database.read(find)
        if not found.entries:
            raise EmptyGallery if search == GallerySearch(order=search.order) else NothingFound
        entry = found.entries[0]
        embed = self.embed(entry, title=self._title(search))
        attachments = await self.attachments(entry)
        if not attachments:
            embed.add_field(name="Clip", value="Its file is no longer kept here.")
        view = gallery_view(
            entry.job_id, search_id=search_id, after=found.next_cursor, first=after is not None
        )
        return RenderedPage(embed=embed, view=view, attachments=attachments)

    async def attachments(self, entry: GalleryEntry) -> tuple[Attachment, ...]:
        """The clip; nothing where its file is lost."""
        suffix = GenerationRequest.from_json(entry.settings_json).command.suffix
        try:
            media = await self._media_files.read(entry.clip_sha256, suffix)
        except MediaError:
            return ()
        return (Attachment(filename=f"reelroom-{entry.job_id}{suffix}", media=media),)

    def embed(self, entry: GalleryEntry, *, title: str) -> discord.Embed:
        """All that is known of an entry but the clip itself."""
        request = GenerationRequest.from_json(entry.settings_json)
        lines = [f"by <@{entry.author_id}>, {discord.utils.format_dt(entry.shared_at, 'R')}"]
        if entry.parent_job_id:
            lines.append(
                f"remix of {entry.parent_job_id} by {mention(entry.parent_author_id or 0)}"
            )
        lines.append(
            quoted(entry.prompt, PROMPT_SHOWN_CHARACTERS) if entry.prompt else "> *a picture*"
        )
        embed = discord.Embed(title=title, description="\n".join(lines))
        embed.add_field(name="Model", value=self._catalogue.title(entry.model))
        embed.add_field(name="Seed", value=f"`{entry.seed}`")
        embed.add_field(name="Command", value=f"/{request.command}")
        if entry.likes:
            embed.add_field(name="Liked by", value=f"❤️ {entry.likes}")
        if entry.remixes:
            embed.add_field(name="Remixed", value=f"{entry.remixes} ×")
        origin = "AI-generated · " if request.generated else ""
        embed.set_footer(text=f"{origin}job {entry.job_id}")
        return embed

    def _title(self, search: GallerySearch) -> str:
        parts = ["Gallery"]
        if search.words:
            parts.append(discord.utils.escape_markdown(f"“{search.words[:60]}”"))
        if search.model:
            parts.append(self._catalogue.title(search.model))
        if search.command:
            parts.append(f"/{search.command}")
        if search.order != "best":
            parts.append(ORDERS[search.order])
        return " · ".join(parts)
