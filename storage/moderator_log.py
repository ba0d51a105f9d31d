"""The moderators' log as one reads it: searched, newest first, page by page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.moderation import Act, ActKind, act_of
from storage.schema import moderator_log

_TABLE = moderator_log.c


@dataclass(frozen=True, kw_only=True)
class LogSearch:
    """Which acts of a guild; what is None or 0 excludes none."""

    guild_id: int
    made_by: int | None = None
    act: ActKind | None = None
    subject: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """Some acts, newest first."""

    acts: tuple[Act, ...]
    next_before: int | None
    """Pass it as `before` for the page that follows; None on the last."""


def page(
    connection: Connection, search: LogSearch, *, limit: int, before: int | None = None
) -> LogPage:
    """The acts that were found. `before` is the number of the last act that was seen, so that new
    ones neither repeat nor hide another."""
    query = (
        select(moderator_log)
        .where(_TABLE.guild_id == search.guild_id)
        .order_by(_TABLE.sequence.desc())
        .limit(limit + 1)
    )
    if search.made_by is not None:
        query = query.where(_TABLE.made_by == search.made_by)
    if search.act is not None:
        query = query.where(_TABLE.act == search.act)
    if search.subject is not None:
        query = query.where(_TABLE.subject == search.subject)
    if search.since is not None:
        query = query.where(_TABLE.made_at >= search.since)
    if before is not None:
        query = query.where(_TABLE.sequence < before)
    acts = tuple(act_of(row) for row in connection.execute(query).mappings())
    more = len(acts) > limit
    return LogPage(acts=acts[:limit], next_before=acts[limit - 1].sequence if more else None)
