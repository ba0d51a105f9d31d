"""What moderators did in their guild, as a list that only grows.

    relaxed      value 1 or 0                     whether members without credits may queue
    role_grant   a role's id, credits, window     what holders of a role are given
    requeue      a dead job's id, detail the new  a dead job that is tried again

Of the first two the newest act on a subject is the setting in force. Allowances have a list of
their own (`storage/guild_settings.py`), and grants are transfers of the ledger.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from storage.schema import moderator_acts

ActKind = Literal["relaxed", "role_grant", "requeue"]

_TABLE = moderator_acts.c


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that a moderator did, and when."""

    guild_id: int
    act: ActKind
    subject: str
    """What it was done to; empty for the guild as a whole."""
    value: int
    detail: str
    made_by: int
    made_at: datetime


_COLUMNS = [_TABLE[field.name] for field in fields(Act)]


def record(connection: Connection, act: Act) -> None:
    """Add it to the list, for ever."""
    values = {field.name: getattr(act, field.name) for field in fields(Act)}
    connection.execute(moderator_acts.insert().values(**values))


def in_force(connection: Connection, *, guild_id: int, act: ActKind) -> tuple[Act, ...]:
    """The newest act of this kind on each subject of a guild."""
    newest = (
        select(func.max(_TABLE.sequence))
        .where(_TABLE.guild_id == guild_id, _TABLE.act == act)
        .group_by(_TABLE.subject)
    )
    query = select(*_COLUMNS).where(_TABLE.sequence.in_(newest)).order_by(_TABLE.subject)
    return tuple(Act(**row) for row in connection.execute(query).mappings())
