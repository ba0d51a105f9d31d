"""The commands that make clips: /imagine-video, /animate, /loop, /narrate."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.flag_effects import understand
from bot.ordering import Ordering, check_channel
from bot.request_files import file_name
from bot.request_options import RequestOptions, complete
from config.settings import Settings
from generation.errors import InvalidRequest, UnusableImage
from generation.models.catalogue import Catalogue
from generation.request import (
    MOTION_MAX,
    PROMPT_MAX_CHARACTERS,
    SEED_MAX,
    Camera,
    CameraMove,
    Command,
)
from generation.uploads import read_image

CAMERA_CHOICES = [Choice(name=move.value, value=move.value) for move in CameraMove]
ASPECT_CHOICES = [Choice(name=aspect, value=aspect) for aspect in ("1:1", "16:9", "9:16")]
DECODERS_AT_ONCE = 2  # each is a process with some hundred MiB of address space
AUTOCOMPLETE_CHOICES = 25  # Discord's limit
TYPED_MAX_CHARACTERS = 4000  # words and their flags; the words alone have a limit of their own

Seed = Range[int, 0, SEED_MAX]
Motion = Range[int, 0, MOTION_MAX]
Prompt = Range[str, 1, TYPED_MAX_CHARACTERS]

DESCRIPTIONS = {
    "prompt": "What the clip shows",
    "model": "Which model makes it; see /models",
    "preset": "A way to run the model, such as a faster one; see /models",
    "duration": "Seconds",
    "aspect": "Width to height",
    "camera": "What the camera does",
    "motion": "How much moves, from 0 (still) to 4 (fast)",
    "guidance": "How strictly the model follows the prompt",
    "steps": "Denoising steps: more is finer, slower and dearer",
    "seed": "The same seed and settings make the same clip again",
    "negative": "What the clip should not show",
    "private": "Keep the clip out of the gallery",
    "image": "PNG, JPEG, WebP or GIF; the clip begins with it",
    "clip": "The job id of a clip of this server; it is at the foot of its card",
    "video": "Instead of a clip: MP4, MOV or WebM",
    "end": "A second picture; the clip ends with it",
}


def described(*names: str) -> Any:
    """The descriptions of these options, worded once for all commands."""
    return app_commands.describe(**{name: DESCRIPTIONS[name] for name in names})


def model_choices(catalogue: Catalogue, command: str, typed: str) -> list[Choice[str]]:
    """The enabled models that can do the command and whose name has what was typed."""
    wanted = typed.casefold()
    return [
        Choice(name=f"{card.title} ({card.id})", value=card.id)
        for card in catalogue
        if command in card.commands
        and (wanted in card.id.casefold() or wanted in card.title.casefold())
    ][:AUTOCOMPLETE_CHOICES]


@app_commands.guild_only()
class GenerateCog(commands.Cog):
    """Each command acknowledges at once, then orders; errors go to the command tree."""

    def __init__(self, *, settings: Settings, catalogue: Catalogue, ordering: Ordering) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._ordering = ordering
        self._decoders = asyncio.Semaphore(DECODERS_AT_ONCE)

    @app_commands.command(name="imagine-video", description="Turn words into a video clip")
    @app_commands.guild_only()
    @described(
        "prompt", "model", "preset", "duration", "aspect", "camera", "motion", "guidance", "steps",
        "seed", "negative", "private",
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
        private: bool = False,
    ) -> None:
        options = RequestOptions(
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
        await self._order(interaction, options)

    @app_commands.command(name="animate", description="Make a picture move")
    @app_commands.guild_only()
    @described("image", "prompt", "end", "motion", "camera", "seed", "model", "private")
    @app_commands.choices(camera=CAMERA_CHOICES)
    async def animate(
        self,
        interaction: discord.Interaction[Any],
        image: discord.Attachment,
        prompt: Prompt | None = None,
        end: discord.Attachment | None = None,
        motion: Motion | None = None,
        camera: str | None = None,
        seed: Seed | None = None,
        model: str | None = None,
        private: bool = False,
    ) -> None:
        options = RequestOptions(
            command=Command.ANIMATE,
            prompt=prompt or "",
            model=model,
            camera=_camera(camera),
            motion=motion,
            seed=seed,
            private=private,
        )
        await self._order(interaction, options, image, end)

    @app_commands.command(name="loop", description="Make a clip whose end meets its start")
    @app_commands.guild_only()
    @described("prompt", "image", "duration", "motion", "seed", "model", "private")
    async def loop(
        self,
        interaction: discord.Interaction[Any],
        prompt: Prompt | None = None,
        image: discord.Attachment | None = None,
        duration: Range[float, 1, 60] | None = None,
        motion: Motion | None = None,
        seed: Seed | None = None,
        model: str | None = None,
        private: bool = False,
    ) -> None:
        options = RequestOptions(
            command=Command.LOOP,
            prompt=prompt or "",
            model=model,
            seconds=duration,
            motion=motion,
            seed=seed,
            private=private,
        )
        await self._order(interaction, options, image)

    @app_commands.command(
        name="narrate", description="Turn a story into a film with speech and captions"
    )
    @app_commands.guild_only()
    @described("motion", "aspect", "seed", "model", "private")
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
        private: bool = False,
    ) -> None:
        options = RequestOptions(
            command=Command.NARRATE,
            prompt=story,
            model=model,
            aspect=aspect,
            motion=motion,
            seed=seed,
            private=private,
        )
        await self._order(interaction, options)

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
        presets = [name for card in self._catalogue if card.id == model for name in card.presets]
        return [Choice(name=name, value=name) for name in presets if typed.casefold() in name][
            :AUTOCOMPLETE_CHOICES
        ]

    async def _order(
        self,
        interaction: discord.Interaction[Any],
        options: RequestOptions,
        first: discord.Attachment | None = None,
        last: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_channel(interaction)
        files: dict[str, bytes] = {}
        names: list[str | None] = []
        for upload in (first, last):
            picture = await self._picture(upload) if upload else None
            names.append(None if picture is None else file_name(picture))
            files |= {} if picture is None else {file_name(picture): picture}
        default_model = self._settings.generation.default_model
        options, notes = understand(options, self._catalogue, default_model=default_model)
        if first is None and options.command is Command.LOOP and not options.prompt.strip():
            raise InvalidRequest("prompt", "is missing: give a prompt or an image")
        request = complete(
            options,
            self._catalogue,
            default_model=default_model,
            image_sha256=names[0],
            last_image_sha256=names[1],
        )
        await self._ordering.order(interaction, request, files, notes=notes)

    async def _picture(self, upload: discord.Attachment) -> bytes:
        """The upload as clean PNG bytes. Raises UnusableImage."""
        limits = self._settings.limits
        if upload.size > limits.image_bytes:
            most = limits.image_bytes / 2**20
            raise UnusableImage(f"it has {upload.size / 2**20:.1f} MiB; {most:g} MiB are allowed")
        async with self._decoders:
            return await read_image(
                await upload.read(), max_bytes=limits.image_bytes, max_pixels=limits.image_pixels
            )


def _camera(typed: str | None) -> Camera | None:
    return None if typed is None else Camera.of(CameraMove(typed))
