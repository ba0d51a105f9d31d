"""What members may order: nobody who is blocked, and only in channels, by models, of lengths and at
prices that moderators allow. Where they said nothing, everything is allowed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import guild_settings, moderation, pseudonyms
from storage.guild_settings import QueueState
from storage.moderation import ActKind, Facts
from storage.moderation_errors import (
    ChannelNotAllowed,
    ClipTooDear,
    ClipTooLong,
    MemberBlocked,
    ModelNotAllowed,
    QueueDraining,
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A member who may order nothing."""

    user_id: int
    until: datetime | None
    """None: until somebody lifts it."""
    reason: str
    set_by: int


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What may be ordered; None: whatever there is."""

    channel_ids: tuple[int, ...] | None
    models: tuple[str, ...] | None
    most_seconds: float | None
    most_credits: int | None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be ordered. `channel_id` is that of the channel, for a thread in it too;
    `model` is None where none is needed."""

    guild_id: int
    user_id: int
    channel_id: int
    model: str | None
    seconds: float
    price_credits: int


def check(connection: Connection, wish: Wish, *, now: datetime) -> None:
    """Raises QueueDraining, MemberBlocked, ChannelNotAllowed, ModelNotAllowed, ClipTooLong,
    ClipTooDear."""
    guild_id = wish.guild_id
    if guild_settings.queue_state(connection, guild_id=guild_id) is QueueState.DRAINING:
        raise QueueDraining
    # A block outlives the erasure of what it was for.
    known_as = {wish.user_id, pseudonyms.former(connection, wish.user_id)}
    for block in blocks(connection, guild_id=guild_id, now=now):
        if block.user_id in known_as:
            raise MemberBlocked(until=block.until, reason=block.reason)
    what = allowed(connection, guild_id=guild_id)
    if what.channel_ids is not None and wish.channel_id not in what.channel_ids:
        raise ChannelNotAllowed(channel_ids=what.channel_ids)
    if wish.model is not None:
        check_model(connection, wish.model, guild_id=guild_id)
    if what.most_seconds is not None and wish.seconds > what.most_seconds:
        raise ClipTooLong(seconds=wish.seconds, most_seconds=what.most_seconds)
    if what.most_credits is not None and wish.price_credits > what.most_credits:
        raise ClipTooDear(price_credits=wish.price_credits, most_credits=what.most_credits)


def check_model(connection: Connection, model: str, *, guild_id: int) -> None:
    """Raises ModelNotAllowed."""
    models = allowed(connection, guild_id=guild_id).models
    if models is not None and model not in models:
        raise ModelNotAllowed(model=model, models=models)


def block(connection: Connection, wanted: Block, *, guild_id: int, now: datetime) -> None:
    """A new block of the same member replaces the one before."""
    moderation.change(
        connection,
        guild_id=guild_id,
        act="block",
        subject=f"member:{wanted.user_id}",
        after={"until": wanted.until.isoformat() if wanted.until else None},
        detail=wanted.reason,
        made_by=wanted.set_by,
        now=now,
    )


def unblock(
    connection: Connection, *, guild_id: int, user_id: int, lifted_by: int, now: datetime
) -> bool:
    """False if nobody blocked them, or it is over."""
    known_as = {user_id, pseudonyms.former(connection, user_id)}
    held = [
        each.user_id
        for each in blocks(connection, guild_id=guild_id, now=now)
        if each.user_id in known_as
    ]
    for each in held:
        moderation.change(
            connection,
            guild_id=guild_id,
            act="block",
            subject=f"member:{each}",
            after=None,
            made_by=lifted_by,
            now=now,
        )
    return bool(held)


def blocks(connection: Connection, *, guild_id: int, now: datetime) -> tuple[Block, ...]:
    """Those that hold now."""
    found: list[Block] = []
    for act in moderation.in_force(connection, guild_id=guild_id, act="block"):
        until = (act.after or {})["until"]
        ends = datetime.fromisoformat(until) if until else None
        if ends is None or now < ends:
            user_id = int(act.subject.partition(":")[2])
            found.append(Block(user_id=user_id, until=ends, reason=act.detail, set_by=act.made_by))
    return tuple(found)


def allowed(connection: Connection, *, guild_id: int) -> Allowed:
    """What moderators allow in this guild."""
    channels = _setting(connection, guild_id, "channels")
    models = _setting(connection, guild_id, "models")
    limits = _setting(connection, guild_id, "limits")
    return Allowed(
        channel_ids=tuple(channels["ids"]) if channels else None,
        models=tuple(models["names"]) if models else None,
        most_seconds=limits.get("seconds"),
        most_credits=limits.get("credits"),
    )


def allow_channels(
    connection: Connection,
    channel_ids: tuple[int, ...],
    *,
    guild_id: int,
    set_by: int,
    now: datetime,
) -> None:
    """Only these; with none of them, all."""
    after = {"ids": sorted(channel_ids)} if channel_ids else None
    _set(connection, guild_id, "channels", after, set_by, now)


def allow_models(
    connection: Connection, models: tuple[str, ...], *, guild_id: int, set_by: int, now: datetime
) -> None:
    """Only these; with none of them, all that are enabled."""
    after = {"names": sorted(models)} if models else None
    _set(connection, guild_id, "models", after, set_by, now)


def limit_clips(
    connection: Connection,
    *,
    guild_id: int,
    most_seconds: float | None,
    most_credits: int | None,
    set_by: int,
    now: datetime,
) -> None:
    """The longest and the dearest clip that may be ordered."""
    limits = {"seconds": most_seconds, "credits": most_credits}
    after = {name: value for name, value in limits.items() if value is not None} or None
    _set(connection, guild_id, "limits", after, set_by, now)


def _setting(connection: Connection, guild_id: int, act: ActKind) -> Facts:
    for found in moderation.in_force(connection, guild_id=guild_id, act=act):
        return found.after or {}
    return {}


def _set(
    connection: Connection,
    guild_id: int,
    act: ActKind,
    after: Facts | None,
    set_by: int,
    now: datetime,
) -> None:
    moderation.change(
        connection, guild_id=guild_id, act=act, subject="", after=after, made_by=set_by, now=now
    )
