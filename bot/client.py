"""The Discord client: intents, command sync, errors -> replies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.arena.arena import Arena
from bot.choices import Choices
from bot.dead_jobs import DeadJobs
from bot.errors import TokenRefused
from bot.gallery_pages import GalleryPages
from bot.guide.example_runs import ExampleRuns
from bot.guide.pages import HelpPages
from bot.job_actions import JobActions
from bot.languages import CommandTranslator, Languages
from bot.log_pages import LogPages
from bot.moderator_deeds import ModeratorDeeds
from bot.option_pages import OptionPages
from bot.ordering import Ordering
from bot.privacy.erasing import Erasing
from bot.replies import answer_error
from bot.reviewing.desk import ReviewDesk
from bot.rule_pages import RulePages
from bot.themes.actions import ThemeActions
from bot.views.arena_buttons import ArenaButton
from bot.views.asked_once import AnswerButton
from bot.views.dead_list import DeadPageButton, RequeueButton
from bot.views.erase_button import EraseButton
from bot.views.gallery_pager import GalleryButton
from bot.views.help_buttons import ExampleButton, TopicMenu
from bot.views.job_buttons import JobButton
from bot.views.log_pager import LogPageButton
from bot.views.model_menu import ModelMenu
from bot.views.offer_button import GenerateButton
from bot.views.option_lists import DeleteSetButton, OptionPageButton
from bot.views.review_buttons import OpenReviewButton, ReviewButton, ReviewPageButton
from bot.views.rules_pager import RulesPageButton
from bot.views.theme_buttons import ThemeButton, ThemeClipMenu

log = structlog.get_logger(__name__)

AUTHENTICATION_FAILED = 4004
"""The gateway's close code."""


class ReelroomBot(commands.AutoShardedBot):
    """Slash commands only: it reads no messages and needs no privileged intent.

    `equip` it and set `before_gateway` before login. Persistent buttons reach what answers them
    here, since Discord tells only the client and a custom id when one is pressed.
    """

    job_actions: JobActions
    gallery_pages: GalleryPages
    dead_jobs: DeadJobs
    moderator_deeds: ModeratorDeeds
    log_pages: LogPages
    option_pages: OptionPages
    ordering: Ordering
    choices: Choices
    erasing: Erasing
    languages: Languages
    help_pages: HelpPages
    example_runs: ExampleRuns
    theme_actions: ThemeActions
    arena: Arena
    review_desk: ReviewDesk
    rule_pages: RulePages
    before_gateway: Callable[[], Awaitable[None]]
    """Runs after login and before the first interaction can arrive."""

    def __init__(
        self,
        *,
        sync_guild_ids: Iterable[int] = (),
        connector: aiohttp.BaseConnector | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            connector=connector,
            tree_cls=ReplyingCommandTree,
        )
        self._sync_guild_ids = tuple(sync_guild_ids)
        self._connected = asyncio.Event()
        self._gateway_task: asyncio.Task[None] | None = None
        self._sync_task: asyncio.Task[None] | None = None

    def equip(
        self,
        *,
        cogs: Callable[[], Iterable[commands.Cog]],
        job_actions: JobActions,
        gallery_pages: GalleryPages,
        dead_jobs: DeadJobs,
        moderator_deeds: ModeratorDeeds,
        log_pages: LogPages,
        option_pages: OptionPages,
        ordering: Ordering,
        choices: Choices,
        erasing: Erasing,
        languages: Languages,
        help_pages: HelpPages,
        example_runs: ExampleRuns,
        theme_actions: ThemeActions,
        arena: Arena,
        review_desk: ReviewDesk,
        rule_pages: RulePages,
    ) -> None:
        """What answers commands and buttons."""
        self._cogs = cogs
        self.job_actions = job_actions
        self.gallery_pages = gallery_pages
        self.dead_jobs = dead_jobs
        self.moderator_deeds = moderator_deeds
        self.log_pages = log_pages
        self.option_pages = option_pages
        self.ordering = ordering
        self.choices = choices
        self.erasing = erasing
        self.languages = languages
        self.help_pages = help_pages
        self.example_runs = example_runs
        self.theme_actions = theme_actions
        self.arena = arena
        self.review_desk = review_desk
        self.rule_pages = rule_pages

    async def setup_hook(self) -> None:
        """Runs once after login: buttons, cogs, recovery; the command sync begins."""
        self.add_dynamic_items(
            JobButton,
            GalleryButton,
            DeadPageButton,
            RequeueButton,
            AnswerButton,
            LogPageButton,
            GenerateButton,
            ModelMenu,
            EraseButton,
            ExampleButton,
            TopicMenu,
            ArenaButton,
            ReviewButton,
            ReviewPageButton,
            OpenReviewButton,
            RulesPageButton,
            OptionPageButton,
            DeleteSetButton,
            ThemeButton,
            ThemeClipMenu,
        )
        await self.tree.set_translator(CommandTranslator(self.languages))
        for cog in self._cogs():
            await self.add_cog(cog)
        self._sync_task = asyncio.create_task(self._sync_commands(), name="command sync")
        await self.before_gateway()

    async def _sync_commands(self) -> None:
        """Beside all else: Discord makes whoever starts often wait here, for many seconds, and
        knows the commands from the last start."""
        if not self._sync_guild_ids:
            await self.tree.sync()
        for guild_id in self._sync_guild_ids:
            guild = discord.Object(guild_id)
            self.tree.copy_global_to(guild=guild)
            await self.tree.sync(guild=guild)

    async def open(self, token: str) -> None:
        """Logs in and connects in the background; returns once commands are known to Discord.

        They are answered from the connection on. Raises TokenRefused, and what the gateway or the
        command sync raises before that.
        """
        self._gateway_task = asyncio.create_task(self.start(token), name="discord connection")
        connected = asyncio.create_task(self._connected.wait())
        await asyncio.wait((connected, self._gateway_task), return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            connected.cancel()
            await self.wait_closed()
            raise TokenRefused("Discord closed the connection")
        assert self._sync_task is not None  # begun before the gateway was connected
        await self._sync_task

    async def wait_closed(self) -> None:
        """Returns or raises when the connection has ended for good; TokenRefused among others."""
        if self._gateway_task is None:
            return
        try:
            await asyncio.shield(self._gateway_task)
        except discord.LoginFailure as error:
            raise TokenRefused("Discord does not accept this token") from error
        except discord.ConnectionClosed as error:
            if error.code == AUTHENTICATION_FAILED:
                raise TokenRefused("Discord does not accept this token any more") from error
            raise

    async def close(self) -> None:
        await super().close()
        if self._sync_task is not None:
            self._sync_task.cancel()
            await asyncio.gather(self._sync_task, return_exceptions=True)
        # discord.py calls this from the connection's own task when the gateway ends it for good.
        if self._gateway_task not in (None, asyncio.current_task()):
            await asyncio.gather(self._gateway_task, return_exceptions=True)

    async def on_shard_connect(self, shard_id: int) -> None:
        """From READY on interactions are answered; discord.py's own "ready" waits for guilds."""
        self._connected.set()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("discord.event_failed", event=event_method)


class ReplyingCommandTree(app_commands.CommandTree[ReelroomBot]):
    """Answers every error of a command with a sentence."""

    async def on_error(
        self, interaction: discord.Interaction[ReelroomBot], error: app_commands.AppCommandError, /
    ) -> None:
        await answer_error(interaction, error)
