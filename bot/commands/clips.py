"""The commands that work on a clip: /extend, /restyle, /upscale, /smooth."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.commands.options import ClipName, ModelName, Motion, Prompt, Seed, described
from bot.guild_models import GuildModels
from bot.layered_options import Completed, LayeredOptions
from bot.ordering import Ordering, check_channel
from bot.request_options import RequestOptions, rework
from bot.source_clips import FoundClip, SourceClips
from generation.errors import InvalidRequest
from generation.request import (
    SMOOTH_FPS_MAX,
    SMOOTH_FPS_MIN,
    STRENGTH_MAX,
    STRENGTH_MIN,
    Command,
)

SMOOTH_FPS_DEFAULT = 30


@app_commands.guild_only()
class ClipsCog(commands.Cog):
    """Each command acknowledges at once, then orders; errors go to the command tree."""

    def __init__(
        self,
        *,
        ordering: Ordering,
        layered_options: LayeredOptions,
        source_clips: SourceClips,
        guild_models: GuildModels,
    ) -> None:
        self._ordering = ordering
        self._layered_options = layered_options
        self._source_clips = source_clips
        self._guild_models = guild_models

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
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        words = prompt if prompt is not None or found.request is None else found.request.prompt
        options = RequestOptions(
            command=Command.EXTEND,
            prompt=words or "",
            model=model or await self._model_for(interaction, Command.EXTEND, found),
            seconds=duration,
            motion=motion,
            seed=seed,
            private=private,
            source=found.source,
        )
        completed = await self._layered_options.complete(interaction, options)
        await self._order(interaction, found, completed)

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
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        options = RequestOptions(
            command=Command.RESTYLE,
            prompt=prompt,
            model=model or await self._model_for(interaction, Command.RESTYLE, found),
            seconds=duration,
            seed=seed,
            negative_prompt=negative or "",
            private=private,
            source=found.source,
            strength=strength,
        )
        completed = await self._layered_options.complete(interaction, options)
        await self._order(interaction, found, completed)

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
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        hidden = await self._layered_options.private(interaction, private)
        card = await self._guild_models.upscaler(
            model, guild_id=interaction.guild_id, made_by=_made_by(found)
        )
        request = rework(Command.UPSCALE, found.source, of=found.request, private=hidden, by=card)
        await self._order(interaction, found, Completed(request=request))

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
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        hidden = await self._layered_options.private(interaction, private)
        request = rework(Command.SMOOTH, found.source, of=found.request, private=hidden, fps=fps)
        await self._order(interaction, found, Completed(request=request))

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
        self, interaction: discord.Interaction[Any], found: FoundClip, completed: Completed
    ) -> None:
        files = {} if found.media is None else {found.source.sha256: found.media}
        await self._ordering.order(
            interaction,
            completed.request,
            files,
            notes=completed.notes,
            origins=completed.origins,
        )


def _made_by(found: FoundClip) -> str | None:
    return found.request.model if found.request else None
