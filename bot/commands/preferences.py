"""/prefer: what counts for a member wherever they type nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot import option_lines
from bot.commands.options import ASPECT_CHOICES, ModelName, described
from bot.moderators import asker_of
from bot.option_pages import defaults_shown
from bot.prompt_flags import parse
from bot.text import as_code, with_notes
from generation.models.catalogue import Catalogue
from storage import option_defaults, preferences
from storage.database import Connection, Database
from storage.preferences import Preferences

SUFFIX_MAX_CHARACTERS = 300
FIELDS = {"model": "model", "aspect": "aspect", "duration": "seconds", "suffix": "words"}
"""Of the preferences that are kept as one line: the field of a FlaggedPrompt."""
RESETTABLE = ("everything", *FIELDS, "private", "direct messages")
ORDER = (
    "What you type counts first, then an option set, your preferences, this channel's defaults, "
    "this server's, and the model's own."
)


class PreferencesCog(commands.Cog):
    """Each command answers only the member who typed it."""

    prefer = app_commands.Group(
        name="prefer", description="What counts where you type nothing else", guild_only=True
    )

    def __init__(self, *, database: Database, catalogue: Catalogue, default_model: str) -> None:
        self._database = database
        self._catalogue = catalogue
        self._default_model = default_model

    @prefer.command(name="set", description="Change some of your preferences")
    @described("model", "duration", "aspect")
    @app_commands.describe(
        suffix="Words to add to each prompt, but not to stories",
        private="Whether your clips stay out of the gallery where you say nothing else",
        direct_messages="Whether I write to you when a clip is finished",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def set_some(
        self,
        interaction: discord.Interaction[Any],
        model: ModelName | None = None,
        aspect: str | None = None,
        duration: Range[float, 1, 60] | None = None,
        suffix: Range[str, 1, SUFFIX_MAX_CHARACTERS] | None = None,
        private: bool | None = None,
        direct_messages: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen: dict[str, object] = {
            "model": model,
            "aspect": option_lines.aspect(aspect) if aspect else None,
            "seconds": duration,
            "words": option_lines.suffix(suffix) if suffix else None,
        }
        changes = {name: value for name, value in chosen.items() if value is not None}

        def change(before: Preferences) -> Preferences:
            asked = {True: "on", False: "off", None: before.direct_messages}[direct_messages]
            return replace(
                before,
                private=before.private if private is None else private,
                direct_messages=asked,
            )

        await self._change(interaction, changes, change)

    @prefer.command(name="reset", description="Forget one of your preferences, or all")
    @app_commands.describe(what="Which one")
    @app_commands.choices(what=[Choice(name=each, value=each) for each in RESETTABLE])
    async def reset(self, interaction: discord.Interaction[Any], what: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        everything = what == "everything"
        changes: dict[str, object] = {
            field: "" if field == "words" else None
            for name, field in FIELDS.items()
            if everything or name == what
        }

        def change(before: Preferences) -> Preferences:
            if everything:
                return Preferences()
            if what == "private":
                return replace(before, private=None)
            return replace(before, direct_messages="off") if what == "direct messages" else before

        await self._change(interaction, changes, change)

    @prefer.command(name="show", description="Your preferences, and what else counts in here")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        asker = asker_of(interaction)

        def read(connection: Connection) -> tuple[Preferences, str, str]:
            mine = preferences.get(connection, user_id=asker.user_id)
            here, everywhere = (
                option_defaults.get(connection, channel_id, guild_id=asker.guild_id)
                for channel_id in (asker.channel_id, None)
            )
            return mine, defaults_shown(here), defaults_shown(everywhere)

        mine, here, everywhere = await self._database.read(read)
        embed = discord.Embed(title="Your preferences", description=self._shown(mine))
        embed.add_field(name="This channel's defaults", value=here, inline=False)
        embed.add_field(name="This server's defaults", value=everywhere, inline=False)
        embed.set_footer(text=ORDER)
        await interaction.followup.send(embed=embed, ephemeral=True)

    async def _change(
        self,
        interaction: discord.Interaction[Any],
        changes: Mapping[str, object],
        change: Callable[[Preferences], Preferences],
    ) -> None:
        """Raises UnknownModel, UnsupportedOption."""

        def unit(connection: Connection) -> tuple[Preferences, tuple[str, ...]]:
            before = preferences.get(connection, user_id=interaction.user.id)
            line, notes = before.options, ()
            if changes:
                line, notes = option_lines.changed(
                    line, changes, self._catalogue, default_model=self._default_model
                )
            after = replace(change(before), options=line)
            preferences.put(connection, after, user_id=interaction.user.id)
            return after, notes

        after, notes = await self._database.write(unit)
        said = f"**Your preferences now**\n{self._shown(after)}"
        await interaction.followup.send(with_notes(said, notes), ephemeral=True)

    def _shown(self, mine: Preferences) -> str:
        flags = parse(mine.options)
        gone = flags.model is not None and all(card.id != flags.model for card in self._catalogue)
        aspect = None if flags.aspect is None else ":".join(f"{side:g}" for side in flags.aspect)
        lines = {
            "Model": f"{flags.model}{', which is not here any more' if gone else ''}",
            "Aspect": aspect,
            "Duration": None if flags.seconds is None else f"{flags.seconds:g} s",
            "Suffix": as_code(flags.words, SUFFIX_MAX_CHARACTERS) if flags.words else None,
            "Private": {True: "yes", False: "no", None: None}[mine.private],
            "Direct messages": {"on": "when a clip is finished", "off": "no"}.get(
                mine.direct_messages, "stopped, since Discord took none for you"
            ),
        }
        if flags.model is None:
            lines["Model"] = None
        return "\n".join(f"{name}: {value or 'not set'}" for name, value in lines.items())
