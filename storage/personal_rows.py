"""Which rows of a table are a member's, by the list of `storage/personal_data.py`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, false, func, or_, select

from storage.personal_data import HOLDINGS, Holding
from storage.posting import AVAILABLE
from storage.schema import accounts, gallery_entries, jobs, likes, metadata, moderator_log

_LARGEST_IN_JSON = 2**53
"""Beyond it many readers of JSON round."""


@dataclass(frozen=True, kw_only=True)
class PersonalRow:
    """One row about a member, as JSON takes it."""

    table: str
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """How much there is of a member, on all guilds."""

    jobs: int
    clips: int
    shared: int
    likes: int
    available_credits: int


def holdings(connection: Connection, *, user_id: int) -> Holdings:
    """Counted for the question before it is erased."""

    def count(table: Table, whose: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(table).where(whose)
        return connection.execute(counted).scalar_one()

    theirs = jobs.c.user_id == user_id
    left = select(func.coalesce(func.sum(AVAILABLE), 0)).where(accounts.c.user_id == user_id)
    return Holdings(
        jobs=count(jobs, theirs),
        clips=count(jobs, theirs & jobs.c.clip_sha256.is_not(None)),
        shared=count(gallery_entries, gallery_entries.c.author_id == user_id),
        likes=count(likes, likes.c.user_id == user_id),
        available_credits=int(connection.execute(left).scalar_one()),
    )


def jobs_of(user_id: int) -> Select[str]:
    """The ids of the member's jobs."""
    return select(jobs.c.id).where(jobs.c.user_id == user_id)


def mine(table: Table, holding: Holding, user_id: int) -> ColumnElement[bool]:
    """Which rows an erasure deletes or empties, others' likes of the member's clips among them."""
    conditions = _owned(table, holding, user_id)
    if holding.of_jobs is not None:
        conditions.append(table.c[holding.of_jobs].in_(jobs_of(user_id)))
    return or_(false(), *conditions)


def rows_about(connection: Connection, *, user_id: int) -> Iterator[PersonalRow]:
    """Everything that is stored about the member, table by table.

    What others did is left out: their likes and reports. Of what moderators did to the member, or
    to their clips, there is everything but which moderator it was.
    """
    for table in metadata.sorted_tables:
        holding = HOLDINGS[table.name]
        whose = _shown(table, holding, user_id)
        if whose is None:
            continue
        order = list(table.primary_key.columns)
        for row in connection.execute(select(table).where(whose).order_by(*order)).mappings():
            content = {
                name: None if name in holding.pseudonyms and value != user_id else _plain(value)
                for name, value in row.items()
            }
            yield PersonalRow(table=table.name, content=content)


def _owned(table: Table, holding: Holding, user_id: int) -> list[ColumnElement[bool]]:
    return [table.c[name] == user_id for name in holding.owners]


def _shown(table: Table, holding: Holding, user_id: int) -> ColumnElement[bool] | None:
    conditions = _owned(table, holding, user_id)
    of_jobs = holding.of_jobs
    if table is moderator_log:
        subject = table.c.subject
        about = or_(subject == f"member:{user_id}", subject.in_(jobs_of(user_id)))
        conditions.append(about & (table.c.act != "report"))
    elif of_jobs is not None and not conditions:
        conditions.append(table.c[of_jobs].in_(jobs_of(user_id)))
    for name in holding.of_accounts:
        mine_too = select(accounts.c.id).where(accounts.c.user_id == user_id)
        conditions.append(table.c[name].in_(mine_too))
    return or_(*conditions) if conditions else None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int) and abs(value) > _LARGEST_IN_JSON:
        return str(value)
    return value
