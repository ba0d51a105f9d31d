"""Credits that are moved by a moderator's hand: given, put into the guild's pot, or reset.

A guild's pot pays for members who lack the credits themselves, as far as its limit for a member and
day (UTC) goes. Each deed is recorded with what could be spent before and after it, in the same unit
as its transfer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import Connection

from storage import ledger, moderation, posting
from storage.errors import InvalidAllowance, PotLimitReached
from storage.moderation import Act, ActKind


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Who does what to whose credits, when and why. `id` is the interaction's: a deed that comes
    twice counts once."""

    id: str
    guild_id: int
    made_by: int
    reason: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class PotShare:
    """What a guild's pot has, and what it may still pay for one member today."""

    pot_credits: int
    limit_credits: int | None
    """The most that it pays a member on a day (UTC); None: whatever is in it."""
    used_credits: int
    """What it has paid or holds for the member today."""


def share_of(connection: Connection, *, guild_id: int, user_id: int, now: datetime) -> PotShare:
    """What the pot has for this member."""
    limit = None
    for act in moderation.in_force(connection, guild_id=guild_id, act="pot_limit"):
        limit = (act.after or {})["credits"]
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return PotShare(
        pot_credits=ledger.pot_credits(connection, guild_id=guild_id),
        limit_credits=limit,
        used_credits=ledger.taken_from_pot(
            connection, guild_id=guild_id, user_id=user_id, since=today
        ),
    )


def set_limit(
    connection: Connection, *, guild_id: int, limit_credits: int | None, set_by: int, now: datetime
) -> bool:
    """The most that the pot pays a member on a day; None: no limit. False if it was so already.

    Raises InvalidAllowance.
    """
    if limit_credits is not None and not 0 < limit_credits <= posting.MAX_CREDITS:
        raise InvalidAllowance(daily_allowance_credits=limit_credits)
    return moderation.change(
        connection,
        guild_id=guild_id,
        act="pot_limit",
        subject="",
        after=None if limit_credits is None else {"credits": limit_credits},
        made_by=set_by,
        now=now,
    )


def require_share(
    connection: Connection, *, guild_id: int, user_id: int, needed_credits: int, now: datetime
) -> None:
    """Raises PotLimitReached where the pot could pay, but has paid the member enough today."""
    # Kept from others, so that two orders at once do not both find room below the limit.
    posting.lock_accounts(connection, posting.open_pot(connection, guild_id))
    share = share_of(connection, guild_id=guild_id, user_id=user_id, now=now)
    if share.limit_credits is not None and (
        needed_credits <= share.pot_credits
        and share.used_credits + needed_credits > share.limit_credits
    ):
        raise PotLimitReached(
            needed_credits=needed_credits,
            available_credits=ledger.available_credits(
                connection, guild_id=guild_id, user_id=user_id
            ),
            limit_credits=share.limit_credits,
            used_credits=share.used_credits,
        )


def grant(connection: Connection, deed: Deed, *, user_id: int, amount_credits: int) -> bool:
    """Give a member credits; False if this was done before. Raises InvalidAmount."""
    before = ledger.available_credits(connection, guild_id=deed.guild_id, user_id=user_id)
    granted = ledger.grant(
        connection,
        grant_id=deed.id,
        guild_id=deed.guild_id,
        user_id=user_id,
        amount_credits=amount_credits,
        reason=deed.reason,
        granted_by=deed.made_by,
        now=deed.now,
    )
    if granted:
        _record(connection, deed, "grant", f"member:{user_id}", before, before + amount_credits)
    return granted


def reset(connection: Connection, deed: Deed, *, user_id: int, to_credits: int) -> int:
    """Make what the member can spend exactly this, by a grant or by taking away; returns what it
    was. What is held for jobs stays held. Raises InvalidAmount."""
    account_id = posting.open_accounts(connection, deed.guild_id, user_id)
    bank_id = posting.bank_id(deed.guild_id)
    posting.lock_accounts(connection, account_id, bank_id)
    before = ledger.available_credits(connection, guild_id=deed.guild_id, user_id=user_id)
    if before == to_credits:
        return before
    taken = before > to_credits
    contents = {
        "kind": "move",
        "debit_account_id": account_id if taken else bank_id,
        "credit_account_id": bank_id if taken else account_id,
        "amount_credits": abs(before - to_credits),
    }
    if _move(connection, deed, "reset", contents):
        _record(connection, deed, "reset", f"member:{user_id}", before, to_credits)
    return before


def fill_pot(
    connection: Connection, deed: Deed, *, amount_credits: int, from_user_id: int | None
) -> int:
    """Put credits into the guild's pot, anew or from a member; returns what is in it afterwards.

    Raises InvalidAmount, and InsufficientCredits where the member has too few.
    """
    pot_id = posting.open_pot(connection, deed.guild_id)
    payer = posting.bank_id(deed.guild_id)
    if from_user_id is not None:
        payer = posting.open_accounts(connection, deed.guild_id, from_user_id)
    before = ledger.pot_credits(connection, guild_id=deed.guild_id)
    contents = {
        "kind": "move",
        "debit_account_id": payer,
        "credit_account_id": pot_id,
        "amount_credits": amount_credits,
    }
    if _move(connection, deed, "pot", contents):
        subject = "" if from_user_id is None else f"member:{from_user_id}"
        _record(connection, deed, "pot", subject, before, before + amount_credits)
    return ledger.pot_credits(connection, guild_id=deed.guild_id)


def _move(connection: Connection, deed: Deed, word: str, contents: Mapping[str, object]) -> bool:
    return posting.post(
        connection,
        f"{word}:{deed.id}",
        contents,
        reason=deed.reason,
        made_by=deed.made_by,
        now=deed.now,
    )


def _record(
    connection: Connection, deed: Deed, act: ActKind, subject: str, before: int, after: int
) -> None:
    moderation.record(
        connection,
        Act(
            guild_id=deed.guild_id,
            act=act,
            subject=subject,
            before={"credits": before},
            after={"credits": after},
            detail=deed.reason,
            made_by=deed.made_by,
            made_at=deed.now,
        ),
    )
