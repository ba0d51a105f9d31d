"""Option sets: lines of words and flags (docs/prompting.md) that a member keeps under names."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from storage.errors import TooManyOptionSets, UnknownOptionSet
from storage.schema import insert_if_absent
from storage.schema import option_sets as _option_sets

MOST_SETS = 50
"""Of one member."""

_TABLE = _option_sets.c


@dataclass(frozen=True, kw_only=True)
class OptionSet:
    """One of a member's, usable on every server."""

    name: str
    options: str


def save(
    connection: Connection, wanted: OptionSet, *, user_id: int, now: datetime
) -> OptionSet | None:
    """Keep it; returns the one of that name that it replaces. Raises TooManyOptionSets."""
    before = find(connection, wanted.name, user_id=user_id)
    if before is not None:
        connection.execute(
            update(_option_sets)
            .where(_TABLE.user_id == user_id, _TABLE.name == wanted.name)
            .values(options=wanted.options, saved_at=now)
        )
        return before
    if count(connection, user_id=user_id) >= MOST_SETS:
        raise TooManyOptionSets(most=MOST_SETS)
    insert_if_absent(
        connection,
        _option_sets,
        user_id=user_id,
        name=wanted.name,
        options=wanted.options,
        saved_at=now,
    )
    return None


def find(connection: Connection, name: str, *, user_id: int) -> OptionSet | None:
    """The member's set of this name, if there is one."""
    query = select(_TABLE.name, _TABLE.options).where(
        _TABLE.user_id == user_id, _TABLE.name == name
    )
    found = connection.execute(query).mappings().one_or_none()
    return None if found is None else OptionSet(**found)


def get(connection: Connection, name: str, *, user_id: int) -> OptionSet:
    """Raises UnknownOptionSet."""
    found = find(connection, name, user_id=user_id)
    if found is None:
        raise UnknownOptionSet(name=name)
    return found


def of_user(connection: Connection, *, user_id: int) -> tuple[OptionSet, ...]:
    """All of a member's, by name."""
    query = (
        select(_TABLE.name, _TABLE.options).where(_TABLE.user_id == user_id).order_by(_TABLE.name)
    )
    return tuple(OptionSet(**row) for row in connection.execute(query).mappings())


def count(connection: Connection, *, user_id: int) -> int:
    """How many a member has."""
    query = select(func.count()).select_from(_option_sets).where(_TABLE.user_id == user_id)
    return connection.execute(query).scalar_one()


def delete(connection: Connection, name: str, *, user_id: int) -> OptionSet:
    """Returns what was deleted. Raises UnknownOptionSet."""
    found = get(connection, name, user_id=user_id)
    connection.execute(_option_sets.delete().where(_TABLE.user_id == user_id, _TABLE.name == name))
    return found


def forget(connection: Connection, *, user_id: int) -> None:
    """All that the member has."""
    connection.execute(_option_sets.delete().where(_TABLE.user_id == user_id))
