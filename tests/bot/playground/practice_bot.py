"""A bot made with an unmodified discord.py; tests give it the commands that they need."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.discord_endpoint import point_discord_at
from bot.playground.server import Playground

# READY waits this long for the last guild; Discord's servers need more than this machine.
GUILD_READY_TIMEOUT_SECONDS = 0.3


class PracticeBot(discord.AutoShardedClient):
    """Slash commands only; remembers what went wrong in handlers."""

    def __init__(self, *, connector: aiohttp.BaseConnector | None = None, **options: Any) -> None:
        options.setdefault("intents", discord.Intents(guilds=True))
        super().__init__(
            connector=connector, guild_ready_timeout=GUILD_READY_TIMEOUT_SECONDS, **options
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self._remember)
        self.errors: list[BaseException] = []
        self.resumes = 0

    @asynccontextmanager
    async def running_on(self, playground: Playground) -> AsyncGenerator[None]:
        """Log in, register the commands, connect; leave at the end."""
        point_discord_at(playground.url, playground.gateway_url)
        async with self.running(playground.bot_token):
            yield

    @asynccontextmanager
    async def running(self, token: str) -> AsyncGenerator[None]:
        """As `running_on`, wherever discord.py already points."""
        async with self:
            await self.login(token)
            await self.tree.sync()
            connecting = asyncio.create_task(self.connect())
            ready = asyncio.create_task(self.wait_until_ready())
            await asyncio.wait({connecting, ready}, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                ready.cancel()
                connecting.result()
            try:
                yield
            finally:
                await self.close()
                await asyncio.wait({connecting})

    async def on_resumed(self) -> None:
        """Count."""
        self.resumes += 1

    async def _remember(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        self.errors.append(getattr(error, "original", error))
