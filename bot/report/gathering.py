"""Gathers the moderators' report: rows from storage, names and roles from Discord."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import discord
import structlog

from bot.report.numbers import Member, Report, line, member_lines, role_lines
from storage import usage
from storage.database import Connection, Database
from storage.usage import JobUse, Refunds, Remixed

log = structlog.get_logger(__name__)

MOST_NAMED = 100  # Discord is asked for each of them: the rest are called by their ids
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
    busiest = Counter(use.user_id for use in uses if use.user_id > 0).most_common(MOST_NAMED)
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
    """Who is still a member. The bot keeps no list of members, so it asks for each."""
    people: dict[int, Member] = {}
    for user_id in user_ids:
        try:
            member = guild.get_member(user_id) or await guild.fetch_member(user_id)
        except discord.NotFound:
            continue
        except discord.HTTPException as error:
            log.warning("report.member_unknown", user_id=user_id, error=str(error))
            continue
        roles = tuple(role.name for role in member.roles if not role.is_default())
        people[user_id] = Member(name=member.display_name, roles=roles)
    return people
