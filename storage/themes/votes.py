"""Approval votes: each member votes for as many entries as they like, but for their own.

Only what a member said last of an entry counts, so neither the order of votes nor a repeat makes a
difference. What the counts are nobody is told before the vote has ended.
"""

from datetime import datetime

from sqlalchemy import Connection, func, literal, select

from storage.schema import Flag, insert_if_absent, theme_entries, theme_votes
from storage.theme_errors import OwnEntry, UnknownEntry

_TABLE = theme_votes.c


def set_vote(
    connection: Connection,
    *,
    theme_id: str,
    number: int,
    voter_id: int,
    wanted: bool,
    now: datetime,
) -> None:
    """Let a member vote for an entry, or no longer; doing so again changes nothing.

    The caller has locked the theme, which is in its vote. Raises UnknownEntry, OwnEntry.
    """
    entry = connection.execute(
        select(theme_entries.c.user_id, theme_entries.c.dropped).where(
            theme_entries.c.theme_id == theme_id, theme_entries.c.number == number
        )
    ).first()
    if entry is None or entry.dropped:
        raise UnknownEntry(number=number)
    if entry.user_id == voter_id:
        raise OwnEntry(number=number)
    if wanted:
        insert_if_absent(
            connection,
            theme_votes,
            theme_id=theme_id,
            number=number,
            voter_id=voter_id,
            voted_at=now,
        )
        return
    mine = (_TABLE.theme_id == theme_id) & (_TABLE.number == number) & (_TABLE.voter_id == voter_id)
    connection.execute(theme_votes.delete().where(mine))


def of_member(connection: Connection, *, theme_id: str, voter_id: int) -> tuple[int, ...]:
    """The numbers of the entries that the member votes for."""
    mine = (_TABLE.theme_id == theme_id) & (_TABLE.voter_id == voter_id)
    query = select(_TABLE.number).where(mine).order_by(_TABLE.number)
    return tuple(connection.execute(query).scalars())


def counts(connection: Connection, *, theme_id: str) -> dict[int, int]:
    """How many vote for each entry that takes part, by its number."""
    given = (
        select(_TABLE.number, func.count().label("votes"))
        .where(_TABLE.theme_id == theme_id)
        .group_by(_TABLE.number)
        .subquery()
    )
    rows = connection.execute(
        select(theme_entries.c.number, func.coalesce(given.c.votes, 0).label("votes"))
        .outerjoin(given, given.c.number == theme_entries.c.number)
        .where(
            theme_entries.c.theme_id == theme_id,
            theme_entries.c.number.is_not(None),
            theme_entries.c.dropped == literal(value=False, type_=Flag()),
        )
    )
    return {row.number: row.votes for row in rows}
