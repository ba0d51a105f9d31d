"""The forms that a card's buttons open: remix, edit, animate a frame, report.

They know what was typed and nothing of what becomes of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from bot.replies import answer_error

TEXT_MAX_CHARACTERS = 4000  # Discord's limit for one text input

Typed = Mapping[str, str]
"""What stands in each field, by its name."""

Submit = Callable[[discord.Interaction[Any], Typed], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One line, or several where it is `long`."""

    name: str
    label: str
    default: str = ""
    placeholder: str | None = None
    required: bool = False
    long: bool = False
    max_characters: int = TEXT_MAX_CHARACTERS


class FormModal(discord.ui.Modal):
    """Hands what was typed to `submit`, which acknowledges."""

    def __init__(
        self, title: str, custom_id: str, fields: tuple[Field, ...], submit: Submit
    ) -> None:
        # discord.py finds an open form by its custom id alone, and forgets that when the form comes
        # back: of two members with the same form, one would be without an answer.
        unique = f"{custom_id}:{secrets.token_hex(8)}"
        super().__init__(title=title, custom_id=unique, timeout=1800)
        self._submit = submit
        self._inputs: dict[str, discord.ui.TextInput[FormModal]] = {}
        for field in fields:
            text: discord.ui.TextInput[FormModal] = discord.ui.TextInput(
                style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
                default=field.default or None,
                placeholder=field.placeholder,
                required=field.required,
                max_length=field.max_characters,
                custom_id=field.name,
            )
            self._inputs[field.name] = text
            self.add_item(discord.ui.Label(text=field.label, component=text))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self._submit(
            interaction, {name: text.value.strip() for name, text in self._inputs.items()}
        )

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:
        await answer_error(interaction, error)
