"""The commands that make clips: /imagine-video, /animate, /loop, /narrate."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.commands.options import (
    ASPECT_CHOICES,
    CAMERA_CHOICES,
    ModelName,
    Motion,
    OptionSetName,
    PictureName,
    PresetName,
    Prompt,
    Seed,
    described,
)
from bot.layered_options import LayeredOptions
from bot.ordering import Ordering, check_channel
from bot.request_options import RequestOptions
from bot.source_pictures import SourcePictures, uploads
from generation.errors import InvalidRequest
from generation.request import (
    PROMPT_MAX_CHARACTERS,
    Camera,
    CameraMove,
    Command,
)


@app_commands.guild_only()
class GenerateCog(commands.Cog):
    """Each command acknowledges at once, then orders; errors go to the command tree."""

    def __init__(
        self,
        *,
        ordering: Ordering,
        layered_options: LayeredOptions,
        source_pictures: SourcePictures,
    ) -> None:
        self._ordering = ordering
        self._layered_options = layered_options
        self._pictures = source_pictures

    @app_commands.command(name="imagine-video", description="Turn words into a video clip")
    @app_commands.guild_only()
    @described(
        "prompt", "model", "preset", "duration", "aspect", "camera", "motion", "guidance", "steps",
        "seed", "negative", "private", "options",
    )  # fmt: skip
    @app_commands.choices(camera=CAMERA_CHOICES, aspect=ASPECT_CHOICES)
    async def imagine_video(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt,
        model: ModelName | None = None,
        preset: PresetName | None = None,
        duration: Range[float, 1, 60] | None = None,
        aspect: str | None = None,
        camera: str | None = None,
        motion: Motion | None = None,
        guidance: Range[float, 1, 25] | None = None,
        steps: Range[int, 1, 100] | None = None,
        seed: Seed | None = None,
        negative: Range[str, 1, PROMPT_MAX_CHARACTERS] | None = None,
        private: bool | None = None,
        options: OptionSetName | None = None,
    ) -> None:
        typed = RequestOptions(
            command=Command.IMAGINE_VIDEO,
            prompt=prompt,
            model=model,
            preset=preset,
            seconds=duration,
            aspect=aspect,
            camera=_camera(camera),
            motion=motion,
            guidance=guidance,
            steps=steps,
            seed=seed,
            negative_prompt=negative or "",
            private=private,
        )
        await self._order(interaction, typed, options)

    @app_commands.command(name="animate", description="Make a picture move")
    @app_commands.guild_only()
    @described(
        "image", "still", "prompt", "end", "motion", "camera", "seed", "model", "private", "options"
    )
    @app_commands.choices(camera=CAMERA_CHOICES)
    async def animate(
        self,
        interaction: discord.Interaction[Any],
        image: discord.Attachment | None = None,
        still: PictureName | None = None,
        prompt: Prompt | None = None,
        end: discord.Attachment | None = None,
        motion: Motion | None = None,
        camera: str | None = None,
        seed: Seed | None = None,
        model: ModelName | None = None,
        private: bool | None = None,
        options: OptionSetName | None = None,
    ) -> None:
        typed = RequestOptions(
            command=Command.ANIMATE,
            prompt=prompt or "",
            model=model,
            camera=_camera(camera),
            motion=motion,
            seed=seed,
            private=private,
        )
        await self._order(interaction, typed, options, image, end, still=still)

    @app_commands.command(name="loop", description="Make a clip whose end meets its start")
    @app_commands.guild_only()
    @described(
        "prompt", "image", "still", "duration", "motion", "seed", "model", "private", "options"
    )
    async def loop(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt | None = None,
        image: discord.Attachment | None = None,
        still: PictureName | None = None,
        duration: Range[float, 1, 60] | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        model: ModelName | None = None,
        private: bool | None = None,
        options: OptionSetName | None = None,
    ) -> None:
        typed = RequestOptions(
            command=Command.LOOP,
            prompt=prompt or "",
            model=model,
            seconds=duration,
            motion=motion,
            seed=seed,
            private=private,
        )
        await self._order(interaction, typed, options, image, still=still)

    @app_commands.command(
        name="narrate", description="Turn a story into a film with speech and captions"
    )
    @app_commands.guild_only()
    @described("motion", "aspect", "seed", "model", "private", "options")
    @app_commands.describe(story="The story; each sentence becomes a scene")
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def narrate(
        self,
        interaction: discord.Interaction[Any],
        story: Prompt,
        motion: Motion | None = None,
        aspect: str | None = None,
        seed: Seed | None = None,
        model: ModelName | None = None,
        private: bool | None = None,
        options: OptionSetName | None = None,
    ) -> None:
        typed = RequestOptions(
            command=Command.NARRATE,
            prompt=story,
            model=model,
            aspect=aspect,
            motion=motion,
            seed=seed,
            private=private,
        )
        await self._order(interaction, typed, options)

    async def _order(
        self,
        interaction: discord.Interaction[Any],
        typed: RequestOptions,
        saved: str | None,
        first: discord.Attachment | None = None,
        last: discord.Attachment | None = None,
        still: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_channel(interaction)
        begins = await self._pictures.find(interaction, first, still)
        ends = await self._pictures.find(interaction, last, None)
        if typed.command is Command.ANIMATE and begins is None:
            raise InvalidRequest("image", "is missing: upload one, or name a still")
        completed = await self._layered_options.complete(
            interaction,
            typed,
            saved=saved,
            image_sha256=begins.sha256 if begins else None,
            last_image_sha256=ends.sha256 if ends else None,
        )
        await self._ordering.order(
            interaction,
            completed.request,
            uploads((begins, ends)),
            notes=completed.notes,
            origins=completed.origins,
        )


def _camera(typed: str | None) -> Camera | None:
    return None if typed is None else Camera.of(CameraMove(typed))
