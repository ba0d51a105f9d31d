"""The commands that make clips: /imagine-video, /animate, /loop, /narrate."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.commands.options import (
    ASPECT_CHOICES,
    CAMERA_CHOICES,
    Motion,
    Prompt,
    Seed,
    described,
    job_choices,
    model_choices,
    option_set_choices,
    preset_choices,
)
from bot.layered_options import LayeredOptions
from bot.ordering import Ordering, check_channel
from bot.request_files import file_name
from bot.request_options import RequestOptions
from bot.source_pictures import SourcePictures
from config.settings import Settings
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
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
        model: str | None = None,
        preset: str | None = None,
        duration: Range[float, 1, 60] | None = None,
        aspect: str | None = None,
        camera: str | None = None,
        motion: Motion | None = None,
        guidance: Range[float, 1, 25] | None = None,
        steps: Range[int, 1, 100] | None = None,
        seed: Seed | None = None,
        negative: Range[str, 1, PROMPT_MAX_CHARACTERS] | None = None,
        private: bool | None = None,
        options: str | None = None,
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
        still: str | None = None,
        prompt: Prompt | None = None,
        end: discord.Attachment | None = None,
        motion: Motion | None = None,
        camera: str | None = None,
        seed: Seed | None = None,
        model: str | None = None,
        private: bool | None = None,
        options: str | None = None,
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
        await self._order(interaction, typed, options, image, end, still)

    @app_commands.command(name="loop", description="Make a clip whose end meets its start")
    @app_commands.guild_only()
    @described("prompt", "image", "duration", "motion", "seed", "model", "private", "options")
    async def loop(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt | None = None,
        image: discord.Attachment | None = None,
        duration: Range[float, 1, 60] | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        model: str | None = None,
        private: bool | None = None,
        options: str | None = None,
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
        await self._order(interaction, typed, options, image)

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
        model: str | None = None,
        private: bool | None = None,
        options: str | None = None,
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

    @imagine_video.autocomplete("model")
    @animate.autocomplete("model")
    @loop.autocomplete("model")
    @narrate.autocomplete("model")
    async def _complete_model(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        command = interaction.command.name if interaction.command else ""
        return model_choices(self._catalogue, command, typed)

    @imagine_video.autocomplete("preset")
    async def _complete_preset(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """The presets of the model that is typed already, else of the default one."""
        model = interaction.namespace.model or self._settings.generation.default_model
        return preset_choices(self._catalogue, model, typed)

    @imagine_video.autocomplete("options")
    @animate.autocomplete("options")
    @loop.autocomplete("options")
    @narrate.autocomplete("options")
    async def _complete_options(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """The member's own option sets."""
        return option_set_choices(
            await self._layered_options.saved_sets(interaction.user.id), typed
        )

    @animate.autocomplete("still")
    async def _complete_still(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        """The member's own newest stills; another's job id may be typed as well."""
        assert interaction.guild_id is not None  # the command tree admits guilds only
        stills = await self._pictures.latest(
            guild_id=interaction.guild_id, user_id=interaction.user.id
        )
        return job_choices(stills, typed)

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
        files: dict[str, bytes] = {}
        names: list[str | None] = []
        for upload in (first, last):
            picture = await self._pictures.of_upload(upload) if upload else None
            names.append(None if picture is None else file_name(picture))
            files |= {} if picture is None else {file_name(picture): picture}
        if still is not None:
            if first is not None:
                raise InvalidRequest("image", "is given twice: upload one or name a still")
            names[0] = await self._pictures.of_job(
                still, guild_id=interaction.guild_id, user_id=interaction.user.id
            )
        if typed.command is Command.ANIMATE and names[0] is None:
            raise InvalidRequest("image", "is missing: upload one, or name a still")
        completed = await self._layered_options.complete(
            interaction, typed, saved=saved, image_sha256=names[0], last_image_sha256=names[1]
        )
        await self._ordering.order(
            interaction,
            completed.request,
            files,
            notes=completed.notes,
            origins=completed.origins,
        )


def _camera(typed: str | None) -> Camera | None:
    return None if typed is None else Camera.of(CameraMove(typed))
