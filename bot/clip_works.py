"""The buttons that work on a clip as it is: extend, restyle."""

from __future__ import annotations

import dataclasses
from typing import Any

import discord

from bot.flag_effects import complete_flagged
from bot.guild_models import GuildModels
from bot.ordering import Ordering
from bot.request_options import STRENGTH_DEFAULT, RequestOptions
from bot.source_clips import FoundClip, clip_in, made_in
from bot.views.form_modal import Field, FormModal, Typed
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import (
    PROMPT_MAX_CHARACTERS,
    STRENGTH_MAX,
    STRENGTH_MIN,
    Command,
    GenerationRequest,
)
from storage.jobs import JobRecord


class ClipWorks:
    """Each method answers the interaction; whoever calls has checked who may."""

    def __init__(
        self, *, ordering: Ordering, catalogue: Catalogue, guild_models: GuildModels
    ) -> None:
        self._ordering = ordering
        self._catalogue = catalogue
        self._guild_models = guild_models

    async def extend(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Goes on from the clip's end by its own words. Raises NoFinishedClip."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        words = _words(clip_in(made_in(record)).request)
        await self._order(interaction, record, Command.EXTEND, words, None)

    async def restyle(self, interaction: discord.Interaction[Any], record: JobRecord) -> None:
        """Opens the form that asks for the words and how much of the clip is to change. Raises
        NoFinishedClip."""
        found = clip_in(made_in(record))

        async def make(interaction: discord.Interaction[Any], typed: Typed) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            strength = _strength(typed["strength"])
            await self._order(interaction, record, Command.RESTYLE, typed["prompt"], strength)

        fields = (
            Field(
                name="prompt",
                label="What it is to show",
                default=_words(found.request),
                required=True,
                long=True,
            ),
            Field(
                name="strength",
                label="Strength: how freely it is made anew",
                placeholder=(
                    f"{STRENGTH_MIN:g} (hardly changed) to {STRENGTH_MAX:g} (all new); "
                    f"empty: {STRENGTH_DEFAULT:g}"
                ),
            ),
        )
        await interaction.response.send_modal(
            FormModal("Restyle", f"restyle:{record.id}", fields, make)
        )

    async def _order(
        self,
        interaction: discord.Interaction[Any],
        record: JobRecord,
        command: Command,
        prompt: str,
        strength: float | None,
    ) -> None:
        found = clip_in(made_in(record))
        made_by = await self._model_for(command, record, found)
        options = RequestOptions(
            command=command,
            prompt=prompt,
            source=found.source,
            strength=strength,
            private=record.private,
        )
        request, notes = complete_flagged(options, self._catalogue, default_model=made_by)
        request = dataclasses.replace(request, parent_job_id=record.id)
        await self._ordering.order(interaction, request, notes=notes)

    async def _model_for(self, command: Command, record: JobRecord, found: FoundClip) -> str:
        made_by = found.request.model if found.request else None
        return await self._guild_models.choose(command, guild_id=record.guild_id, made_by=made_by)


def _words(request: GenerationRequest | None) -> str:
    return "" if request is None else request.prompt[:PROMPT_MAX_CHARACTERS]


def _strength(typed: str) -> float | None:
    """Raises InvalidRequest for what is no number; its bounds are the request's to check."""
    if not typed:
        return None
    try:
        return float(typed.replace(",", "."))
    except ValueError:
        raise InvalidRequest("strength", "must be a number") from None
