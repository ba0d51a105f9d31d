"""/gallery: page through the clips that this server shares."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.gallery_pages import GalleryPages


class GalleryCog(commands.Cog):
    def __init__(self, *, pages: GalleryPages) -> None:
        self._pages = pages

    @app_commands.command(name="gallery", description="Clips shared on this server, newest first")
    @app_commands.guild_only()
    async def open_gallery(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self._pages.page(interaction.guild_id or 0, before=None)
        await interaction.followup.send(
            embed=page.embed,
            view=page.view,
            files=[attachment.file() for attachment in page.attachments],
            ephemeral=True,
        )
