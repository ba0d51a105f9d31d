"""/export and /privacy: a member's own data, as files or no more.

In direct messages, where there is no server, `/export` is about the jobs of all of them.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.privacy.exporting import Exporting
from bot.text import credit_count
from bot.views.erase_button import erase_view
from storage import personal_rows
from storage.database import Database
from storage.personal_rows import Holdings

JOB_ID_CHARACTERS = 13
BEFORE = "Only jobs before this one (its id), to go on where an earlier export ended"


class PrivacyCog(commands.Cog):
    privacy = app_commands.Group(name="privacy", description="What I store about you")

    def __init__(self, *, database: Database, exporting: Exporting) -> None:
        self._database = database
        self._exporting = exporting

    @app_commands.command(
        name="export", description="Your prompts, settings, seeds and clips here, as zip files"
    )
    @app_commands.describe(before=BEFORE)
    async def export(
        self,
        interaction: discord.Interaction[Any],
        before: Range[str, JOB_ID_CHARACTERS, JOB_ID_CHARACTERS] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._exporting.answer(
            interaction, "clips", guild_id=interaction.guild_id, before_job_id=before
        )

    @privacy.command(
        name="export", description="Everything I store about you on all servers, as zip files"
    )
    @app_commands.describe(before=BEFORE)
    async def export_everything(
        self,
        interaction: discord.Interaction[Any],
        before: Range[str, JOB_ID_CHARACTERS, JOB_ID_CHARACTERS] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._exporting.answer(interaction, "everything", guild_id=None, before_job_id=before)

    @privacy.command(
        name="delete", description="Delete your prompts, clips and everything else I store of you"
    )
    async def delete(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        user_id = interaction.user.id
        held = await self._database.read(
            lambda connection: personal_rows.holdings(connection, user_id=user_id)
        )
        await interaction.followup.send(
            embed=_question(held), view=erase_view(user_id), ephemeral=True
        )


def _question(held: Holdings) -> discord.Embed:
    """What goes and what stays, with today's numbers."""
    embed = discord.Embed(
        title="Delete everything about you?",
        description="On all servers where I am, at once. It cannot be undone. `/privacy export` "
        "gives you a copy first.",
        colour=discord.Colour(0xD9472B),
    )
    embed.add_field(
        name="What goes",
        value=f"{held.jobs} jobs with their prompts, settings and seeds, {held.clips} clips, and "
        "the pictures and videos that you uploaded for them\n"
        f"{held.shared} gallery entries, {held.likes} likes that you gave, and what you wrote in "
        "reports\n"
        "my messages with your clips; jobs that wait or run are cancelled\n"
        f"the {credit_count(held.available_credits)} that you have left",
        inline=False,
    )
    embed.add_field(
        name="What stays",
        value="the books: that somebody, under a number instead of your name, was given and spent "
        "credits, and that a job took a machine so long\n"
        "remixes that others made: they are theirs, with the words that they sent, and only say "
        "“by a former member”\n"
        "what moderators set for you (a block, an allowance), without a reason, under the same "
        "number\n"
        "what I sent into direct messages of others at their wish, and what anybody downloaded",
        inline=False,
    )
    embed.set_footer(
        text="If you come back you begin anew; credits of today, or of a role's week or month, do "
        "not come twice."
    )
    return embed
