"""What counts where a member typed no option: reads the layers of `precedence.py` from storage and
completes the request with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.guild_models import GuildModels
from bot.moderators import asker_of
from bot.precedence import Layer, Origin, Resolved, resolve
from bot.prompt_flags import parse
from bot.request_options import RequestOptions, complete
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import Command, GenerationRequest
from storage import conduct, option_defaults, option_sets, preferences
from storage.conduct import Allowed
from storage.database import Connection, Database
from storage.option_defaults import OptionDefaults
from storage.preferences import Preferences
from storage.quotas import Asker

MESSAGES_STOPPED = (
    "Discord took no direct message from me for you, so I send none when clips are finished any "
    "more; allow them in your settings and use `/prefer set direct_messages:True` to get them again"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """A request, what to tell its author about it, and where each option's value is from, by the
    names of `precedence.OPTIONS`."""

    request: GenerationRequest
    notes: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict[str, str])


class LayeredOptions:
    """What no layer names a model for is made by the one that `guild_models` chooses."""

    def __init__(
        self, *, database: Database, catalogue: Catalogue, guild_models: GuildModels
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._guild_models = guild_models

    async def complete(
        self,
        interaction: discord.Interaction[Any],
        typed: RequestOptions,
        *,
        saved: str | None = None,
        image_sha256: str | None = None,
        last_image_sha256: str | None = None,
    ) -> Completed:
        """The request that the member means; `saved` names one of their option sets.

        Raises UnknownOptionSet, UnknownModel, InvalidRequest, UnsupportedOption.
        """
        default = await self._guild_models.choose(typed.command, guild_id=interaction.guild_id)
        resolved = await self._resolve(interaction, typed, saved=saved, default_model=default)
        looped = typed.command is Command.LOOP and image_sha256 is None
        if looped and not resolved.options.prompt.strip():
            raise InvalidRequest("prompt", "is missing: give a prompt, an image or a still")
        request = complete(
            resolved.options,
            self._catalogue,
            default_model=default,
            image_sha256=image_sha256,
            last_image_sha256=last_image_sha256,
        )
        return Completed(request=request, notes=resolved.notes, origins=resolved.origins)

    async def _resolve(
        self,
        interaction: discord.Interaction[Any],
        typed: RequestOptions,
        *,
        saved: str | None,
        default_model: str,
    ) -> Resolved:
        """Raises as `complete` does; also tells, once, that direct messages are refused."""
        asker = asker_of(interaction)
        layers, allowed, mine = await self._database.read(
            lambda connection: _read(connection, asker, saved)
        )
        resolved = resolve(
            typed, layers, self._catalogue, default_model=default_model, allowed=allowed
        )
        if mine.direct_messages != "refused" or not await self._database.write(
            lambda connection: preferences.learn_of_refusal(connection, user_id=asker.user_id)
        ):
            return resolved
        notes = (*resolved.notes, MESSAGES_STOPPED)
        return Resolved(options=resolved.options, notes=notes, origins=resolved.origins)

    async def private(self, interaction: discord.Interaction[Any], typed: bool | None) -> bool:
        """Whether a clip is private that no model makes."""
        if typed is not None:
            return typed
        asker = asker_of(interaction)
        layers, _, _ = await self._database.read(lambda connection: _read(connection, asker, None))
        return next((layer.private for layer in layers if layer.private is not None), False)


def layers_of(
    mine: Preferences, defaults: tuple[OptionDefaults, ...], channel_id: int | None
) -> tuple[Layer, ...]:
    """A member's preferences and what moderators set that concerns this channel, the strongest
    first."""
    layers = [Layer(origin=Origin.PREFERENCES, flags=parse(mine.options), private=mine.private)]
    for one in sorted(defaults, key=lambda one: one.channel_id is None):
        if one.channel_id in (None, channel_id):
            origin = Origin.GUILD if one.channel_id is None else Origin.CHANNEL
            layers.append(Layer(origin=origin, flags=parse(one.options), private=one.private))
    return tuple(layers)


def _read(
    connection: Connection, asker: Asker, saved: str | None
) -> tuple[tuple[Layer, ...], Allowed, Preferences]:
    mine = preferences.get(connection, user_id=asker.user_id)
    defaults = option_defaults.in_force(connection, guild_id=asker.guild_id)
    layers = layers_of(mine, defaults, asker.channel_id)
    if saved is not None:
        name = saved.strip().casefold()
        found = option_sets.get(connection, name, user_id=asker.user_id)
        flags = parse(found.options)
        layers = (Layer(origin=Origin.OPTION_SET, flags=flags, name=found.name), *layers)
    return layers, conduct.allowed(connection, guild_id=asker.guild_id), mine
