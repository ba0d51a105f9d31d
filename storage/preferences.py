"""What members set for themselves: options that count wherever they type nothing else, and whether
they are told of finished clips by direct message."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select, update

from storage.schema import insert_if_absent
from storage.schema import preferences as _preferences

DirectMessages = Literal["off", "on", "refused"]

_TABLE = _preferences.c


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """Of one member, on every server."""

    options: str = ""
    """Words and flags in the language of docs/prompting.md; its words are added to prompts."""
    private: bool | None = None
    """Whether clips are private where nothing else was typed; None: not said."""
    direct_messages: DirectMessages = "off"
    """`refused`: Discord took none, so none is sent any more, and the member is to be told."""


def get(connection: Connection, *, user_id: int) -> Preferences:
    """Those of a member who never set any are empty."""
    query = select(_TABLE.options, _TABLE.private, _TABLE.direct_messages).where(
        _TABLE.user_id == user_id
    )
    found = connection.execute(query).mappings().one_or_none()
    return Preferences() if found is None else Preferences(**found)


def put(connection: Connection, chosen: Preferences, *, user_id: int) -> None:
    """In place of those that the member had."""
    values = {
        "options": chosen.options,
        "private": chosen.private,
        "direct_messages": chosen.direct_messages,
    }
    if not insert_if_absent(connection, _preferences, user_id=user_id, **values):
        connection.execute(update(_preferences).where(_TABLE.user_id == user_id).values(**values))


def stop_messages(connection: Connection, *, user_id: int) -> None:
    """Discord takes no direct messages for this member: none is sent until they ask anew."""
    _switch(connection, user_id, "on", "refused")


def learn_of_refusal(connection: Connection, *, user_id: int) -> bool:
    """Whether the member is to be told that their direct messages were stopped: True only once."""
    return _switch(connection, user_id, "refused", "off")


def forget(connection: Connection, *, user_id: int) -> None:
    """As if the member had never set any."""
    connection.execute(_preferences.delete().where(_TABLE.user_id == user_id))


def _switch(
    connection: Connection, user_id: int, before: DirectMessages, after: DirectMessages
) -> bool:
    changed = connection.execute(
        update(_preferences)
        .where(_TABLE.user_id == user_id, _TABLE.direct_messages == before)
        .values(direct_messages=after)
    )
    return changed.rowcount == 1
