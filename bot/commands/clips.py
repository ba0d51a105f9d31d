"""The commands that work on a clip: /extend, /restyle, /upscale, /smooth."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.commands.options import Motion, Prompt, Seed, described, job_choices, model_choices
from bot.layered_options import Completed, LayeredOptions
from bot.ordering import Ordering, check_channel
from bot.request_options import RequestOptions, rework
from bot.source_clips import FoundClip, SourceClips
from config.settings import Settings
from generation.errors import InvalidRequest
from generation.models.card import ModelCard
from generation.models.catalogue import Catalogue
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
        settings: Settings,
        catalogue: Catalogue,
        ordering: Ordering,
        layered_options: LayeredOptions,
        source_clips: SourceClips,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._ordering = ordering
        self._layered_options = layered_options
        self._source_clips = source_clips

    @app_commands.command(name="extend", description="Go on from the end of a clip")
    @app_commands.guild_only()
    @described("clip", "video", "prompt", "motion", "seed", "model", "private")
    @app_commands.describe(duration="Seconds to add")
    async def extend(
        self,
        interaction: discord.Interaction[Any],
        clip: str | None = None,
        video: discord.Attachment | None = None,
        prompt: Prompt | None = None,
        duration: Range[float, 1, 60] | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        model: str | None = None,
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        card = self._model_for(Command.EXTEND, model, found)
        words = prompt if prompt is not None or found.request is None else found.request.prompt
        options = RequestOptions(
            command=Command.EXTEND,
            prompt=words or "",
            model=card.id,
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
        clip: str | None = None,
        video: discord.Attachment | None = None,
        strength: Range[float, STRENGTH_MIN, STRENGTH_MAX] | None = None,
        duration: Range[float, 0.1, 60.0] | None = None,
        seed: Seed | None = None,
        negative: Prompt | None = None,
        model: str | None = None,
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        card = self._model_for(Command.RESTYLE, model, found)
        options = RequestOptions(
            command=Command.RESTYLE,
            prompt=prompt,
            model=card.id,
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
    async def upscale(
        self,
        interaction: discord.Interaction[Any],
        clip: str | None = None,
        video: discord.Attachment | None = None,
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        hidden = await self._layered_options.private(interaction, private)
        request = rework(Command.UPSCALE, found.source, of=found.request, private=hidden)
        await self._order(interaction, found, Completed(request=request))

    @app_commands.command(name="smooth", description="Give a clip more frames a second")
    @app_commands.guild_only()
    @described("clip", "video", "private")
    @app_commands.describe(fps="Frames a second, more than the clip has")
    async def smooth(
        self,
        interaction: discord.Interaction[Any],
        clip: str | None = None,
        video: discord.Attachment | None = None,
        fps: Range[int, SMOOTH_FPS_MIN, SMOOTH_FPS_MAX] = SMOOTH_FPS_DEFAULT,
        private: bool | None = None,
    ) -> None:
        found = await self._found(interaction, clip, video)
        hidden = await self._layered_options.private(interaction, private)
        request = rework(Command.SMOOTH, found.source, of=found.request, private=hidden, fps=fps)
        await self._order(interaction, found, Completed(request=request))

    @extend.autocomplete("model")
    @restyle.autocomplete("model")
    async def _complete_model(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        command = interaction.command.name if interaction.command else ""
        return model_choices(self._catalogue, command, typed)

    @extend.autocomplete("clip")
    @restyle.autocomplete("clip")
    @upscale.autocomplete("clip")
    @smooth.autocomplete("clip")
    async def _complete_clip(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """The member's own newest clips; another's job id may be typed as well."""
        assert interaction.guild_id is not None  # the command tree admits guilds only
        clips = await self._source_clips.latest(
            guild_id=interaction.guild_id, user_id=interaction.user.id
        )
        return job_choices(clips, typed)

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

    def _model_for(self, command: Command, typed: str | None, found: FoundClip) -> ModelCard:
        """The typed model, else the one that made the clip if it can do this, else the default one.

        Raises UnknownModel.
        """
        made_by = None if found.request is None else found.request.model
        if typed is None and any(
            card.id == made_by
            and command in card.commands
            and self._catalogue.why_not(card.id) is None
            for card in self._catalogue
        ):
            typed = made_by
        return self._catalogue.get(typed or self._settings.generation.default_model)

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
