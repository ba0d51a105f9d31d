"""What is to be told of a theme in Discord, and how far that came.

A row is made in the transaction of what it tells of, and says how far its message came, so that a
restart goes on with it: waiting, attempted, posted, ended.
"""

from dataclasses import dataclass, fields
from typing import Literal

from sqlalchemy import ColumnElement, Connection, case, literal, or_, select, update

from storage.schema import Flag, insert_if_absent, theme_posts

PostKind = Literal["announcement", "guide", "voting", "entry", "result"]
_TABLE = theme_posts.c
_NO = literal(value=False, type_=Flag())
_ORDER: tuple[PostKind, ...] = ("announcement", "guide", "voting", "entry", "result")


@dataclass(frozen=True, kw_only=True)
class ThemePost:
    """One message of a theme: in the channel, or in the thread."""

    theme_id: str
    kind: PostKind
    number: int
    """That of an entry; 0 for the others."""
    attempted: bool
    """It may have been sent already."""
    message_id: int | None


def add(connection: Connection, *, theme_id: str, kind: PostKind, number: int = 0) -> None:
    """It is to be posted; once, however often this is said."""
    insert_if_absent(
        connection,
        theme_posts,
        theme_id=theme_id,
        kind=kind,
        number=number,
        attempted=False,
        closed=False,
    )


def waiting(connection: Connection, *, theme_id: str) -> tuple[ThemePost, ...]:
    """What is to be posted and is not yet, in the order in which people should read it."""
    return _posts(connection, theme_id, _TABLE.message_id.is_(None) & _TABLE.ended.is_(None))


def attempt(connection: Connection, post: ThemePost) -> bool:
    """Remember that it may be out from now on; False if it is not to be posted any more."""
    still = _of(post) & _TABLE.message_id.is_(None) & _TABLE.ended.is_(None)
    return connection.execute(update(theme_posts).where(still).values(attempted=True)).rowcount == 1


def posted(
    connection: Connection, *, theme_id: str, kind: PostKind, message_id: int, number: int = 0
) -> None:
    """Remember its message, also if it ended meanwhile and is to be taken down."""
    mine = (_TABLE.theme_id == theme_id) & (_TABLE.kind == kind) & (_TABLE.number == number)
    connection.execute(update(theme_posts).where(mine).values(message_id=message_id))


def end(
    connection: Connection, *, theme_id: str, kind: PostKind, reason: str, number: int = 0
) -> None:
    """It is not to be shown any more, or never will be."""
    mine = (_TABLE.theme_id == theme_id) & (_TABLE.kind == kind) & (_TABLE.number == number)
    connection.execute(update(theme_posts).where(mine, _TABLE.ended.is_(None)).values(ended=reason))


def end_waiting(connection: Connection, *, theme_id: str, reason: str) -> None:
    """What was not sent yet is not to be posted any more."""
    unsent = (_TABLE.theme_id == theme_id) & (_TABLE.attempted == _NO)
    connection.execute(
        update(theme_posts).where(unsent, _TABLE.ended.is_(None)).values(ended=reason)
    )


def to_take_down(connection: Connection, *, theme_id: str) -> tuple[ThemePost, ...]:
    """What has ended and has, or may have, a message still."""
    left = or_(_TABLE.message_id.is_not(None), _TABLE.attempted != _NO)
    return _posts(connection, theme_id, _TABLE.ended.is_not(None) & left)


def taken_down(connection: Connection, post: ThemePost) -> None:
    """It has no message any more."""
    changes = {"message_id": None, "attempted": False}
    connection.execute(update(theme_posts).where(_of(post)).values(**changes))


def to_close(connection: Connection, *, theme_id: str) -> tuple[ThemePost, ...]:
    """Messages of entries that still have the buttons of the vote."""
    shown = _TABLE.message_id.is_not(None) & _TABLE.ended.is_(None)
    return _posts(connection, theme_id, (_TABLE.kind == "entry") & shown & (_TABLE.closed == _NO))


def close(connection: Connection, post: ThemePost) -> None:
    """Its buttons are gone, and its author is named."""
    connection.execute(update(theme_posts).where(_of(post)).values(closed=True))


def message_ids(connection: Connection, *, theme_id: str) -> dict[int, int]:
    """The messages of entries by their numbers."""
    rows = connection.execute(
        select(_TABLE.number, _TABLE.message_id).where(
            _TABLE.theme_id == theme_id,
            _TABLE.kind == "entry",
            _TABLE.message_id.is_not(None),
            _TABLE.ended.is_(None),
        )
    )
    return {row.number: row.message_id for row in rows}


def _of(post: ThemePost) -> ColumnElement[bool]:
    return (
        (_TABLE.theme_id == post.theme_id)
        & (_TABLE.kind == post.kind)
        & (_TABLE.number == post.number)
    )


def _posts(
    connection: Connection, theme_id: str, condition: ColumnElement[bool]
) -> tuple[ThemePost, ...]:
    order = case({kind: rank for rank, kind in enumerate(_ORDER)}, value=_TABLE.kind)
    query = (
        select(*(_TABLE[one.name] for one in fields(ThemePost)))
        .where(_TABLE.theme_id == theme_id, condition)
        .order_by(order, _TABLE.number)
    )
    return tuple(ThemePost(**row) for row in connection.execute(query).mappings())
