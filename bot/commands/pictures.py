"""The commands about pictures: /keyframes, /storyboard-image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.commands.options import (
    ASPECT_CHOICES,
    ModelName,
    Motion,
    PictureName,
    PresetName,
    Prompt,
    Seed,
    described,
)
from bot.layered_options import LayeredOptions
from bot.ordering import Ordering, check_channel
from bot.request_options import AskedKeyframe, RequestOptions
from bot.source_pictures import FoundPicture, SourcePictures, uploads
from generation.errors import InvalidRequest
from generation.request import SECONDS_MAX, Command

Time = Range[float, 0.0, SECONDS_MAX]


@app_commands.guild_only()
class PicturesCog(commands.Cog):
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

    @app_commands.command(name="keyframes", description="Move through pictures, each at its time")
    @app_commands.guild_only()
    @described(
        "image1", "image2", "prompt", "at1", "at2", "image3", "at3", "image4", "at4", "still1",
        "still2", "still3", "still4", "duration", "aspect", "motion", "seed", "negative", "model",
        "private",
    )  # fmt: skip
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def keyframes(
        self,
        interaction: discord.Interaction[Any],
        image1: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        prompt: Prompt | None = None,
        at1: Time | None = None,
        at2: Time | None = None,
        image3: discord.Attachment | None = None,
        at3: Time | None = None,
        image4: discord.Attachment | None = None,
        at4: Time | None = None,
        still1: PictureName | None = None,
        still2: PictureName | None = None,
        still3: PictureName | None = None,
        still4: PictureName | None = None,
        duration: Range[float, 1, 60] | None = None,
        aspect: str | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        negative: Prompt | None = None,
        model: ModelName | None = None,
        private: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_channel(interaction)
        given = zip(
            (image1, image2, image3, image4),
            (still1, still2, still3, still4),
            (at1, at2, at3, at4),
            strict=True,
        )
        files, asked = await self._read(interaction, given)
        options = RequestOptions(
            command=Command.KEYFRAMES,
            prompt=prompt or "",
            model=model,
            seconds=duration,
            aspect=aspect,
            motion=motion,
            seed=seed,
            negative_prompt=negative or "",
            private=private,
            keyframes=asked,
        )
        await self._order(interaction, options, files)

    @app_commands.command(name="storyboard-image", description="Turn words into one picture")
    @app_commands.guild_only()
    @described("model", "preset", "aspect", "guidance", "steps", "seed")
    @app_commands.describe(
        prompt="What the picture shows",
        negative="What the picture should not show",
        private="Keep the picture out of the gallery",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def storyboard_image(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt,
        model: ModelName | None = None,
        preset: PresetName | None = None,
        aspect: str | None = None,
        guidance: Range[float, 1, 25] | None = None,
        steps: Range[int, 1, 100] | None = None,
        seed: Seed | None = None,
        negative: Prompt | None = None,
        private: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_channel(interaction)
        options = RequestOptions(
            command=Command.STORYBOARD_IMAGE,
            prompt=prompt,
            model=model,
            preset=preset,
            aspect=aspect,
            guidance=guidance,
            steps=steps,
            seed=seed,
            negative_prompt=negative or "",
            private=private,
        )
        await self._order(interaction, options, {})

    async def _order(
        self,
        interaction: discord.Interaction[Any],
        options: RequestOptions,
        files: dict[str, bytes],
    ) -> None:
        completed = await self._layered_options.complete(interaction, options)
        await self._ordering.order(
            interaction,
            completed.request,
            files,
            notes=completed.notes,
            origins=completed.origins,
        )

    async def _read(
        self,
        interaction: discord.Interaction[Any],
        given: Iterable[tuple[discord.Attachment | None, str | None, float | None]],
    ) -> tuple[dict[str, bytes], tuple[AskedKeyframe, ...]]:
        """The new pictures by their hash, and when to show which. Raises InvalidRequest."""
        found: list[FoundPicture] = []
        asked: list[AskedKeyframe] = []
        for number, (upload, named, at) in enumerate(given, 1):
            picture = await self._pictures.find(interaction, upload, named, number=str(number))
            if picture is not None:
                found.append(picture)
                asked.append(AskedKeyframe(sha256=picture.sha256, seconds=at))
            elif at is not None:
                raise InvalidRequest(f"at{number}", f"is a time without image{number}")
        return uploads(found), tuple(asked)
