"""What moderators did in a guild, whichever list keeps it: what was there before, and after.

Acts and allowances are lists of their own (`storage/moderation.py`, `storage/guild_settings.py`);
a grant is a transfer, and what the member could spend before it is the fold of earlier ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, case, func, or_, select

from storage import posting
from storage.moderation import ActKind
from storage.schema import moderator_acts, quota_changes, transfers

_ACTS = moderator_acts.c
_CHANGES = quota_changes.c
_TRANSFERS = transfers.c


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One thing that a moderator did."""

    what: Literal[ActKind, "allowance", "grant"]
    subject: str
    """A member's, role's or job's id; empty for the guild as a whole."""
    before: int | None
    """None: nothing was set."""
    after: int | None
    """None: cleared."""
    detail_before: str | None
    detail: str
    """A role's window, a requeued job's new id, the reason of a grant."""
    made_by: int
    made_at: datetime


def newest(connection: Connection, *, guild_id: int, limit: int) -> tuple[LogEntry, ...]:
    """The newest entries of a guild, newest first."""
    entries = [
        *_acts(connection, guild_id, limit),
        *_allowances(connection, guild_id, limit),
        *_grants(connection, guild_id, limit),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.made_at, reverse=True)[:limit])


def _acts(connection: Connection, guild_id: int, limit: int) -> Iterator[LogEntry]:
    same = (_ACTS.act, _ACTS.subject)
    value_before = func.lag(_ACTS.value).over(partition_by=same, order_by=_ACTS.sequence)
    detail_before = func.lag(_ACTS.detail).over(partition_by=same, order_by=_ACTS.sequence)
    query = (
        select(
            moderator_acts,
            value_before.label("value_before"),
            detail_before.label("detail_before"),
        )
        .where(_ACTS.guild_id == guild_id)
        .order_by(_ACTS.sequence.desc())
        .limit(limit)
    )
    for row in connection.execute(query):
        yield LogEntry(
            what=row.act,
            subject=row.subject,
            before=row.value_before,
            after=row.value,
            detail_before=row.detail_before,
            detail=row.detail,
            made_by=row.made_by,
            made_at=row.made_at,
        )


def _allowances(connection: Connection, guild_id: int, limit: int) -> Iterator[LogEntry]:
    before = func.lag(_CHANGES.daily_allowance_credits).over(
        partition_by=_CHANGES.user_id, order_by=_CHANGES.sequence
    )
    query = (
        select(quota_changes, before.label("before"))
        .where(_CHANGES.guild_id == guild_id)
        .order_by(_CHANGES.sequence.desc())
        .limit(limit)
    )
    for row in connection.execute(query):
        yield LogEntry(
            what="allowance",
            subject="" if row.user_id is None else str(row.user_id),
            before=row.before,
            after=row.daily_allowance_credits,
            detail_before=None,
            detail="",
            made_by=row.changed_by,
            made_at=row.changed_at,
        )


def _grants(connection: Connection, guild_id: int, limit: int) -> Iterator[LogEntry]:
    """What a moderator gave to a member; not what a role of theirs brought them."""
    query = (
        select(transfers)
        .where(
            _TRANSFERS.debit_account_id == posting.bank_id(guild_id),
            _TRANSFERS.kind == "grant",
            _TRANSFERS.made_by.is_not(None),
            _TRANSFERS.id.not_like("grant:role:%"),
        )
        .order_by(_TRANSFERS.sequence.desc())
        .limit(limit)
    )
    for row in connection.execute(query).all():
        before = _available_before(connection, row.credit_account_id, row.sequence)
        yield LogEntry(
            what="grant",
            subject=row.credit_account_id.rpartition(":")[2],
            before=before,
            after=before + row.amount_credits,
            detail_before=None,
            detail=row.reason or "",
            made_by=row.made_by,
            made_at=row.made_at,
        )


def _available_before(connection: Connection, account_id: str, sequence: int) -> int:
    """What could be spent just before this transfer: settling changes nothing about that."""
    signed = case(
        (_TRANSFERS.kind.in_(("grant", "release")), _TRANSFERS.amount_credits),
        (_TRANSFERS.kind == "reserve", -_TRANSFERS.amount_credits),
        else_=0,
    )
    mine = or_(
        _TRANSFERS.debit_account_id == account_id, _TRANSFERS.credit_account_id == account_id
    )
    query = select(func.sum(signed)).where(mine, _TRANSFERS.sequence < sequence)
    return int(connection.execute(query).scalar_one() or 0)
