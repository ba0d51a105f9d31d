"""What moderators did in their guild, as a list that only grows.

    relaxed      value 1 or 0                     whether members without credits may queue
    role_grant   a role's id, credits, window     what holders of a role are given
    preview      value credits                    from what price on a preview comes by itself
    showcase     value likes, detail a channel    what lifts a clip into which channel; 0 is off
    requeue      a dead job's id, detail the new  a dead job that is tried again
    report       a job's id, detail the reason    what a member, not a moderator, reported

Of the first four the newest act on a subject is the setting in force. Allowances have a list of
their own (`storage/guild_settings.py`), and grants are transfers of the ledger.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from storage.schema import moderator_acts

ActKind = Literal["relaxed", "role_grant", "requeue", "preview", "showcase", "report"]

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


def record_once(connection: Connection, act: Act) -> bool:
    """Unless the same person did the same to the same subject before; True if it is new."""
    same = (
        (_TABLE.guild_id == act.guild_id)
        & (_TABLE.act == act.act)
        & (_TABLE.subject == act.subject)
        & (_TABLE.made_by == act.made_by)
    )
    if connection.execute(select(_TABLE.sequence).where(same).limit(1)).first() is not None:
        return False
    record(connection, act)
    return True


def in_force(connection: Connection, *, guild_id: int, act: ActKind) -> tuple[Act, ...]:
    """The newest act of this kind on each subject of a guild."""
    newest = (
        select(func.max(_TABLE.sequence))
        .where(_TABLE.guild_id == guild_id, _TABLE.act == act)
        .group_by(_TABLE.subject)
    )
    query = select(*_COLUMNS).where(_TABLE.sequence.in_(newest)).order_by(_TABLE.subject)
    return tuple(Act(**row) for row in connection.execute(query).mappings())
