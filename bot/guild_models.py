"""The models that members of a guild may order: enabled, able to run here, and allowed there."""

from __future__ import annotations

from generation.models.card import ModelCard
from generation.models.catalogue import Catalogue
from generation.request import METHODS, Command
from storage import conduct
from storage.database import Database


class GuildModels:
    """`default_model` is the one of commands that name none."""

    def __init__(self, *, database: Database, catalogue: Catalogue, default_model: str) -> None:
        self._database = database
        self._catalogue = catalogue
        self._default_model = default_model

    async def able(self, command: Command, *, guild_id: int | None) -> tuple[ModelCard, ...]:
        """Those that can do the command, in the order of the catalogue."""
        what = await self._database.read(
            lambda connection: conduct.allowed(connection, guild_id=guild_id or 0)
        )
        return tuple(
            card
            for card in self._catalogue
            if command in card.commands
            and self._catalogue.why_not(card.id) is None
            and (what.models is None or card.id in what.models)
        )

    async def choose(
        self, command: Command, *, guild_id: int | None, made_by: str | None = None
    ) -> str:
        """For a command that names no model: the one that made the clip it works on, else the
        default one, else the first. Where none is able the default one, whose refusal says why."""
        able = [card.id for card in await self.able(command, guild_id=guild_id)]
        for model in (made_by, self._default_model):
            if model in able:
                return model
        return able[0] if able else self._default_model

    async def upscaler(
        self, typed: str | None, *, guild_id: int | None, made_by: str | None
    ) -> ModelCard | None:
        """The model that makes a clip larger: the typed one, else the one that suits what made the
        clip, else the first. None for Lanczos: typed, or for lack of a model.

        Raises UnknownModel.
        """
        if typed is not None:
            by_name = METHODS[Command.UPSCALE].casefold() == typed.strip().casefold()
            return None if by_name else self._catalogue.get(typed)
        able = await self.able(Command.UPSCALE, guild_id=guild_id)
        suited = {card.upscaler for card in self._catalogue if card.id == made_by}
        return next((card for card in able if card.id in suited), able[0] if able else None)
