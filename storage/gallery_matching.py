"""Which entries of a gallery fit a search, asked so that each database finds the newest quickly.

Left to themselves both choose badly in a large gallery: SQLite asks its full-text index about every
entry of the guild, and PostgreSQL reads the whole gallery backwards for words that hardly occur.
`docs/performance.md` has the plans and what they take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR

from storage.schema import gallery_entries

COMMON_MATCHES = 10_000
"""From so many matches on PostgreSQL finds the newest sooner by reading backwards than by its
index of words: about as many entries are read either way."""

_TABLE = gallery_entries.c
_WORDS_INDEX = table("gallery_words", column("rowid"))


@dataclass(frozen=True, kw_only=True)
class Matching:
    """`keys` selects the sequences of the entries that fit; `key` is its column. `conditions` say
    the same of the entries themselves, where that can be said."""

    keys: Select[int]
    key: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...] = ()
    common: bool = False
    """Whether so many fit that nobody need count them."""

    def newest(self, limit: int, *, before: int | None) -> Select[int]:
        """The sequences of the newest, or of those before one that was seen."""
        keys = self.keys if before is None else self.keys.where(self.key < before)
        return keys.order_by(self.key.desc()).limit(limit)


def matching(
    connection: Connection,
    *,
    guild_id: int,
    terms: Sequence[str],
    filters: Sequence[ColumnElement[bool]],
) -> Matching:
    """Entries of the guild that have all the terms and fit all the filters."""
    if not terms:
        conditions = (_TABLE.guild_id == guild_id, *filters)
        keys = select(_TABLE.sequence).where(*conditions)
        return Matching(keys=keys, key=_TABLE.sequence, conditions=conditions)
    if connection.dialect.name == "postgresql":
        return _on_postgresql(connection, guild_id, terms, filters)
    return _on_sqlite(guild_id, terms, filters)


def _on_sqlite(
    guild_id: int, terms: Sequence[str], filters: Sequence[ColumnElement[bool]]
) -> Matching:
    """The full-text index first, which gives its rows in the order of their numbers."""
    # The guild last: it has by far the most rows, and is then only asked about those that have
    # all the words.
    wanted = " AND ".join((*(f'words:"{one}"' for one in terms), f'guild_id:"{guild_id}"'))
    keys = select(_WORDS_INDEX.c.rowid)
    if filters:
        # The sign keeps SQLite from asking the index about one entry after the other.
        found = _TABLE.sequence == literal_column("+gallery_words.rowid")
        keys = keys.select_from(_WORDS_INDEX.join(gallery_entries, found)).where(*filters)
    keys = keys.where(literal_column("gallery_words").op("MATCH")(wanted))
    return Matching(keys=keys, key=_WORDS_INDEX.c.rowid)


def _on_postgresql(
    connection: Connection,
    guild_id: int,
    terms: Sequence[str],
    filters: Sequence[ColumnElement[bool]],
) -> Matching:
    """Backwards through the guild's entries where most have the words, else by their index."""
    entries = select(_TABLE.sequence).where(_TABLE.guild_id == guild_id, *filters)
    words = func.string_to_array(_TABLE.words, literal_column("' '"), type_=ARRAY(Text))
    # The expression that the index is made of.
    searchable: ColumnElement[Any] = func.array_to_tsvector(words, type_=TSVECTOR())
    wanted = " & ".join(f"'{term}'" for term in terms)
    if _estimated_matches(connection, wanted) >= COMMON_MATCHES:
        # An expression that no index is made of.
        keys = entries.where(words.contains(cast(list(terms), ARRAY(Text))))
        return Matching(keys=keys, key=_TABLE.sequence, common=True)
    found = (
        entries.where(searchable.op("@@")(cast(wanted, TSQUERY())))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    return Matching(keys=select(found.c.sequence), key=found.c.sequence)


def _estimated_matches(connection: Connection, wanted: str) -> int:
    """In all guilds, as PostgreSQL's statistics of the index have it."""
    plan = connection.execute(
        text(
            "EXPLAIN (FORMAT JSON) SELECT 1 FROM gallery_entries"
            " WHERE array_to_tsvector(string_to_array(words, ' ')) @@ CAST(:wanted AS tsquery)"
        ),
        {"wanted": wanted},
    ).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])
