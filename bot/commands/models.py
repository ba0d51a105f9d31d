"""/models: what can be made here, by what, at what price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from config.settings import Settings
from generation.models.card import Licence, ModelCard
from generation.models.catalogue import Catalogue
from generation.pocket import vocabulary
from generation.request import Command

EMBED_CHARACTERS = 6000  # Discord's limit for all text of a message's embeds
EMBED_FIELDS = 25

WhyNot = Callable[[str], str | None]
"""What keeps a model from running here; None where nothing is known to."""


class ModelsCog(commands.Cog):
    def __init__(self, *, settings: Settings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue

    @app_commands.command(name="models", description="The models that can be chosen here")
    @app_commands.guild_only()
    async def list_models(self, interaction: discord.Interaction[Any]) -> None:
        first, *others = model_pages(
            self._catalogue,
            default_model=self._settings.generation.default_model,
            why_not=self._catalogue.why_not,
        )
        await interaction.response.send_message(embed=first, ephemeral=True)
        for page in others:
            await interaction.followup.send(embed=page, ephemeral=True)


def model_pages(
    cards: Iterable[ModelCard], *, default_model: str, why_not: WhyNot = lambda _: None
) -> list[discord.Embed]:
    """One embed, or as many as Discord's limits ask for."""
    pages = [discord.Embed(title="Models")]
    for card in cards:
        name = f"{card.title} · `{card.id}`{' (default)' if card.id == default_model else ''}"
        value = _describe(card, why_not(card.id))
        page = pages[-1]
        full = len(page) + len(name) + len(value) > EMBED_CHARACTERS
        if full or len(page.fields) == EMBED_FIELDS:
            page = discord.Embed(title="Models, continued")
            pages.append(page)
        page.add_field(name=name, value=value, inline=False)
    return pages


def _licence(licence: Licence) -> str:
    earning = {
        "yes": "clips may earn money",
        "limited": "earning money with clips is limited",
        "no": "clips may not earn money",
        "unknown": "read it before you earn money with clips",
    }[licence.commercial]
    return " · ".join(
        part for part in (f"Licence: {licence.name}", earning, licence.restriction) if part
    )


def _shapes(card: ModelCard) -> str:
    if card.commands == (Command.UPSCALE,):
        width, height = card.sizes[card.aspect_default]
        return f"any size and length; the price is for {width} × {height} at {card.fps} a second"
    return f"{', '.join(card.sizes)} · {card.seconds_min:g} to {card.seconds_max:g} s"


def _describe(card: ModelCard, why_not: str | None) -> str:
    commands_text = " ".join(f"`/{command}`" for command in card.commands)
    price = f"{card.price_credits_per_second:g} credits a second"
    lines = [
        *([] if why_not is None else [f"**Cannot run here:** {why_not}."]),
        card.summary,
        f"{commands_text} · {_shapes(card)} · {price}",
        *([f"Presets: {', '.join(card.presets)}"] if len(card.presets) > 1 else []),
        f"-# {_licence(card.licence)}",
    ]
    if card.limited_vocabulary:
        lines += [
            f"It knows things: {', '.join(vocabulary.thing_names())}",
            f"colours: {', '.join(vocabulary.colour_names())}",
            f"places: {', '.join(vocabulary.background_names())}",
            f"motions: {', '.join(vocabulary.motion_examples())}",
        ]
    return "\n".join(lines)[:1024]
