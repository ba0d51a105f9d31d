"""What moderators set and did in their guild: a list that only grows.

    relaxed      allowed                         whether members without credits may queue
    role_grant   on `role:5`: credits, window    what holders of a role are given
    allowance    on `role:5` and the like        a daily allowance (`storage/quotas.py`)
    boost        on its id: factor and days      a time of larger allowances (`storage/boosts.py`)
    queue        state                           open, draining or paused (`storage/guild_settings`)
    preview      credits                         from what price on a preview comes by itself
    showcase     likes, channel                  what lifts a clip where (`storage/showcase.py`)
    block        on `member:5`: until, reason    who may order nothing (`storage/conduct.py`)
    channels, models, limits                     what may be ordered where (`storage/conduct.py`)
    word_rule    on its id: words                what a prompt must not say
    defaults     on `channel:5`: options         what counts where nobody typed an option
    requeue, grant, reset, pot, clear_queue      deeds, each with what was there before and after
    theme        on its id: phase, title, pot    what they opened, and moved before its time
    reveal       on a comparison's id            ended the votes on another member's comparison
    report       on a job's id, with a reason    what a member, not a moderator, reported
    dismiss, takedown, uphold, restore           on a job's id (`storage/reviews.py`)
    appeal       on a job's id, with its words   what its author says to a take-down
    review_channel   channel                     where new reports are announced
    pot_limit    credits                         what the pot pays a member a day

Of the acts that set something, the newest on a subject is the setting in force; with nothing after
it, nothing is set any more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, Select, func, select

from storage.schema import moderator_log

ActKind = Literal[
    "relaxed",
    "role_grant",
    "requeue",
    "allowance",
    "grant",
    "reset",
    "pot",
    "boost",
    "queue",
    "clear_queue",
    "block",
    "channels",
    "models",
    "limits",
    "word_rule",
    "preview",
    "showcase",
    "report",
    "reveal",
    "dismiss",
    "takedown",
    "appeal",
    "uphold",
    "restore",
    "review_channel",
    "pot_limit",
    "defaults",
    "theme",
]
Facts = Mapping[str, Any]
"""What is kept as a JSON object."""

_TABLE = moderator_log.c


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that a moderator did, and when."""

    guild_id: int
    act: ActKind
    subject: str
    """What it was done to, as `member:5` or a job's id; empty for the guild as a whole."""
    before: Facts | None
    after: Facts | None
    detail: str
    """The reason, or what else there is to say."""
    made_by: int
    made_at: datetime
    sequence: int = 0
    """Its number in the log; 0 for an act that is not on it yet."""


def record(connection: Connection, act: Act) -> None:
    """Add it to the log, for ever."""
    connection.execute(
        moderator_log.insert().values(
            guild_id=act.guild_id,
            act=act.act,
            subject=act.subject,
            before_json=_json(act.before),
            after_json=_json(act.after),
            detail=act.detail,
            made_by=act.made_by,
            made_at=act.made_at,
        )
    )


def change(
    connection: Connection,
    *,
    guild_id: int,
    act: ActKind,
    subject: str,
    after: Facts | None,
    made_by: int,
    now: datetime,
    detail: str = "",
) -> bool:
    """Set something, or with None clear it; False, and no act, if that is how it is already."""
    newest = connection.execute(
        select(_TABLE.after_json)
        .where(_TABLE.guild_id == guild_id, _TABLE.act == act, _TABLE.subject == subject)
        .order_by(_TABLE.sequence.desc())
        .limit(1)
    ).scalar_one_or_none()
    before = None if newest is None else json.loads(newest)
    if before == (None if after is None else dict(after)):
        return False
    record(
        connection,
        Act(
            guild_id=guild_id,
            act=act,
            subject=subject,
            before=before,
            after=after,
            detail=detail,
            made_by=made_by,
            made_at=now,
        ),
    )
    return True


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
    """The newest act of this kind on each subject of a guild where something is set."""
    newest = select(func.max(_TABLE.sequence)).where(_TABLE.guild_id == guild_id)
    return _set_by(connection, newest.where(_TABLE.act == act).group_by(_TABLE.subject))


def in_force_everywhere(connection: Connection, *, act: ActKind) -> tuple[Act, ...]:
    """The same of all guilds."""
    newest = select(func.max(_TABLE.sequence)).where(_TABLE.act == act)
    return _set_by(connection, newest.group_by(_TABLE.guild_id, _TABLE.subject))


def _set_by(connection: Connection, newest: Select[tuple[int]]) -> tuple[Act, ...]:
    query = (
        select(moderator_log)
        .where(_TABLE.sequence.in_(newest), _TABLE.after_json.is_not(None))
        .order_by(_TABLE.sequence)
    )
    return tuple(act_of(row) for row in connection.execute(query).mappings())


def act_of(row: RowMapping) -> Act:
    """A row of the log as data."""
    return Act(
        guild_id=row["guild_id"],
        act=row["act"],
        subject=row["subject"],
        before=None if row["before_json"] is None else json.loads(row["before_json"]),
        after=None if row["after_json"] is None else json.loads(row["after_json"]),
        detail=row["detail"],
        made_by=row["made_by"],
        made_at=row["made_at"],
        sequence=row["sequence"],
    )


def _json(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(dict(facts), sort_keys=True)
