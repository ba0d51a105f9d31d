"""/options: lines of options that a member keeps under names and uses by them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot import option_lines
from bot.commands.options import ClipName, OptionSetName
from bot.option_pages import LINE_SHOWN_CHARACTERS, OptionPages
from bot.source_clips import job_named
from bot.text import as_code, with_notes
from bot.views.option_lists import SET_NAME, deletion_view
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import option_sets
from storage.database import Database
from storage.option_sets import OptionSet

LINE_MAX_CHARACTERS = 1000


class OptionSetsCog(commands.Cog):
    """Each command answers only the member who typed it."""

    options = app_commands.Group(
        name="options", description="Options you keep under a name", guild_only=True
    )

    def __init__(
        self, *, database: Database, catalogue: Catalogue, default_model: str, pages: OptionPages
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._default_model = default_model
        self._pages = pages

    @options.command(name="save", description="Keep options under a name, typed or from a clip")
    @app_commands.describe(
        name="Letters, digits, - and _",
        options="Words and flags as behind a prompt: film noir -ar 16:9 -gs 8",
        job="Instead: a clip's job id or its card's link; its words and seed are not kept",
    )
    @app_commands.rename(job="from")
    async def save(
        self,
        interaction: discord.Interaction[Any],
        name: OptionSetName,
        options: Range[str, 1, LINE_MAX_CHARACTERS] | None = None,
        job: ClipName | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        name = name.strip().casefold()
        if not re.fullmatch(SET_NAME, name):
            raise InvalidRequest("name", "may have letters, digits, - and _, 32 at most")
        if (options is None) == (job is None):
            raise InvalidRequest("set", "needs either options, or a clip to take them from")
        if job is not None:
            line, notes = await self._of_job(interaction, job), ()
        else:
            line, notes = option_lines.checked(
                options or "", self._catalogue, default_model=self._default_model
            )
        before = await self._database.write(
            lambda connection: option_sets.save(
                connection,
                OptionSet(name=name, options=line),
                user_id=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        shown = as_code(line, LINE_SHOWN_CHARACTERS)
        said = f"Saved **{name}**: {shown}\nUse it with the option `options:{name}`."
        if before is not None and before.options != line:
            said += f"\nIt was {as_code(before.options, LINE_SHOWN_CHARACTERS)} before."
        await interaction.followup.send(with_notes(said, notes), ephemeral=True)

    @options.command(name="list", description="The option sets you have saved")
    async def list_sets(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self._pages.sets(interaction.user.id, 0)
        await interaction.followup.send(embed=page.embed, view=page.view, ephemeral=True)

    @options.command(name="delete", description="Forget an option set; asks once")
    @app_commands.describe(name="Which; see /options list")
    async def delete(self, interaction: discord.Interaction[Any], name: OptionSetName) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._database.read(
            lambda connection: option_sets.get(
                connection, name.strip().casefold(), user_id=interaction.user.id
            )
        )
        await interaction.followup.send(
            f"Delete **{found.name}**, {as_code(found.options, LINE_SHOWN_CHARACTERS)}?",
            view=deletion_view(found.name),
            ephemeral=True,
        )

    async def _of_job(self, interaction: discord.Interaction[Any], named: str) -> str:
        """Raises JobUnavailable, NoCardThere, NotAllowed, InvalidRequest."""
        record = await job_named(
            self._database,
            named,
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
            action="take the options of",
        )
        return option_lines.of_request(GenerationRequest.from_json(record.request_json))
