"""The buttons that make a new clip of an earlier one: reroll, vary, remix, edit, loop, animate a
frame, the same seed on another model."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import discord

from bot.errors import NoFinishedClip, NoOtherModel
from bot.guild_models import GuildModels
from bot.ordering import Ordering
from bot.request_files import file_name
from bot.request_options import draw_seed
from bot.variations import edited, from_picture, on_model, remixed, varied, written_out
from bot.views.form_modal import Field, FormModal, Typed
from bot.views.model_menu import ModelMenu
from generation.clip import ClipFacts
from generation.decoding import still
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import PROMPT_MAX_CHARACTERS, Command, GenerationRequest
from storage.jobs import JobRecord
from storage.media_files import MediaFiles


class ClipActions:
    """Each method answers the interaction; whoever calls has checked who may."""

    def __init__(
        self,
        *,
        ordering: Ordering,
        media_files: MediaFiles,
        catalogue: Catalogue,
        guild_models: GuildModels,
    ) -> None:
        self._ordering = ordering
        self._media_files = media_files
        self._catalogue = catalogue
        self._guild_models = guild_models

    async def reroll(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """The same with a new seed."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        request = dataclasses.replace(
            _request_of(record), seed=draw_seed(), parent_job_id=record.id
        )
        await self._ordering.order(interaction, request)

    async def vary(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """The same with the neighbouring seed."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        request = varied(_request_of(record), parent_job_id=record.id)
        await self._ordering.order(interaction, request)

    async def remix(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Opens the form with the words; an empty seed draws a new one."""
        request = _request_of(record)
        narrated = request.command is Command.NARRATE

        async def make(interaction: discord.Interaction[Any], typed: Typed) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            remade, notes = remixed(
                request,
                self._catalogue,
                parent_job_id=record.id,
                prompt=typed["prompt"],
                negative=typed["negative"],
                seed=_seed(typed["seed"]),
            )
            await self._order(interaction, remade, notes)

        fields = (
            Field(
                name="prompt",
                label="Story" if narrated else "Prompt",
                default=request.prompt,
                required=request.needs_words,
                long=True,
            ),
            Field(
                name="negative",
                label="Without (negative prompt)",
                default=request.negative_prompt,
            ),
            Field(
                name="seed",
                label="Seed (empty: a new one)",
                placeholder=f"{request.seed} made the original",
            ),
        )
        await interaction.response.send_modal(
            FormModal("Remix", f"remix:{record.id}", fields, make)
        )

    async def edit(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Opens the form with all of the request in one line of words and flags."""
        request = _request_of(record)

        async def make(interaction: discord.Interaction[Any], typed: Typed) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            remade, notes = edited(
                request, typed["prompt"], self._catalogue, parent_job_id=record.id
            )
            await self._order(interaction, remade, notes)

        line = Field(
            name="prompt",
            label="Words and options",
            default=written_out(request),
            required=True,
            long=True,
        )
        await interaction.response.send_modal(
            FormModal("Edit options", f"edit:{record.id}", (line,), make)
        )

    async def loop(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """A loop that begins with the clip's first picture. Raises NoFinishedClip."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        original = _request_of(record)
        picture = await self._picture(record, 0.0)
        await self._from_picture(
            interaction, record, Command.LOOP, picture, original.prompt[:PROMPT_MAX_CHARACTERS]
        )

    async def animate(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Opens the form that asks which picture is to move, and how. Raises NoFinishedClip."""
        if record.clip_json is None:
            raise NoFinishedClip(record.id)
        seconds = ClipFacts.from_json(record.clip_json).seconds

        async def make(interaction: discord.Interaction[Any], typed: Typed) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            picture = await self._picture(record, _second(typed["second"], seconds))
            await self._from_picture(interaction, record, Command.ANIMATE, picture, typed["prompt"])

        fields = (
            Field(
                name="prompt",
                label="How it goes on",
                default=_request_of(record).prompt[:PROMPT_MAX_CHARACTERS],
                long=True,
            ),
            Field(
                name="second",
                label="Second of the clip to begin with",
                placeholder=f"0 to {seconds:.2f}; empty: its last picture",
            ),
        )
        await interaction.response.send_modal(
            FormModal("Animate a frame", f"animate:{record.id}", fields, make)
        )

    async def choose_model(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Shows the other models that can do it. Raises NoOtherModel."""
        request = _request_of(record)
        able = await self._guild_models.able(request.command, guild_id=record.guild_id)
        others = tuple((card.id, card.title) for card in able if card.id != request.model)
        if not others:
            raise NoOtherModel(request.command.value)
        view = discord.ui.View(timeout=None)
        view.add_item(ModelMenu(record.id, others))
        await interaction.response.send_message(
            f"The same words and seed `{request.seed}` on another model:", view=view, ephemeral=True
        )

    async def on_model(
        self, interaction: discord.Interaction[Any], record: JobRecord, model: str
    ) -> None:
        """Raises UnknownModel, UnsupportedOption."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        remade, notes = on_model(
            _request_of(record), model, self._catalogue, parent_job_id=record.id
        )
        await self._order(interaction, remade, notes)

    async def _from_picture(
        self,
        interaction: discord.Interaction[Any],
        record: JobRecord,
        command: Command,
        picture: bytes,
        prompt: str,
    ) -> None:
        remade, notes = from_picture(
            _request_of(record),
            command,
            file_name(picture),
            self._catalogue,
            parent_job_id=record.id,
            prompt=prompt,
        )
        files = {file_name(picture): picture}
        await self._ordering.order(interaction, remade, files, notes=notes)

    async def _order(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        notes: tuple[str, ...],
    ) -> None:
        await self._ordering.order(interaction, request, notes=notes)

    async def _picture(self, record: JobRecord, second: float) -> bytes:
        """Raises NoFinishedClip, MediaFileMissing, MediaFileCorrupt."""
        if record.clip_sha256 is None:
            raise NoFinishedClip(record.id)
        media = await self._media_files.read(record.clip_sha256, ".mp4")
        return await asyncio.to_thread(still, media, second)


def _request_of(record: JobRecord) -> GenerationRequest:
    return GenerationRequest.from_json(record.request_json)


def _seed(typed: str) -> int | None:
    """Raises InvalidRequest for anything but digits."""
    if not typed:
        return None
    if not typed.isdecimal():
        raise InvalidRequest("seed", "must be a whole number")
    return int(typed)


def _second(typed: str, longest: float) -> float:
    """Raises InvalidRequest for what is no second of the clip."""
    if not typed:
        return longest
    try:
        second = float(typed.replace(",", ".").rstrip(" s"))
    except ValueError:
        raise InvalidRequest("second", "must be a number") from None
    if not 0 <= second <= longest:
        raise InvalidRequest("second", f"must be from 0 to {longest:.2f}")
    return second
