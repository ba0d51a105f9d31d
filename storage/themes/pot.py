"""The pot of a theme: credits that pay for what is ordered in its thread while members enter.

It is an account of the ledger like the guild's pot, and what is left goes back to where it came
from: the guild's bank. What a job held and did not need comes back later, and then goes there too.
"""

from datetime import datetime

from sqlalchemy import Connection, Text, cast, func, literal, select

from storage import posting
from storage.schema import accounts, themes, transfers

_THEMES = themes.c


def fill(
    connection: Connection,
    *,
    theme_id: str,
    guild_id: int,
    amount_credits: int,
    made_by: int,
    now: datetime,
) -> None:
    """Put new credits into the pot of a new theme. Raises InvalidAmount."""
    pot_id = posting.open_pot(connection, guild_id, theme_id)
    posting.post(
        connection,
        f"theme:{theme_id}:fill",
        {
            "kind": "move",
            "debit_account_id": posting.bank_id(guild_id),
            "credit_account_id": pot_id,
            "amount_credits": amount_credits,
        },
        reason="for a theme",
        made_by=made_by,
        now=now,
    )


def give_back(connection: Connection, *, theme_id: str, guild_id: int, now: datetime) -> int:
    """Return what the pot could still pay; how many credits that were."""
    pot_id, bank_id = posting.pot_id(guild_id, theme_id), posting.bank_id(guild_id)
    posting.lock_accounts(connection, pot_id, bank_id)
    amount_credits = left(connection, theme_id=theme_id, guild_id=guild_id)
    if amount_credits == 0:
        return 0
    before = select(func.count()).where(
        transfers.c.debit_account_id == pot_id, transfers.c.kind == "move"
    )
    posting.post(
        connection,
        f"theme:{theme_id}:return:{connection.execute(before).scalar_one()}",
        {
            "kind": "move",
            "debit_account_id": pot_id,
            "credit_account_id": bank_id,
            "amount_credits": amount_credits,
        },
        reason="left of a theme",
        made_by=None,
        now=now,
    )
    return amount_credits


def left(connection: Connection, *, theme_id: str, guild_id: int) -> int:
    """What the pot can pay now."""
    pot_id = posting.pot_id(guild_id, theme_id)
    found = connection.execute(select(posting.AVAILABLE).where(accounts.c.id == pot_id))
    return found.scalar_one_or_none() or 0


def to_give_back(connection: Connection) -> tuple[tuple[str, int], ...]:
    """Themes, each with its guild, whose pot pays no more and has something in it."""
    name = literal("pot:") + cast(_THEMES.guild_id, Text) + ":" + _THEMES.id
    query = (
        select(_THEMES.id, _THEMES.guild_id)
        .join(accounts, accounts.c.id == name)
        .where(_THEMES.phase != "entering", posting.AVAILABLE > 0)
    )
    return tuple((theme_id, guild_id) for theme_id, guild_id in connection.execute(query))


def paying_in(connection: Connection, *, channel_id: int) -> str | None:
    """The theme whose pot pays first for what is ordered in this thread."""
    found = select(_THEMES.id).where(
        _THEMES.thread_id == channel_id, _THEMES.phase == "entering", _THEMES.pot_credits > 0
    )
    return connection.execute(found).scalar_one_or_none()
