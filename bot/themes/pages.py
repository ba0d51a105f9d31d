"""Themes as a member looks at them: all of a server, one as it stands, one's own entry."""

from __future__ import annotations

import discord

from bot.channel_messages import Attachment
from bot.text import credit_count, quoted
from bot.themes import words
from bot.themes.messages import scene_of
from bot.themes.words import Scene
from generation.request import GenerationRequest
from storage import jobs
from storage.database import Connection, Database
from storage.media_files import MediaFiles
from storage.theme_errors import NotEntered
from storage.themes import entries, phases, pot, votes
from storage.themes.phases import RUNNING, Theme

SHOWN_RUNNING = 10
SHOWN_ENDED = 5
PROMPT_SHOWN_CHARACTERS = 500


class ThemePages:
    def __init__(self, *, database: Database, media_files: MediaFiles) -> None:
        self._database = database
        self._media_files = media_files

    async def overview(self, guild_id: int) -> discord.Embed:
        """What runs, and how the last ones ended."""

        def read(connection: Connection) -> tuple[list[Scene], list[Scene]]:
            running = phases.running(connection, guild_id=guild_id)
            ended = phases.ended(connection, guild_id=guild_id, limit=SHOWN_ENDED)
            return (
                [scene_of(connection, theme) for theme in running[:SHOWN_RUNNING]],
                [scene_of(connection, theme) for theme in ended],
            )

        running, ended = await self._database.read(read)
        embed = discord.Embed(title="Themes")
        if not running:
            embed.description = "No theme is open now. Moderators open one with `/theme open`."
        for scene in (*running, *ended):
            place = f"<#{scene.theme.thread_id}>\n" if scene.theme.thread_id else ""
            embed.add_field(
                name=discord.utils.escape_markdown(scene.theme.title)[:256],
                value=f"{place}{words.standing(scene)}"[:1024],
                inline=False,
            )
        return embed

    async def details(self, theme: Theme, user_id: int) -> discord.Embed:
        """One theme, and what this member has in it; nothing that tells of others' votes."""

        def read(connection: Connection) -> tuple[Scene, int, int, int, tuple[int, ...]]:
            mine = entries.of_member(connection, theme_id=theme.id, user_id=user_id)
            return (
                scene_of(connection, theme),
                entries.count(connection, theme_id=theme.id),
                pot.left(connection, theme_id=theme.id, guild_id=theme.guild_id),
                0 if mine is None else 1,
                votes.of_member(connection, theme_id=theme.id, voter_id=user_id),
            )

        scene, taking_part, left, mine, voted = await self._database.read(read)
        embed = discord.Embed(
            title=discord.utils.escape_markdown(theme.title),
            description=f"{theme.rules}\n\n{words.standing(scene)}",
            colour=words.COLOURS[theme.phase],
        )
        embed.add_field(name="Entries", value=str(taking_part))
        embed.add_field(name="Yours", value="one of them" if mine else "none")
        if theme.phase == "voting":
            listed = ", ".join(str(number) for number in voted) or "none yet"
            embed.add_field(name="Your votes", value=listed)
        if theme.pot_credits and theme.phase in RUNNING:
            embed.add_field(name="In its pot", value=credit_count(left))
        return embed

    async def mine(self, theme: Theme, user_id: int) -> tuple[discord.Embed, Attachment]:
        """The member's entry with its clip. Raises NotEntered, MediaFileMissing,
        MediaFileCorrupt."""
        entry = await self._database.read(
            lambda connection: entries.of_member(connection, theme_id=theme.id, user_id=user_id)
        )
        if entry is None or entry.dropped:
            raise NotEntered(theme_id=theme.id)
        record = await self._database.read(lambda connection: jobs.get(connection, entry.job_id))
        request = GenerationRequest.from_json(record.request_json)
        suffix = request.command.suffix
        media = await self._media_files.read(record.clip_sha256 or "", suffix)
        title = "Your entry" if entry.number is None else f"Yours is entry {entry.number}"
        embed = discord.Embed(title=title, colour=words.COLOURS[theme.phase])
        embed.description = quoted(request.prompt or "a picture", PROMPT_SHOWN_CHARACTERS)
        embed.set_footer(text=f"job {record.id}")
        return embed, Attachment(filename=f"entry{suffix}", media=media)
