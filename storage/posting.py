"""How the ledger writes: accounts, and transfers whose id is taken at most once.

Only `storage.ledger`, `storage.pots` and `storage.themes.pot` call this; what a transfer means is
said there.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, or_, select, update

from storage import pseudonyms
from storage.errors import (
    AlreadyResolved,
    InsufficientCredits,
    InvalidAmount,
    TransferConflict,
    UnknownReservation,
)
from storage.schema import accounts, insert_if_absent, transfers

# Far from what a 64-bit column holds, so that no sum of transfers ever overflows one.
MAX_CREDITS = 1_000_000_000

AVAILABLE = accounts.c.credits_posted - accounts.c.debits_posted - accounts.c.debits_pending


def issue(
    connection: Connection,
    *,
    transfer_id: str,
    guild_id: int,
    user_id: int,
    amount_credits: int,
    reason: str,
    made_by: int | None,
    now: datetime,
) -> bool:
    """Move credits from the guild's bank to the member, once per transfer id."""
    contents = {
        "kind": "grant",
        "debit_account_id": bank_id(guild_id),
        "credit_account_id": member_id(guild_id, user_id),
        "amount_credits": amount_credits,
    }
    return post(connection, transfer_id, contents, reason=reason, made_by=made_by, now=now)


def post(
    connection: Connection,
    transfer_id: str,
    contents: Mapping[str, Any],
    *,
    reason: str,
    made_by: int | None,
    now: datetime,
) -> bool:
    """Move credits between two accounts at once; False if the id was used for the same before.

    Raises InvalidAmount, TransferConflict, and InsufficientCredits where the account that pays is
    no bank and has too few.
    """
    payer, amount_credits = contents["debit_account_id"], contents["amount_credits"]
    require_valid_amount(amount_credits)
    lock_accounts(connection, payer, contents["credit_account_id"])
    if made_before(connection, transfer_id, contents):
        return False
    paid = connection.execute(
        update(accounts)
        .where(accounts.c.id == payer, or_(accounts.c.kind == "bank", amount_credits <= AVAILABLE))
        .values(debits_posted=accounts.c.debits_posted + amount_credits)
    )
    if paid.rowcount == 0:
        available = connection.execute(select(AVAILABLE).where(accounts.c.id == payer))
        raise InsufficientCredits(
            needed_credits=amount_credits, available_credits=available.scalar_one()
        )
    connection.execute(
        update(accounts)
        .where(accounts.c.id == contents["credit_account_id"])
        .values(credits_posted=accounts.c.credits_posted + amount_credits)
    )
    connection.execute(
        transfers.insert().values(
            id=transfer_id, reason=reason, made_by=made_by, made_at=now, **contents
        )
    )
    return True


def resolve(
    connection: Connection, job_id: str, kind: Literal["settle", "release"], now: datetime
) -> RowMapping | None:
    """Record how a reservation ended; returns the reservation, None if it had ended so before."""
    reservation_id = f"job:{job_id}:reserve"
    reservation = (
        connection.execute(select(transfers).where(transfers.c.id == reservation_id))
        .mappings()
        .one_or_none()
    )
    if reservation is None:
        raise UnknownReservation(job_id=job_id)
    lock_accounts(connection, reservation["debit_account_id"], reservation["credit_account_id"])
    # The unique index decides, not an earlier look: two resolutions cannot both be first.
    inserted = insert_if_absent(
        connection,
        transfers,
        id=f"job:{job_id}:{kind}",
        kind=kind,
        pending_id=reservation_id,
        debit_account_id=reservation["debit_account_id"],
        credit_account_id=reservation["credit_account_id"],
        amount_credits=reservation["amount_credits"],
        job_id=job_id,
        made_at=now,
    )
    if inserted:
        return reservation
    resolved_as = connection.execute(
        select(transfers.c.kind).where(transfers.c.pending_id == reservation_id)
    ).scalar_one()
    if resolved_as != kind:
        raise AlreadyResolved(job_id=job_id, resolved_as=resolved_as)
    return None


def made_before(connection: Connection, transfer_id: str, contents: Mapping[str, object]) -> bool:
    found = (
        connection.execute(select(transfers).where(transfers.c.id == transfer_id))
        .mappings()
        .one_or_none()
    )
    if found is None:
        return False
    if any(found[name] != value for name, value in contents.items()):
        raise TransferConflict(transfer_id=transfer_id)
    return True


def is_taken(connection: Connection, transfer_id: str) -> bool:
    """Whether there is a transfer of this id, whatever it is."""
    found = select(transfers.c.sequence).where(transfers.c.id == transfer_id)
    return connection.execute(found).first() is not None


def lock_accounts(connection: Connection, *account_ids: str) -> None:
    """Keep others from these accounts until the unit ends; always in the order of their ids, so
    that no two units wait for each other. SQLite, which has one writer, only reads them.

    The lock lets others refer to the accounts meanwhile, as a new transfer of theirs does.
    """
    connection.execute(
        select(accounts.c.id)
        .where(accounts.c.id.in_(account_ids))
        .order_by(accounts.c.id)
        .with_for_update(key_share=True)
    ).all()


def open_accounts(connection: Connection, guild_id: int, user_id: int) -> str:
    """Make the guild's bank and the member's account if they are new; returns the latter's id."""
    account_id = member_id(guild_id, user_id)
    empty = {"guild_id": guild_id, "debits_posted": 0, "credits_posted": 0, "debits_pending": 0}
    insert_if_absent(connection, accounts, id=bank_id(guild_id), kind="bank", **empty)
    if insert_if_absent(connection, accounts, id=account_id, kind="user", user_id=user_id, **empty):
        _go_on_from_before(connection, guild_id, user_id)
    return account_id


def _go_on_from_before(connection: Connection, guild_id: int, user_id: int) -> None:
    """Who had their data erased and comes back has had the refill of the day: what was left of it
    was given up with the account."""
    pseudonym = pseudonyms.former(connection, user_id)
    if pseudonym is None:
        return
    columns = (accounts.c.refilled_day, accounts.c.refilled_to)
    before = select(*columns).where(accounts.c.id == member_id(guild_id, pseudonym))
    found = connection.execute(before).mappings().one_or_none()
    if found is not None:
        anew = accounts.c.id == member_id(guild_id, user_id)
        connection.execute(update(accounts).where(anew).values(**found))


def open_pot(connection: Connection, guild_id: int, theme_id: str | None = None) -> str:
    """Make the guild's bank, and its pot or a theme's, if they are new; returns the pot's id."""
    empty = {"guild_id": guild_id, "debits_posted": 0, "credits_posted": 0, "debits_pending": 0}
    insert_if_absent(connection, accounts, id=bank_id(guild_id), kind="bank", **empty)
    account_id = pot_id(guild_id, theme_id)
    insert_if_absent(connection, accounts, id=account_id, kind="pot", **empty)
    return account_id


def bank_id(guild_id: int) -> str:
    return f"bank:{guild_id}"


def member_id(guild_id: int, user_id: int) -> str:
    return f"member:{guild_id}:{user_id}"


def pot_id(guild_id: int, theme_id: str | None = None) -> str:
    return f"pot:{guild_id}" if theme_id is None else f"pot:{guild_id}:{theme_id}"


def require_valid_amount(amount_credits: int) -> None:
    if not 0 < amount_credits <= MAX_CREDITS:
        raise InvalidAmount(amount_credits=amount_credits)
