"""The commands that work on a clip: /extend, /restyle, /upscale, /smooth."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.commands.options import ClipName, ModelName, Motion, Prompt, Seed, described
from bot.flag_effects import complete_flagged
from bot.guild_models import GuildModels
from bot.ordering import Ordering, check_channel
from bot.request_options import RequestOptions, rework
from bot.source_clips import FoundClip, SourceClips
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import (
    SMOOTH_FPS_MAX,
    SMOOTH_FPS_MIN,
    STRENGTH_MAX,
    STRENGTH_MIN,
    Command,
    GenerationRequest,
)

SMOOTH_FPS_DEFAULT = 30


@app_commands.guild_only()
class ClipsCog(commands.Cog):
    """Each command acknowledges at once, then orders; errors go to the command tree."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        ordering: Ordering,
        source_clips: SourceClips,
        guild_models: GuildModels,
    ) -> None:
        self._catalogue = catalogue
        self._guild_models = guild_models
        self._ordering = ordering
        self._source_clips = source_clips

    @app_commands.command(name="extend", description="Go on from the end of a clip")
    @app_commands.guild_only()
    @described("clip", "video", "prompt", "motion", "seed", "model", "private")
    @app_commands.describe(duration="Seconds to add")
    async def extend(
        self,
        interaction: discord.Interaction[Any],
        clip: ClipName | None = None,
        video: discord.Attachment | None = None,
        prompt: Prompt | None = None,
        duration: Range[float, 1, 60] | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        model: ModelName | None = None,
        private: bool = False,
    ) -> None:
        found = await self._found(interaction, clip, video)
        default = await self._model_for(interaction, Command.EXTEND, found)
        words = prompt if prompt is not None or found.request is None else found.request.prompt
        options = RequestOptions(
            command=Command.EXTEND,
            prompt=words or "",
            model=model,
            seconds=duration,
            motion=motion,
            seed=seed,
            private=private,
            source=found.source,
        )
        request, notes = complete_flagged(options, self._catalogue, default_model=default)
        await self._order(interaction, request, found, notes)

    @app_commands.command(name="restyle", description="Make a clip anew by other words")
    @app_commands.guild_only()
    @described("prompt", "clip", "video", "seed", "negative", "model", "private")
    @app_commands.describe(
        strength="From 0.1 (hardly changed) to 1 (nothing but its length stays); 0.7 if left out",
        duration="Seconds from the clip's start; all of it if left out",
    )
    async def restyle(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt,
        clip: ClipName | None = None,
        video: discord.Attachment | None = None,
        strength: Range[float, STRENGTH_MIN, STRENGTH_MAX] | None = None,
        duration: Range[float, 0.1, 60.0] | None = None,
        seed: Seed | None = None,
        negative: Prompt | None = None,
        model: ModelName | None = None,
        private: bool = False,
    ) -> None:
        found = await self._found(interaction, clip, video)
        default = await self._model_for(interaction, Command.RESTYLE, found)
        options = RequestOptions(
            command=Command.RESTYLE,
            prompt=prompt,
            model=model,
            seconds=duration,
            seed=seed,
            negative_prompt=negative or "",
            private=private,
            source=found.source,
            strength=strength,
        )
        request, notes = complete_flagged(options, self._catalogue, default_model=default)
        await self._order(interaction, request, found, notes)

    @app_commands.command(name="upscale", description="Make a clip twice as large")
    @app_commands.guild_only()
    @described("clip", "video", "private")
    @app_commands.describe(model="What makes it larger; if left out, the best that there is here")
    async def upscale(
        self,
        interaction: discord.Interaction[Any],
        clip: ClipName | None = None,
        video: discord.Attachment | None = None,
        model: ModelName | None = None,
        private: bool = False,
    ) -> None:
        found = await self._found(interaction, clip, video)
        card = await self._guild_models.upscaler(
            model, guild_id=interaction.guild_id, made_by=_made_by(found)
        )
        request = rework(Command.UPSCALE, found.source, of=found.request, private=private, by=card)
        await self._order(interaction, request, found)

    @app_commands.command(name="smooth", description="Give a clip more frames a second")
    @app_commands.guild_only()
    @described("clip", "video", "private")
    @app_commands.describe(fps="Frames a second, more than the clip has")
    async def smooth(
        self,
        interaction: discord.Interaction[Any],
        clip: ClipName | None = None,
        video: discord.Attachment | None = None,
        fps: Range[int, SMOOTH_FPS_MIN, SMOOTH_FPS_MAX] = SMOOTH_FPS_DEFAULT,
        private: bool = False,
    ) -> None:
        found = await self._found(interaction, clip, video)
        request = rework(Command.SMOOTH, found.source, of=found.request, private=private, fps=fps)
        await self._order(interaction, request, found)

    async def _found(
        self,
        interaction: discord.Interaction[Any],
        clip: str | None,
        video: discord.Attachment | None,
    ) -> FoundClip:
        """Acknowledges first: to read a video takes longer than Discord waits."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_channel(interaction)
        if clip is not None and video is not None:
            raise InvalidRequest("clip", "is given twice: name a job or upload a video, not both")
        if video is not None:
            return await self._source_clips.of_upload(video)
        if clip is None:
            raise InvalidRequest("clip", "is missing: name a job, or upload a video")
        return await self._source_clips.of_job(
            clip, guild_id=interaction.guild_id, user_id=interaction.user.id
        )

    async def _model_for(
        self, interaction: discord.Interaction[Any], command: Command, found: FoundClip
    ) -> str:
        return await self._guild_models.choose(
            command, guild_id=interaction.guild_id, made_by=_made_by(found)
        )

    async def _order(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        found: FoundClip,
        notes: tuple[str, ...] = (),
    ) -> None:
        files = {} if found.media is None else {found.source.sha256: found.media}
        await self._ordering.order(interaction, request, files, notes=notes)


def _made_by(found: FoundClip) -> str | None:
    return found.request.model if found.request else None
