"""A member's accounts under a pseudonym: the books stay as they are, but for whose they were."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update

from storage import posting
from storage.personal_data import ERASED
from storage.schema import accounts, transfers

_SUMS = ("debits_posted", "credits_posted", "debits_pending")


def rename_accounts(connection: Connection, *, user_id: int, pseudonym: int) -> None:
    """Of all guilds, and the transfers with them; what moderators wrote beside one is emptied.

    Where the member left once before, the two accounts under the pseudonym become one.
    """
    mine = select(accounts).where(accounts.c.user_id == user_id).order_by(accounts.c.id)
    for old in connection.execute(mine).mappings().all():
        new_id = posting.member_id(old["guild_id"], pseudonym)
        posting.lock_accounts(connection, old["id"], new_id)
        _add(connection, old, new_id, pseudonym)
        _rename_transfers(connection, old, new_id, pseudonym)
        connection.execute(accounts.delete().where(accounts.c.id == old["id"]))


def _add(connection: Connection, old: RowMapping, new_id: str, pseudonym: int) -> None:
    """What the old account holds, in the new one."""
    found = (
        connection.execute(select(accounts).where(accounts.c.id == new_id)).mappings().one_or_none()
    )
    if found is None:
        renamed = {**old, "id": new_id, "user_id": pseudonym}
        connection.execute(accounts.insert().values(**renamed))
        return
    sums = {name: found[name] + old[name] for name in _SUMS}
    connection.execute(
        update(accounts).where(accounts.c.id == new_id).values(**sums, **_later(found, old))
    )


def _later(one: RowMapping, other: RowMapping) -> Mapping[str, Any]:
    """Of two accounts, how far the last day of both has refilled."""
    later = max(one, other, key=lambda row: (row["refilled_day"] or "", row["refilled_to"] or 0))
    return {name: later[name] for name in ("refilled_day", "refilled_to")}


def _rename_transfers(connection: Connection, old: RowMapping, new_id: str, pseudonym: int) -> None:
    columns = transfers.c
    whose = or_(columns.debit_account_id == old["id"], columns.credit_account_id == old["id"])
    connection.execute(
        update(transfers)
        .where(whose, columns.made_by.is_not(None), columns.reason.is_not(None))
        .values(reason=ERASED)
    )
    said = f":{old['user_id']}:"
    for sequence, transfer_id in connection.execute(
        select(columns.sequence, columns.id).where(whose, columns.id.contains(said))
    ).all():
        anew = transfer_id.replace(said, f":{pseudonym}:", 1)
        taken = connection.execute(select(columns.sequence).where(columns.id == anew)).first()
        connection.execute(
            update(transfers)
            .where(columns.sequence == sequence)
            .values(id=anew if taken is None else f"{anew}:{sequence}")
        )
    for side in (columns.debit_account_id, columns.credit_account_id):
        connection.execute(update(transfers).where(side == old["id"]).values({side.name: new_id}))
