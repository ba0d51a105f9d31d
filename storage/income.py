"""What a member is given without asking: the daily refill, then what their roles bring."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from storage import guild_settings, ledger, role_grants
from storage.ledger import Balance


def collect(
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    role_ids: Collection[int],
    default_allowance_credits: int,
    now: datetime,
) -> Balance:
    """Give the member what is due by now; returns what they have afterwards.

    `role_ids` are the roles they hold. What came once in its window does not come again.
    """
    allowance = guild_settings.effective_allowance(
        connection, guild_id=guild_id, user_id=user_id, default_credits=default_allowance_credits
    )
    ledger.refill(
        connection, guild_id=guild_id, user_id=user_id, allowance_credits=allowance, now=now
    )
    role_grants.collect(connection, guild_id=guild_id, user_id=user_id, role_ids=role_ids, now=now)
    return ledger.balance(
        connection, guild_id=guild_id, user_id=user_id, allowance_credits=allowance, now=now
    )
