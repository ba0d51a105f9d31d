"""Pages of the gallery: filtered, searched, in the order that was chosen.

A cursor is opaque to whoever carries it. It names the place of the last entry seen, in the order
of its page, so that entries shared or withdrawn meanwhile neither repeat nor hide another.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, select

from storage.errors import InvalidCursor
from storage.gallery import GalleryEntry, entry_columns
from storage.gallery_matching import Matching, matching
from storage.gallery_tables import FILTERED_BY
from storage.schema import gallery_entries, gallery_searches, insert_if_absent
from storage.search_words import words_of

RARE_MATCHES = 100
"""A search that finds no more shows the best first; any other the newest."""

SEARCH_WORDS = 8
SEARCH_KEPT = timedelta(days=30)
"""How long after its last use the buttons of a page still work."""

_TABLE = gallery_entries.c
_RANK_UNIT = 1_000_000
_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class GallerySearch:
    """What a page shows: all that fits every filter that is set. `words` is as it was typed."""

    words: str = ""
    model: str | None = None
    command: str | None = None
    author_id: int | None = None
    order: Literal["best", "newest", "liked"] = "best"
    """Best: by how much of the prompt the words are where few entries match, else the newest."""

    @property
    def terms(self) -> tuple[str, ...]:
        """The first few different words, as they are searched for."""
        return tuple(dict.fromkeys(words_of(self.words)))[:SEARCH_WORDS]


@dataclass(frozen=True, kw_only=True)
class GalleryPage:
    """Some entries, in the order of the search."""

    entries: tuple[GalleryEntry, ...]
    next_cursor: str | None
    """Pass it as `after` for the page that follows; None on the last."""


def page(
    connection: Connection,
    *,
    guild_id: int,
    limit: int,
    search: GallerySearch | None = None,
    after: str | None = None,
) -> GalleryPage:
    """A page of a guild's gallery. Raises InvalidCursor."""
    search = search or GallerySearch()
    if search.words.strip() and not search.terms:
        return GalleryPage(entries=(), next_cursor=None)
    found = _found(connection, guild_id, search)
    order, place = (search.order, None) if after is None else _read_cursor(after)
    match order:
        case "liked":
            return _liked_page(connection, found, limit, place)
        case "ranked":
            # What was shared since the first page is let in; nobody shares as many meanwhile.
            keys = found.newest(connection, RARE_MATCHES * 10)
            return _ranked_page(connection, keys, search, limit, place)
        case "best" if search.terms:
            # Looked for once: where they are few, they are all.
            keys = found.newest(connection, max(RARE_MATCHES, limit) + 1)
            if len(keys) <= RARE_MATCHES:
                return _ranked_page(connection, keys, search, limit, None)
        case _:
            keys = found.newest(connection, limit + 1, before=place[0] if place else None)
    more = len(keys) > limit
    return GalleryPage(
        entries=_entries(_rows(connection, keys[:limit])),
        next_cursor=_cursor("newest", (keys[limit - 1],)) if more else None,
    )


def keep_search(connection: Connection, search: GallerySearch, *, now: datetime) -> str:
    """The id under which `search_of` finds it for a while; the same search has the same id."""
    chosen = json.dumps(asdict(search), ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(chosen.encode(errors="replace")).digest()
    search_id = base64.b32encode(digest[:10]).decode().lower()
    columns = gallery_searches.c
    connection.execute(gallery_searches.delete().where(columns.used_at < now - SEARCH_KEPT))
    if not insert_if_absent(
        connection, gallery_searches, id=search_id, chosen_json=chosen, used_at=now
    ):
        connection.execute(
            gallery_searches.update().where(columns.id == search_id).values(used_at=now)
        )
    return search_id


def search_of(connection: Connection, search_id: str) -> GallerySearch:
    """Raises InvalidCursor where it is not kept any more."""
    found = connection.execute(
        select(gallery_searches.c.chosen_json).where(gallery_searches.c.id == search_id)
    ).scalar_one_or_none()
    if found is None:
        raise InvalidCursor(cursor=search_id)
    return GallerySearch(**json.loads(found))


def _found(connection: Connection, guild_id: int, search: GallerySearch) -> Matching:
    filters = {name: value for name in FILTERED_BY if (value := getattr(search, name)) is not None}
    return matching(connection, guild_id=guild_id, terms=search.terms, filters=filters)


def _rows(connection: Connection, keys: Sequence[int]) -> list[dict[str, Any]]:
    columns = (*entry_columns(), _TABLE.words.label("searched_words"), _TABLE.sequence)
    query = select(*columns).where(_TABLE.sequence.in_(keys)).order_by(_TABLE.sequence.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def _liked_page(
    connection: Connection, found: Matching, limit: int, place: Sequence[int] | None
) -> GalleryPage:
    keys = found.most_liked(connection, limit + 1, after=place)
    rows = {row["sequence"]: row for row in _rows(connection, keys[:limit])}
    liked = [rows[key] for key in keys[:limit]]
    last = liked[-1] if len(keys) > limit else None
    return GalleryPage(
        entries=_entries(liked),
        next_cursor=_cursor("liked", (last["likes"], last["sequence"])) if last else None,
    )


def _ranked_page(
    connection: Connection,
    keys: Sequence[int],
    search: GallerySearch,
    limit: int,
    place: Sequence[int] | None,
) -> GalleryPage:
    """All that match are ranked here: there are few, and both databases are to agree."""
    rows = _rows(connection, keys)
    ranked = sorted(
        (((_rank(row["searched_words"], search.terms), row["sequence"]), row) for row in rows),
        key=lambda one: one[0],
        reverse=True,
    )
    left = [one for one in ranked if place is None or one[0] < tuple(place)]
    return GalleryPage(
        entries=_entries(row for _, row in left[:limit]),
        next_cursor=_cursor("ranked", left[limit - 1][0]) if len(left) > limit else None,
    )


def _rank(words: str, terms: Sequence[str]) -> int:
    """The share of the prompt's words that were searched for, in millionths. It is the entry's own,
    whatever else is in the gallery, so that an entry never moves between two pages."""
    said = words.split(" ")
    return sum(said.count(term) for term in terms) * _RANK_UNIT // len(said)


def _entries(rows: Iterable[dict[str, Any]]) -> tuple[GalleryEntry, ...]:
    names = [one.name for one in fields(GalleryEntry)]
    return tuple(GalleryEntry(**{name: row[name] for name in names}) for row in rows)


def _cursor(order: str, place: Sequence[int]) -> str:
    plain = ":".join((order[0], *(format(number, "x") for number in place)))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, tuple[int, ...]]:
    orders = {"n": ("newest", 1), "l": ("liked", 2), "r": ("ranked", 2)}
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        letter, *numbers = plain.split(":")
        order, count = orders[letter]
        place = tuple(int(number, 16) for number in numbers)
    except (ValueError, KeyError):
        raise InvalidCursor(cursor=cursor) from None
    if len(place) != count or not all(0 <= number <= _LARGEST for number in place):
        raise InvalidCursor(cursor=cursor)
    return order, place
