"""/show: the settings that make a clip again."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import TITLES, settings_line
from bot.commands.options import ClipName, described
from bot.source_clips import SourceClips
from bot.text import quoted
from generation.clip import ClipFacts, Making
from generation.job import JobState
from generation.models.card import DEFAULT_PRESET
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage.jobs import JobRecord

PROMPT_SHOWN_CHARACTERS = 1500
REVISION_SHOWN_CHARACTERS = 12


class ShowCog(commands.Cog):
    def __init__(self, *, catalogue: Catalogue, source_clips: SourceClips) -> None:
        self._catalogue = catalogue
        self._source_clips = source_clips

    @app_commands.command(name="show", description="The settings that make a clip again")
    @app_commands.guild_only()
    @described("clip")
    async def show(self, interaction: discord.Interaction[Any], clip: ClipName) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        record = await self._source_clips.record(
            clip,
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
            action="look at",
        )
        sheet = settings_sheet(record, self._catalogue)
        await interaction.followup.send(embed=sheet, ephemeral=True)


def settings_sheet(record: JobRecord, catalogue: Catalogue) -> discord.Embed:
    """All that a clip depends on, as far as it is known."""
    request = GenerationRequest.from_json(record.request_json)
    title = catalogue.title(record.model)
    embed = discord.Embed(title=f"{TITLES[request.command]} · job {record.id}")
    if request.prompt:
        embed.description = quoted(request.prompt, PROMPT_SHOWN_CHARACTERS)
    settings = settings_line(request, title)
    if request.preset != DEFAULT_PRESET:
        settings += f" · preset {request.preset}"
    embed.add_field(name="Settings", value=settings, inline=False)
    if record.state != JobState.SUCCEEDED or record.clip_json is None:
        embed.add_field(name="Clip", value=f"There is none: the job is {record.state}.")
        return embed
    facts = ClipFacts.from_json(record.clip_json)
    if facts.model_revision:
        revision = facts.model_revision[:REVISION_SHOWN_CHARACTERS]
        embed.add_field(name="Model", value=f"`{record.model}` at `{revision}`", inline=False)
    if facts.making is not None:
        _add_making(embed, facts.making)
    embed.set_footer(text="The same settings make the same clip again, on the same device.")
    return embed


def _add_making(embed: discord.Embed, making: Making) -> None:
    parts = (
        *filter(None, (making.scheduler, making.step_cache)),
        making.dtype,
        f"{making.width} × {making.height} before enlarging",
        f"model {making.tier}",
        making.device,
    )
    embed.add_field(name="Made with", value=" · ".join(parts), inline=False)
    versions = " · ".join(f"{name} {version}" for name, version in making.versions.items())
    embed.add_field(name="Versions", value=versions, inline=False)
