"""/admin: dead jobs, the relaxed lane, previews, the showcase, and what moderators did.

The queue, members' conduct, word rules, default options, reviews and the report have files of their
own. All is checked at every call, whatever the client showed, and recorded with who did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.choices import AUTOCOMPLETE_CHOICES
from bot.commands.admin_conduct import ConductCommands
from bot.commands.admin_defaults import DefaultsCommands
from bot.commands.admin_queue import QueueCommands
from bot.commands.admin_report import ReportCommands
from bot.commands.admin_review import ReviewCommands
from bot.commands.admin_rules import WordRuleCommands
from bot.dead_jobs import DeadJobs
from bot.errors import UnknownActKind
from bot.log_pages import LogPages
from bot.moderator_deeds import ModeratorDeeds
from bot.moderators import require_moderator
from bot.option_pages import OptionPages
from bot.reviewing.desk import ReviewDesk
from bot.rule_pages import RulePages
from bot.text import credit_count
from generation.models.catalogue import Catalogue
from storage import guild_settings
from storage.database import Database
from storage.moderation import ActKind
from storage.moderator_log import LogSearch

JOB_ID_CHARACTERS = 13
MAX_PREVIEW = 1_000_000_000
MAX_LIKES = 1000
LIKES_DEFAULT = 3


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class AdminCog(
    QueueCommands,
    ConductCommands,
    WordRuleCommands,
    ReviewCommands,
    DefaultsCommands,
    ReportCommands,
    commands.GroupCog,
    group_name="admin",
    group_description="For moderators",
):
    """Each command answers only the moderator who typed it."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        dead_jobs: DeadJobs,
        deeds: ModeratorDeeds,
        log_pages: LogPages,
        review_desk: ReviewDesk,
        rule_pages: RulePages,
        option_pages: OptionPages,
        default_model: str,
    ) -> None:
        self.database = database
        self.catalogue = catalogue
        self.deeds = deeds
        self.review_desk = review_desk
        self.rule_pages = rule_pages
        self.option_pages = option_pages
        self.default_model = default_model
        self._dead_jobs = dead_jobs
        self._log_pages = log_pages

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Raises ModeratorsOnly."""
        require_moderator(interaction)
        return True

    @app_commands.command(
        name="dead", description="Jobs that took their worker down twice, and why"
    )
    async def list_dead(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self._dead_jobs.page(interaction.guild_id or 0, 0)
        await interaction.followup.send(embed=page.embed, view=page.view, ephemeral=True)

    @app_commands.command(
        name="requeue", description="Try a dead job again, for its author's credits"
    )
    @app_commands.describe(job="The job's id, as /admin dead shows it")
    async def requeue(
        self,
        interaction: discord.Interaction[Any],
        job: Range[str, JOB_ID_CHARACTERS, JOB_ID_CHARACTERS],
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        answer = await self._dead_jobs.requeue(interaction, job)
        await interaction.followup.send(answer, ephemeral=True)

    @app_commands.command(
        name="relaxed", description="Whether members without credits may queue behind all others"
    )
    @app_commands.describe(allowed="Their clips are then made when nobody who pays waits")
    async def allow_relaxed(self, interaction: discord.Interaction[Any], allowed: bool) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.database.write(
            lambda connection: guild_settings.allow_relaxed(
                connection,
                guild_id=interaction.guild_id or 0,
                allowed=allowed,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            "From now on, whoever lacks the credits may still queue: free, and after everybody "
            "who pays."
            if allowed
            else "From now on, whoever lacks the credits is refused. What waits already is made.",
            ephemeral=True,
        )

    @app_commands.command(
        name="preview", description="Above what price a clip is shown with its price first"
    )
    @app_commands.describe(above="Credits; what costs more waits for a press on Generate")
    async def set_preview(
        self, interaction: discord.Interaction[Any], above: Range[int, 0, MAX_PREVIEW]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.database.write(
            lambda connection: guild_settings.set_preview(
                connection,
                guild_id=interaction.guild_id or 0,
                above_credits=above,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"From now on, what costs more than {credit_count(above)} is previewed.", ephemeral=True
        )

    @app_commands.command(
        name="showcase", description="A channel for the clips that members like most"
    )
    @app_commands.describe(
        channel="Where liked clips are posted, once each",
        likes="How many likes lift a clip; 0 for no showcase",
    )
    async def set_showcase(
        self,
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel,
        likes: Range[int, 0, MAX_LIKES] = LIKES_DEFAULT,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.database.write(
            lambda connection: guild_settings.set_showcase(
                connection,
                guild_id=interaction.guild_id or 0,
                likes=likes,
                channel_id=channel.id,
                changed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        said = (
            f"From {likes} likes on, a clip of the gallery is posted in <#{channel.id}>."
            if likes
            else "No more clips are lifted into a showcase."
        )
        await interaction.followup.send(said, ephemeral=True)

    @app_commands.command(name="log", description="What moderators set and did here, newest first")
    @app_commands.describe(
        who="Only what this moderator did",
        what="Only acts of this kind",
        about="Only what was done to this member",
        days="Only of so many days",
    )
    async def show_log(
        self,
        interaction: discord.Interaction[Any],
        who: discord.Member | None = None,
        what: str | None = None,
        about: discord.Member | None = None,
        days: Range[int, 1, 3650] | None = None,
    ) -> None:
        kind = _kind_of(what) if what else None
        await interaction.response.defer(ephemeral=True, thinking=True)
        search = LogSearch(
            guild_id=interaction.guild_id or 0,
            made_by=who.id if who else None,
            act=kind,
            subject=f"member:{about.id}" if about else None,
            since=datetime.now(UTC) - timedelta(days=days) if days else None,
        )
        page = await self._log_pages.page(search)
        await interaction.followup.send(embed=page.embed, view=page.view, ephemeral=True)

    @show_log.autocomplete("what")
    async def _complete_kind(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[Choice[str]]:
        return [Choice(name=name, value=kind) for name, kind in KINDS.items() if typed in name][
            :AUTOCOMPLETE_CHOICES
        ]


KINDS: Mapping[str, ActKind] = {kind.replace("_", " "): kind for kind in get_args(ActKind)}
"""What is searched for, by the words that are offered: more than Discord takes as fixed choices."""


def _kind_of(typed: str) -> ActKind:
    """Raises UnknownActKind."""
    kind = KINDS.get(typed.strip().lower().replace("_", " "))
    if kind is None:
        raise UnknownActKind(typed)
    return kind
