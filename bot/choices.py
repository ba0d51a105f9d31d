"""What is offered as a member types: models, their presets, clips, pictures."""

from __future__ import annotations

from collections.abc import Iterable

from discord.app_commands import Choice

from bot.guild_models import GuildModels
from bot.source_clips import latest
from generation.models.card import ModelCard
from generation.models.catalogue import Catalogue
from generation.request import METHODS, Command
from storage import option_sets
from storage.database import Database

AUTOCOMPLETE_CHOICES = 25  # Discord's limits
CHOICE_MAX_CHARACTERS = 100


class Choices:
    """Each answers with at most as many as Discord shows."""

    def __init__(
        self, *, database: Database, catalogue: Catalogue, guild_models: GuildModels
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._guild_models = guild_models

    async def models(
        self, command: Command, typed: str, *, guild_id: int | None
    ) -> list[Choice[str]]:
        """What may make the command's clips in this guild; for /upscale also without a model."""
        found = _named(await self._guild_models.able(command, guild_id=guild_id), typed)
        lanczos = METHODS[Command.UPSCALE]
        without = [Choice(name=f"{lanczos}: without a model", value=lanczos)]
        if command is not Command.UPSCALE or typed.casefold() not in lanczos.casefold():
            without = []
        return found[: AUTOCOMPLETE_CHOICES - len(without)] + without

    def all_models(self, typed: str) -> list[Choice[str]]:
        """Every enabled model, whoever may order it."""
        return _named(self._catalogue, typed)[:AUTOCOMPLETE_CHOICES]

    async def presets(
        self, command: Command, model: str | None, typed: str, *, guild_id: int | None
    ) -> list[Choice[str]]:
        """Of the model that is typed already, else of the one that the command would take."""
        model = model or await self._guild_models.choose(command, guild_id=guild_id)
        names = [name for card in self._catalogue if card.id == model for name in card.presets]
        return [Choice(name=name, value=name) for name in names if typed.casefold() in name][
            :AUTOCOMPLETE_CHOICES
        ]

    async def jobs(
        self, typed: str, *, guild_id: int, user_id: int, stills: bool
    ) -> list[Choice[str]]:
        """The member's own newest clips, by job id and words; also pictures, if there may be
        `stills`. Another's job id may be typed as well."""
        found = await latest(self._database, guild_id=guild_id, user_id=user_id, stills=stills)
        return job_choices(found, typed)

    async def option_sets(self, typed: str, *, user_id: int) -> list[Choice[str]]:
        """The member's own whose name or line has what was typed."""
        mine = await self._database.read(
            lambda connection: option_sets.of_user(connection, user_id=user_id)
        )
        return [
            Choice(name=f"{one.name}: {one.options}"[:CHOICE_MAX_CHARACTERS], value=one.name)
            for one in mine
            if typed.casefold() in f"{one.name} {one.options}".casefold()
        ][:AUTOCOMPLETE_CHOICES]


def _named(cards: Iterable[ModelCard], typed: str) -> list[Choice[str]]:
    wanted = typed.casefold()
    return [
        Choice(name=f"{card.title} ({card.id})"[:CHOICE_MAX_CHARACTERS], value=card.id)
        for card in cards
        if wanted in f"{card.id} {card.title}".casefold()
    ]


def job_choices(jobs: Iterable[tuple[str, str]], typed: str) -> list[Choice[str]]:
    """The jobs, each with a line about it, that have what was typed."""
    return [
        Choice(name=f"{job_id} · {words}"[:CHOICE_MAX_CHARACTERS], value=job_id)
        for job_id, words in jobs
        if typed.casefold() in f"{job_id} {words}".casefold()
    ][:AUTOCOMPLETE_CHOICES]
