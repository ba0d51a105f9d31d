"""/gallery: page through the clips that this server shares, and search them."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.commands.options import EnabledModelName
from bot.gallery_pages import GalleryPages
from generation.request import Command
from storage.gallery_search import GallerySearch

SEARCH_MAX_CHARACTERS = 200
COMMANDS = [Choice(name=command.value, value=command.value) for command in Command]
ORDERS = [
    Choice(name="newest", value="newest"),
    Choice(name="most liked", value="liked"),
]


class GalleryCog(commands.Cog):
    def __init__(self, *, pages: GalleryPages) -> None:
        self._pages = pages

    @app_commands.command(
        name="gallery", description="Clips shared on this server: the newest, or what you look for"
    )
    @app_commands.guild_only()
    @app_commands.describe(
        search="Words of the prompt; rare ones show the best match first",
        model="Made by this model",
        command="Made by this command",
        author="Made by this member",
        order="Newest or most liked first",
    )
    @app_commands.choices(command=COMMANDS, order=ORDERS)
    async def open_gallery(
        self,
        interaction: discord.Interaction[Any],
        search: Range[str, 1, SEARCH_MAX_CHARACTERS] | None = None,
        model: EnabledModelName | None = None,
        command: str | None = None,
        author: discord.User | None = None,
        order: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen: dict[str | None, Literal["newest", "liked"]] = {
            "newest": "newest", "liked": "liked",
        }  # fmt: skip
        page = await self._pages.first(
            interaction.guild_id or 0,
            GallerySearch(
                words=search or "",
                model=model,
                command=command,
                author_id=None if author is None else author.id,
                order=chosen.get(order, "best"),
            ),
        )
        await interaction.followup.send(
            embed=page.embed,
            view=page.view,
            files=[attachment.file() for attachment in page.attachments],
            ephemeral=True,
        )
