"""What a member is given without asking: the daily refill, then what their roles bring."""

from datetime import datetime

from sqlalchemy import Connection

from storage import ledger, quotas, role_grants
from storage.ledger import Balance
from storage.quotas import Asker


def collect(
    connection: Connection, asker: Asker, *, default_allowance_credits: int, now: datetime
) -> Balance:
    """Give the member what is due by now; returns what they have afterwards.

    What came once in its window does not come again. Where a larger allowance counts than earlier
    on the same day, as in another channel, the difference comes.
    """
    guild_id, user_id = asker.guild_id, asker.user_id
    allowance = quotas.quota(
        connection, asker, default_credits=default_allowance_credits, now=now
    ).allowance_credits
    ledger.refill(
        connection, guild_id=guild_id, user_id=user_id, allowance_credits=allowance, now=now
    )
    role_grants.collect(
        connection, guild_id=guild_id, user_id=user_id, role_ids=asker.role_ids, now=now
    )
    return ledger.balance(
        connection, guild_id=guild_id, user_id=user_id, allowance_credits=allowance, now=now
    )
