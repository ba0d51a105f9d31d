"""Which entries of a gallery fit a search, asked so that each database finds a page quickly.

Left to themselves both choose badly in a large gallery: SQLite asks its full-text index about every
entry of the guild, and PostgreSQL, whose index knows no order, fetches all that fit to sort them.
So PostgreSQL is asked about the newest stretch of the gallery first, and about longer ones while
that gives too few. `docs/performance.md` has the plans and what they take.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.gallery_tables import POSTGRESQL_WORDS, STRETCH_BITS
from storage.schema import gallery_entries

MOST_LIKED = 8_000
"""Among so many the most liked with some words are looked for, before all with the words are."""

Filters = Mapping[str, str | int]
"""Some of the columns in FILTERED_BY, and what they have to be."""

_TABLE = gallery_entries.c
_WORDS_INDEX = table("gallery_words", column("rowid"))
_PLACE = (_TABLE.likes, _TABLE.sequence)


@dataclass(frozen=True, kw_only=True)
class Matching:
    """`keys` selects the sequences of the entries that fit; `key` is its column. What fits meets
    the `conditions` and has all the `terms`."""

    keys: Select[int]
    key: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...]
    terms: tuple[str, ...] = ()

    def newest(self, connection: Connection, limit: int, *, before: int | None = None) -> list[int]:
        """The sequences of the newest, or of those before one that was seen."""
        return _newest(connection, self.keys, self.key, limit, before)

    def most_liked(
        self, connection: Connection, limit: int, *, after: Sequence[int] | None = None
    ) -> list[int]:
        """The sequences of the most liked, the newest of them first, or of those after one that was
        seen: its likes and its sequence."""
        ordered = select(*_PLACE).order_by(*(one.desc() for one in _PLACE))
        if after is not None:
            ordered = ordered.where(tuple_(*_PLACE) < tuple(after))
        fitting = ordered.where(*self.conditions)
        if not self.terms:
            return _sequences(connection, fitting.limit(limit))
        # Of common words enough are among these; of others not many are there to be put in order.
        best = fitting.add_columns(_TABLE.words).limit(MOST_LIKED).subquery()
        spaced = literal(" ") + best.c.words + " "
        found = _sequences(
            connection,
            select(best.c.likes, best.c.sequence)
            .where(*(spaced.contains(f" {term} ") for term in self.terms))
            .order_by(best.c.likes.desc(), best.c.sequence.desc())
            .limit(limit),
        )
        if len(found) == limit:
            return found
        return _sequences(connection, ordered.where(_TABLE.sequence.in_(self.keys)).limit(limit))


@dataclass(frozen=True, kw_only=True)
class _InStretches(Matching):
    """On PostgreSQL, what has all these lexemes."""

    guild_id: int
    lexemes: tuple[str, ...]

    def newest(self, connection: Connection, limit: int, *, before: int | None = None) -> list[int]:
        """From the first stretch that has so many, or from the whole gallery."""
        last = self._last(connection) if before is None else before
        found: list[int] = []
        for stretch in _stretches(self.guild_id, last):
            keys, key = _indexed((*self.lexemes, stretch))
            found = _newest(connection, keys, key, limit, before)
            if len(found) == limit:
                break
        return found

    def _last(self, connection: Connection) -> int:
        """The sequence of the guild's newest entry."""
        query = select(func.max(_TABLE.sequence)).where(_TABLE.guild_id == self.guild_id)
        return connection.execute(query).scalar_one() or 0


def matching(
    connection: Connection, *, guild_id: int, terms: tuple[str, ...], filters: Filters
) -> Matching:
    """Entries of the guild that have all the terms and fit all the filters."""
    chosen = tuple(_TABLE[name] == value for name, value in filters.items())
    conditions = (_TABLE.guild_id == guild_id, *chosen)
    if not terms:
        keys = select(_TABLE.sequence).where(*conditions)
        return Matching(keys=keys, key=_TABLE.sequence, conditions=conditions)
    if connection.dialect.name == "sqlite":
        keys, key = _in_order(guild_id, terms, chosen)
        return Matching(keys=keys, key=key, conditions=conditions, terms=terms)
    lexemes = [_quoted(one) for one in terms]
    lexemes += [_quoted(f"{name}:{value}") for name, value in filters.items()]
    keys, key = _indexed((*lexemes, _guild(guild_id)))
    return _InStretches(
        keys=keys,
        key=key,
        conditions=conditions,
        terms=terms,
        guild_id=guild_id,
        lexemes=tuple(lexemes),
    )


def _newest(
    connection: Connection,
    keys: Select[int],
    key: ColumnElement[int],
    limit: int,
    before: int | None,
) -> list[int]:
    rest = keys if before is None else keys.where(key < before)
    return list(connection.execute(rest.order_by(key.desc()).limit(limit)).scalars())


def _sequences(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[int]:
    return [row.sequence for row in connection.execute(query)]


def _in_order(
    guild_id: int, terms: Sequence[str], filters: Sequence[ColumnElement[bool]]
) -> tuple[Select[int], ColumnElement[int]]:
    """By SQLite's full-text index first, which gives its rows in the order of their numbers."""
    # The guild last: it has by far the most rows, and is then only asked about those that have
    # all the words.
    wanted = " AND ".join((*(f'words:"{one}"' for one in terms), f'guild_id:"{guild_id}"'))
    keys = select(_WORDS_INDEX.c.rowid)
    if filters:
        # The sign keeps SQLite from asking the index about one entry after the other.
        found = _TABLE.sequence == literal_column("+gallery_words.rowid")
        keys = keys.select_from(_WORDS_INDEX.join(gallery_entries, found)).where(*filters)
    keys = keys.where(literal_column("gallery_words").op("MATCH")(wanted))
    return keys, _WORDS_INDEX.c.rowid


def _indexed(queries: Sequence[str]) -> tuple[Select[int], ColumnElement[int]]:
    """What fits all of these queries, by PostgreSQL's index of words."""
    # As many conditions, not one: the index then leaps from what fits one to what fits the other,
    # instead of looking at each entry of the rarest.
    lexemes: ColumnElement[Any] = literal_column(POSTGRESQL_WORDS)
    fits = (lexemes.op("@@")(cast(query, TSQUERY())) for query in queries)
    # Kept apart, or the planner might read backwards through the gallery to have the order.
    found = select(_TABLE.sequence).where(*fits).cte("found").prefix_with("MATERIALIZED")
    return select(found.c.sequence), found.c.sequence


def _stretches(guild_id: int, last: int) -> Iterator[str]:
    """Longer and longer ends of the guild's gallery up to an entry, as queries; then all of it."""
    for bits in STRETCH_BITS:
        number = last >> bits
        if number > 1:
            # With the one before: it may just have begun.
            yield " | ".join(_guild(guild_id, f":{bits}:{one}") for one in (number, number - 1))
    yield _guild(guild_id)


def _guild(guild_id: int, stretch: str = "") -> str:
    return _quoted(f"guild_id:{guild_id}{stretch}")


def _quoted(lexeme: str) -> str:
    """As a query for this lexeme alone."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
