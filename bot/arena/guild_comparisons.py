"""Comparisons as one server sees them: another server's do not exist for it."""

from __future__ import annotations

from storage import comparisons
from storage.arena_errors import UnknownComparison
from storage.comparisons import Comparison
from storage.database import Database


async def comparison_of_guild(
    database: Database, comparison_id: str, *, guild_id: int | None
) -> Comparison:
    """Raises UnknownComparison."""
    found = await database.read(lambda connection: comparisons.get(connection, comparison_id))
    if found.guild_id != guild_id:
        raise UnknownComparison(comparison_id=comparison_id)
    return found
