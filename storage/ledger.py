"""Credits: double entry, immutable transfers, two-phase charges.

Every guild has a bank account, which issues credits, an account for each member, a pot that pays
for members who lack credits (`storage/pots.py`), and one for each theme that was given one.

    grant    bank -> member    also the daily refill, which tops up to the allowance
    move     between any two   at once: into the pot, or what a reset takes away
    reserve  member -> bank    pending: held, still the payer's, not to be spent again
    settle   posts a reservation: the credits are spent
    release  voids a reservation: the credits are available again

The id of a transfer derives from what caused it (`job:<id>:reserve`), so that doing something
twice is noticed; the unique index on `pending_id` makes a reservation resolve once. A balance is
changed by a conditional UPDATE, never by reading and then writing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from sqlalchemy import Connection, func, or_, select, update

from storage import posting
from storage.errors import InsufficientCredits, InvalidAllowance, TransferConflict
from storage.schema import accounts, jobs, transfers

Payer = Literal["member", "pot", "theme"]
"""Who pays for a job: its author, the guild's pot, or the pot of the theme it was ordered in."""
TransferKind = Literal["grant", "move", "reserve", "settle", "release"]


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What a member has in a guild."""

    available_credits: int
    held_credits: int
    """Reserved for jobs that have not ended."""
    allowance_credits: int
    """What the daily refill tops the available credits up to."""
    refills_at: datetime
    """From when the next refill can happen."""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One line of a member's history."""

    id: str
    kind: TransferKind
    amount_credits: int
    job_id: str | None
    """None for a grant or a move."""
    reason: str | None
    made_by: int | None
    """The moderator who granted; None for the refill and for jobs."""
    at: datetime


def refill(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    allowance_credits: int,
    now: datetime,
) -> int:
    """Top the available credits up to the allowance, once a UTC day; returns the credits granted.

    The day counts as used even if there was nothing to add: else spending a full allowance would
    bring a second one on the same day. A larger allowance on the same day brings the difference to
    what the day has filled the account up to, in whatever order allowances come. A clock that is
    set back brings no second refill either; but a day further ahead than tomorrow was a wrong
    clock's, and counts no more, so that nobody waits for years. Raises InvalidAllowance.
    """
    if not 0 <= allowance_credits <= posting.MAX_CREDITS:
        raise InvalidAllowance(daily_allowance_credits=allowance_credits)
    account_id = posting.open_accounts(connection, guild_id, user_id)
    if _missing(connection, account_id, allowance_credits, now) is None:
        return 0
    posting.lock_accounts(connection, posting.bank_id(guild_id), account_id)
    missing = _missing(connection, account_id, allowance_credits, now)
    if missing is None:
        return 0
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(refilled_day=missing.day, refilled_to=missing.filled_to + max(0, missing.credits))
    )
    if missing.credits <= 0:
        return 0
    again = f":{allowance_credits}" if missing.again else ""
    try:
        issued = posting.issue(
            connection,
            transfer_id=f"refill:{guild_id}:{user_id}:{_day(now)}{again}",
            guild_id=guild_id,
            user_id=user_id,
            amount_credits=missing.credits,
            reason="daily refill",
            made_by=None,
            now=now,
        )
    except TransferConflict:
        return 0  # Of this day, before the clock ran ahead.
    return missing.credits if issued else 0


@dataclass(frozen=True, kw_only=True)
class _Missing:
    """What a day's refill has to add: nothing, if `credits` is not positive."""

    credits: int
    day: str
    """The day that is used then."""
    filled_to: int
    """Up to what the day's refills have filled the account so far."""
    again: bool
    """Whether the day brought a refill before."""


def _missing(
    connection: Connection, account_id: str, allowance_credits: int, now: datetime
) -> _Missing | None:
    """None where the day brings no more."""
    row = connection.execute(
        select(
            accounts.c.refilled_day, accounts.c.refilled_to, posting.AVAILABLE.label("available")
        ).where(accounts.c.id == account_id)
    ).one()
    again = _day(now) <= (row.refilled_day or "") <= _day(now + timedelta(days=1))
    if again and (row.refilled_to is None or allowance_credits <= row.refilled_to):
        return None
    filled_to = row.refilled_to if again else row.available
    return _Missing(
        credits=allowance_credits - filled_to,
        day=row.refilled_day if again else _day(now),
        filled_to=filled_to,
        again=again,
    )


def grant(
    connection: Connection,
    *,
    grant_id: str,
    guild_id: int,
    user_id: int,
    amount_credits: int,
    reason: str,
    granted_by: int,
    now: datetime,
) -> bool:
    """Give a member credits; False if the grant of this id was made before.

    Raises InvalidAmount, and TransferConflict if the id was used for another grant.
    """
    posting.open_accounts(connection, guild_id, user_id)
    return posting.issue(
        connection,
        transfer_id=f"grant:{grant_id}",
        guild_id=guild_id,
        user_id=user_id,
        amount_credits=amount_credits,
        reason=reason,
        made_by=granted_by,
        now=now,
    )


def reserve(
    connection: Connection,
    *,
    job_id: str,
    guild_id: int,
    user_id: int,
    amount_credits: int,
    now: datetime,
    payer: Payer = "member",
    theme_id: str | None = None,
) -> bool:
    """Hold credits for a job, its author's or those of a pot: the guild's, or that of `theme_id`;
    False if they are held (or were resolved) already.

    Raises InvalidAmount, InsufficientCredits (of the account that was to pay), and
    TransferConflict if the job has a reservation of another amount or payer.
    """
    posting.require_valid_amount(amount_credits)
    account_id = posting.open_accounts(connection, guild_id, user_id)
    if payer != "member":
        account_id = posting.open_pot(connection, guild_id, theme_id)
    contents = {
        "kind": "reserve",
        "debit_account_id": account_id,
        "credit_account_id": posting.bank_id(guild_id),
        "amount_credits": amount_credits,
        "job_id": job_id,
    }
    transfer_id = f"job:{job_id}:reserve"
    posting.lock_accounts(connection, account_id)
    if posting.made_before(connection, transfer_id, contents):
        return False
    held = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, amount_credits <= posting.AVAILABLE)
        .values(debits_pending=accounts.c.debits_pending + amount_credits)
    )
    if held.rowcount == 0:
        available = _available(connection, account_id)
        raise InsufficientCredits(needed_credits=amount_credits, available_credits=available)
    connection.execute(transfers.insert().values(id=transfer_id, made_at=now, **contents))
    return True


def settle(connection: Connection, *, job_id: str, now: datetime) -> bool:
    """Spend what was held for a job; False if that was done before.

    Raises UnknownReservation, and AlreadyResolved if it was released.
    """
    reservation = posting.resolve(connection, job_id, "settle", now)
    if reservation is None:
        return False
    amount_credits = reservation["amount_credits"]
    connection.execute(
        update(accounts)
        .where(accounts.c.id == reservation["debit_account_id"])
        .values(
            debits_pending=accounts.c.debits_pending - amount_credits,
            debits_posted=accounts.c.debits_posted + amount_credits,
        )
    )
    connection.execute(
        update(accounts)
        .where(accounts.c.id == reservation["credit_account_id"])
        .values(credits_posted=accounts.c.credits_posted + amount_credits)
    )
    return True


def release(connection: Connection, *, job_id: str, now: datetime) -> bool:
    """Give back what was held for a job; False if that was done before.

    Raises UnknownReservation, and AlreadyResolved if it was settled.
    """
    reservation = posting.resolve(connection, job_id, "release", now)
    if reservation is None:
        return False
    connection.execute(
        update(accounts)
        .where(accounts.c.id == reservation["debit_account_id"])
        .values(debits_pending=accounts.c.debits_pending - reservation["amount_credits"])
    )
    return True


def balance(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    allowance_credits: int,
    now: datetime,
) -> Balance:
    """What the member has. It only reads: call `refill` first, or today's may be missing."""
    account_id = posting.member_id(guild_id, user_id)
    row = connection.execute(
        select(
            posting.AVAILABLE.label("available"), accounts.c.debits_pending, accounts.c.refilled_day
        ).where(accounts.c.id == account_id)
    ).one_or_none()
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    refilled_day = "" if row is None else row.refilled_day or ""
    refilled_today = _day(now) <= refilled_day <= tomorrow.isoformat()
    return Balance(
        available_credits=0 if row is None else row.available,
        held_credits=0 if row is None else row.debits_pending,
        allowance_credits=allowance_credits,
        refills_at=datetime.combine(tomorrow, time(), UTC) if refilled_today else now,
    )


def available_credits(connection: Connection, *, guild_id: int, user_id: int) -> int:
    """What the member can spend now; 0 for one the ledger has not met."""
    return _available(connection, posting.member_id(guild_id, user_id))


def pot_credits(connection: Connection, *, guild_id: int) -> int:
    """What the guild's pot can pay now."""
    return _available(connection, posting.pot_id(guild_id))


def require_credits(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    needed_credits: int,
    payer: Payer = "member",
    theme_id: str | None = None,
) -> None:
    """Make sure of what one will pay, for several jobs at once; it stays so until the unit ends.

    Raises InsufficientCredits.
    """
    account_id = posting.open_accounts(connection, guild_id, user_id)
    if payer != "member":
        account_id = posting.open_pot(connection, guild_id, theme_id if payer == "theme" else None)
    posting.lock_accounts(connection, account_id)
    available = _available(connection, account_id)
    if available < needed_credits:
        raise InsufficientCredits(needed_credits=needed_credits, available_credits=available)


def payer_of(connection: Connection, *, job_id: str) -> Payer | None:
    """Whose credits are held, or were, for the job; None if none are."""
    found = connection.execute(
        select(accounts.c.id, accounts.c.kind, accounts.c.guild_id)
        .join(transfers, transfers.c.debit_account_id == accounts.c.id)
        .where(transfers.c.id == f"job:{job_id}:reserve")
    ).one_or_none()
    if found is None:
        return None
    if found.kind == "user":
        return "member"
    return "pot" if found.id == posting.pot_id(found.guild_id) else "theme"


def taken_from_pot(connection: Connection, *, guild_id: int, user_id: int, since: datetime) -> int:
    """What the pot has paid or holds for the member's jobs since then, but for what came back."""
    back = transfers.alias("back")
    returned = select(back.c.id).where(
        back.c.pending_id == transfers.c.id, back.c.kind == "release"
    )
    paid = select(func.sum(transfers.c.amount_credits)).where(
        transfers.c.debit_account_id == posting.pot_id(guild_id),
        transfers.c.kind == "reserve",
        transfers.c.made_at >= since,
        transfers.c.job_id.in_(
            select(jobs.c.id).where(jobs.c.guild_id == guild_id, jobs.c.user_id == user_id)
        ),
        ~returned.exists(),
    )
    return int(connection.execute(paid).scalar_one() or 0)


def _available(connection: Connection, account_id: str) -> int:
    found = connection.execute(select(posting.AVAILABLE).where(accounts.c.id == account_id))
    return found.scalar_one_or_none() or 0


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def history(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    limit: int,
    before: str | None = None,
) -> tuple[Transfer, ...]:
    """The member's transfers, newest first; `before` is the id of the last one already seen."""
    account_id = posting.member_id(guild_id, user_id)
    query = (
        select(transfers)
        .where(
            or_(
                transfers.c.debit_account_id == account_id,
                transfers.c.credit_account_id == account_id,
            )
        )
        .order_by(transfers.c.sequence.desc())
        .limit(limit)
    )
    if before is not None:
        seen = select(transfers.c.sequence).where(transfers.c.id == before).scalar_subquery()
        query = query.where(transfers.c.sequence < seen)
    return tuple(
        Transfer(
            id=row["id"],
            kind=row["kind"],
            amount_credits=row["amount_credits"],
            job_id=row["job_id"],
            reason=row["reason"],
            made_by=row["made_by"],
            at=row["made_at"],
        )
        for row in connection.execute(query).mappings()
    )
