"""Erasures that members asked for, from the wish to the last message that Discord deleted.

    asked -> erased -> finished

A wish is stored first, so that a restart goes on with it; from then on the member orders nothing.
`erased` is the one transaction of `storage/erasing.py`. What is left then is listed by it: files,
messages, and messages that have to be looked for. They are deleted one by one, and only at the end
it is forgotten whose it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from storage.errors import ErasureUnderWay
from storage.pseudonyms import make_pseudonym
from storage.schema import (
    erasure_files,
    erasure_messages,
    erasure_searches,
    erasures,
    insert_if_absent,
)

_TABLE = erasures.c


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """A wish that is not fulfilled yet."""

    id: str
    user_id: int
    pseudonym: int
    asked_at: datetime
    erased_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ShownMessage:
    """A message of the bot that shows something of the member; `channel_id` is None in their
    direct messages."""

    message_id: int
    channel_id: int | None


@dataclass(frozen=True, kw_only=True)
class UnseenMessage:
    """A message that may be out without anybody's having remembered it."""

    shows: str
    """`job <id>` or `comparison <id>`, as its footer says."""
    channel_id: int
    interaction_id: int
    """What asked for it: the message is a later one."""
    direct: bool
    """It may be in the direct messages of the member as well."""


def begin(connection: Connection, *, erasure_id: str, user_id: int, now: datetime) -> Erasure:
    """Store the wish. One that only waits for messages begins anew, for what came since."""
    is_new = insert_if_absent(
        connection,
        erasures,
        id=erasure_id,
        user_id=user_id,
        pseudonym=make_pseudonym(connection, user_id),
        asked_at=now,
    )
    if not is_new:
        connection.execute(update(erasures).where(_TABLE.user_id == user_id).values(erased_at=None))
    return _select(connection, user_id)[0]


def under_way(connection: Connection) -> tuple[Erasure, ...]:
    """All that are not finished, oldest first."""
    return _select(connection, None)


def forbid_while_under_way(connection: Connection, *, user_id: int) -> None:
    """Raises ErasureUnderWay for who is being erased: what they began now would be lost, or
    stay."""
    if any(erasure.erased_at is None for erasure in _select(connection, user_id)):
        raise ErasureUnderWay


def remember_messages(
    connection: Connection, *, erasure_id: str, messages: Iterable[ShownMessage]
) -> None:
    """That they are to be deleted."""
    for message in messages:
        insert_if_absent(
            connection,
            erasure_messages,
            erasure_id=erasure_id,
            message_id=message.message_id,
            channel_id=message.channel_id,
        )


def messages_left(connection: Connection, *, erasure_id: str) -> tuple[ShownMessage, ...]:
    """What Discord is still to delete."""
    columns = erasure_messages.c
    query = (
        select(columns.message_id, columns.channel_id)
        .where(columns.erasure_id == erasure_id)
        .order_by(columns.message_id)
    )
    return tuple(
        ShownMessage(message_id=message_id, channel_id=channel_id)
        for message_id, channel_id in connection.execute(query)
    )


def message_gone(connection: Connection, *, message_id: int) -> None:
    """It is deleted, or out of the bot's reach for good."""
    connection.execute(erasure_messages.delete().where(erasure_messages.c.message_id == message_id))


def remember_searches(
    connection: Connection, *, erasure_id: str, unseen: Iterable[UnseenMessage]
) -> None:
    """That they are to be looked for, and deleted where they are."""
    for message in unseen:
        values = {one.name: getattr(message, one.name) for one in fields(UnseenMessage)}
        insert_if_absent(connection, erasure_searches, erasure_id=erasure_id, **values)


def searches_left(connection: Connection, *, erasure_id: str) -> tuple[UnseenMessage, ...]:
    """What is still to be looked for."""
    columns = erasure_searches.c
    query = (
        select(*(columns[one.name] for one in fields(UnseenMessage)))
        .where(columns.erasure_id == erasure_id)
        .order_by(columns.interaction_id, columns.shows)
    )
    return tuple(UnseenMessage(**row) for row in connection.execute(query).mappings())


def search_ended(connection: Connection, *, erasure_id: str, shows: str) -> None:
    """There is no such message any more, or it is out of the bot's reach for good."""
    columns = erasure_searches.c
    mine = (columns.erasure_id == erasure_id) & (columns.shows == shows)
    connection.execute(erasure_searches.delete().where(mine))


def remember_files(connection: Connection, *, erasure_id: str, files: Iterable[str]) -> None:
    """That the files of these hashes are to be deleted."""
    for sha256 in files:
        insert_if_absent(connection, erasure_files, erasure_id=erasure_id, sha256=sha256)


def files_left(connection: Connection, *, erasure_id: str) -> tuple[str, ...]:
    """The hashes of files that are still to be deleted."""
    columns = erasure_files.c
    query = select(columns.sha256).where(columns.erasure_id == erasure_id)
    return tuple(connection.execute(query.order_by(columns.sha256)).scalars())


def file_gone(connection: Connection, *, erasure_id: str, sha256: str) -> None:
    """It is deleted."""
    columns = erasure_files.c
    mine = (columns.erasure_id == erasure_id) & (columns.sha256 == sha256)
    connection.execute(erasure_files.delete().where(mine))


def finish(connection: Connection, *, erasure_id: str, now: datetime) -> bool:
    """Forget whose it was; False while there are files or messages left."""
    nothing_left = (
        ~exists().where(table.c.erasure_id == erasure_id)
        for table in (erasure_messages, erasure_searches, erasure_files)
    )
    ended = connection.execute(
        update(erasures)
        .where(_TABLE.id == erasure_id, _TABLE.erased_at.is_not(None), *nothing_left)
        .values(user_id=None, finished_at=now)
    )
    return ended.rowcount == 1


def _select(connection: Connection, user_id: int | None) -> tuple[Erasure, ...]:
    query = (
        select(*(_TABLE[one.name] for one in fields(Erasure)))
        .where(_TABLE.finished_at.is_(None))
        .order_by(_TABLE.asked_at, _TABLE.id)
    )
    if user_id is not None:
        query = query.where(_TABLE.user_id == user_id)
    return tuple(Erasure(**row) for row in connection.execute(query).mappings())
