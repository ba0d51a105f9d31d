"""The commands about pictures: /keyframes, /storyboard-image."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.commands.options import (
    ASPECT_CHOICES,
    Motion,
    Prompt,
    Seed,
    described,
    model_choices,
    preset_choices,
)
from bot.layered_options import LayeredOptions
from bot.ordering import Ordering, check_channel
from bot.request_files import file_name
from bot.request_options import AskedKeyframe, RequestOptions
from bot.source_pictures import SourcePictures
from config.settings import Settings
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import SECONDS_MAX, Command

Time = Range[float, 0.0, SECONDS_MAX]


@app_commands.guild_only()
class PicturesCog(commands.Cog):
    """Each command acknowledges at once, then orders; errors go to the command tree."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        ordering: Ordering,
        layered_options: LayeredOptions,
        source_pictures: SourcePictures,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._ordering = ordering
        self._layered_options = layered_options
        self._pictures = source_pictures

    @app_commands.command(name="keyframes", description="Move through pictures, each at its time")
    @app_commands.guild_only()
    @described(
        "image1", "image2", "prompt", "at1", "at2", "image3", "at3", "image4", "at4", "duration",
        "aspect", "motion", "seed", "negative", "model", "private",
    )  # fmt: skip
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def keyframes(
        self,
        interaction: discord.Interaction[Any],
        image1: discord.Attachment,
        image2: discord.Attachment,
        prompt: Prompt | None = None,
        at1: Time | None = None,
        at2: Time | None = None,
        image3: discord.Attachment | None = None,
        at3: Time | None = None,
        image4: discord.Attachment | None = None,
        at4: Time | None = None,
        duration: Range[float, 1, 60] | None = None,
        aspect: str | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        negative: Prompt | None = None,
        model: str | None = None,
        private: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_channel(interaction)
        files, asked = await self._read((image1, image2, image3, image4), (at1, at2, at3, at4))
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
        model: str | None = None,
        preset: str | None = None,
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
        uploads: tuple[discord.Attachment | None, ...],
        times: tuple[float | None, ...],
    ) -> tuple[dict[str, bytes], tuple[AskedKeyframe, ...]]:
        """The pictures by their hash, and when to show them. Raises InvalidRequest."""
        files: dict[str, bytes] = {}
        asked: list[AskedKeyframe] = []
        for number, (upload, at) in enumerate(zip(uploads, times, strict=True), 1):
            if upload is None:
                if at is not None:
                    raise InvalidRequest(f"at{number}", f"is a time without image{number}")
                continue
            picture = await self._pictures.of_upload(upload)
            files[file_name(picture)] = picture
            asked.append(AskedKeyframe(sha256=file_name(picture), seconds=at))
        return files, tuple(asked)

    @keyframes.autocomplete("model")
    @storyboard_image.autocomplete("model")
    async def _complete_model(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        command = interaction.command.name if interaction.command else ""
        return model_choices(self._catalogue, command, typed)

    @storyboard_image.autocomplete("preset")
    async def _complete_preset(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """The presets of the model that is typed already, else of the default one."""
        model = interaction.namespace.model or self._settings.generation.default_model
        return preset_choices(self._catalogue, model, typed)
