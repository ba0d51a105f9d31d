"""Options that moderators set for a channel or the whole server: they count where neither the
member nor their preferences say otherwise."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import moderation
from storage.moderation import Facts

WHOLE_GUILD = "guild"


@dataclass(frozen=True, kw_only=True)
class OptionDefaults:
    """Of one channel; `channel_id` is None for all channels."""

    channel_id: int | None
    options: str = ""
    """Flags in the language of docs/prompting.md."""
    private: bool | None = None
    """Whether clips are private; None: not said."""


def put(
    connection: Connection, wanted: OptionDefaults, *, guild_id: int, set_by: int, now: datetime
) -> bool:
    """In place of those that were set; empty ones clear them. False if nothing changed."""
    facts: Facts = {
        **({"options": wanted.options} if wanted.options else {}),
        **({} if wanted.private is None else {"private": wanted.private}),
    }
    return moderation.change(
        connection,
        guild_id=guild_id,
        act="defaults",
        subject=_subject(wanted.channel_id),
        after=facts or None,
        made_by=set_by,
        now=now,
    )


def in_force(connection: Connection, *, guild_id: int) -> tuple[OptionDefaults, ...]:
    """All that are set in a guild: those of the whole guild first, then by channel."""
    found: list[OptionDefaults] = []
    for act in moderation.in_force(connection, guild_id=guild_id, act="defaults"):
        facts = act.after or {}
        channel = act.subject.partition(":")[2]
        found.append(
            OptionDefaults(
                channel_id=int(channel) if channel else None,
                options=facts.get("options", ""),
                private=facts.get("private"),
            )
        )
    return tuple(sorted(found, key=lambda one: one.channel_id or 0))


def get(connection: Connection, channel_id: int | None, *, guild_id: int) -> OptionDefaults:
    """Those of a channel, or with None of the whole guild; empty where none are set."""
    for one in in_force(connection, guild_id=guild_id):
        if one.channel_id == channel_id:
            return one
    return OptionDefaults(channel_id=channel_id)


def _subject(channel_id: int | None) -> str:
    return WHOLE_GUILD if channel_id is None else f"channel:{channel_id}"
