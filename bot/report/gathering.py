"""Gathers the moderators' report: rows from storage, names and roles from Discord."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import discord
import structlog

from bot.report.numbers import Member, Report, line, member_lines, role_lines
from storage import usage
from storage.database import Connection, Database
from storage.usage import JobUse, Refunds, Remixed

log = structlog.get_logger(__name__)

ASKED_AT_ONCE = 100  # Discord's limit
ANSWER_SECONDS = 30.0
MOST_REMIXED = 5


async def gather(database: Database, guild: discord.Guild, *, days: int) -> Report:
    """Of the last so many days, up to now."""
    until = datetime.now(UTC)
    since = until - timedelta(days=days)

    def read(
        connection: Connection,
    ) -> tuple[tuple[JobUse, ...], Refunds, tuple[Remixed, ...]]:
        return (
            usage.jobs_between(connection, guild_id=guild.id, since=since, until=until),
            usage.refunds(connection, guild_id=guild.id, since=since, until=until),
            usage.most_remixed(
                connection, guild_id=guild.id, since=since, until=until, limit=MOST_REMIXED
            ),
        )

    uses, refunds, remixed = await database.read(read)
    busiest = Counter(use.user_id for use in uses if use.user_id > 0).most_common()
    people = await _people(guild, [user_id for user_id, _ in busiest])
    return Report(
        title=f"Reelroom in {guild.name}",
        since=since,
        until=until,
        total=line("everybody", uses),
        members=member_lines(uses, people),
        roles=role_lines(uses, people),
        refunds=refunds,
        remixed=remixed,
    )


async def _people(guild: discord.Guild, user_ids: list[int]) -> dict[int, Member]:
    """Who is still a member. The bot keeps no list of members, so it asks, a hundred at a time;
    whoever Discord does not tell of is called by their id."""
    people: dict[int, Member] = {}
    for first in range(0, len(user_ids), ASKED_AT_ONCE):
        chunk = user_ids[first : first + ASKED_AT_ONCE]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await guild.query_members(user_ids=chunk, cache=False)
        except (TimeoutError, discord.HTTPException, discord.ClientException) as error:
            log.warning("report.members_unknown", count=len(chunk), error=str(error))
            continue
        for member in found:
            roles = tuple(role.name for role in member.roles if not role.is_default())
            people[member.id] = Member(name=member.display_name, roles=roles)
    return people
