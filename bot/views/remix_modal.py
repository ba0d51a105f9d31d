"""The remix form: another's request, prefilled, to be changed and ordered anew."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import discord

from bot.replies import answer_error
from bot.request_options import draw_seed
from generation.errors import InvalidRequest
from generation.request import PROMPT_MAX_CHARACTERS, Command, GenerationRequest

if TYPE_CHECKING:
    from bot.ordering import Ordering

MODAL_TEXT_MAX_CHARACTERS = 4000  # Discord's limit for one text input


class RemixModal(discord.ui.Modal):
    """Prompt, negative prompt and seed; an empty seed draws a new one."""

    def __init__(self, request: GenerationRequest, job_id: str, ordering: Ordering) -> None:
        super().__init__(title="Remix", custom_id=f"remix:{job_id}", timeout=1800)
        narrated = request.command is Command.NARRATE
        self._request = request
        self._job_id = job_id
        self._ordering = ordering
        self._prompt: discord.ui.TextInput[RemixModal] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=request.prompt,
            required=request.needs_words,
            max_length=MODAL_TEXT_MAX_CHARACTERS if narrated else PROMPT_MAX_CHARACTERS,
            custom_id="prompt",
        )
        self._negative: discord.ui.TextInput[RemixModal] = discord.ui.TextInput(
            default=request.negative_prompt, required=False, custom_id="negative"
        )
        self._seed: discord.ui.TextInput[RemixModal] = discord.ui.TextInput(
            placeholder=f"{request.seed} made the original", required=False, custom_id="seed"
        )
        self.add_item(
            discord.ui.Label(text="Story" if narrated else "Prompt", component=self._prompt)
        )
        self.add_item(discord.ui.Label(text="Without (negative prompt)", component=self._negative))
        self.add_item(discord.ui.Label(text="Seed (empty: a new one)", component=self._seed))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        request = dataclasses.replace(
            self._request,
            prompt=self._prompt.value.strip(),
            negative_prompt=self._negative.value.strip(),
            seed=_seed(self._seed.value),
            parent_job_id=self._job_id,
        )
        await self._ordering.order(interaction, request)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:
        await answer_error(interaction, error)


def _seed(typed: str) -> int:
    """Raises InvalidRequest for anything but digits."""
    if not typed.strip():
        return draw_seed()
    if not typed.strip().isdecimal():
        raise InvalidRequest("seed", "must be a whole number")
    return int(typed)
