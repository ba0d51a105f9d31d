"""Who had their data erased and comes back: what still counts, and what does not come twice."""

import pytest
from sqlalchemy import Connection

from storage import (
    audit,
    conduct,
    ledger,
    pseudonyms,
    quotas,
)
from storage.conduct import Block, Wish
from storage.database import Database
from storage.moderation_errors import MemberBlocked
from storage.quotas import Asker, Scope
from tests.storage.builders import (
    GUILD,
    MEMBER,
    MODERATOR,
    NOW,
)
from tests.storage.full_member import CANARY, collect, erase, fill, fill_roles, forget_the_name


async def test_nobody_is_paid_twice_for_leaving(database: Database) -> None:
    """The refill of the day and what a role brings in the week are used up, not the next ones."""
    await database.write(fill_roles)
    assert await database.write(collect) == 140
    await database.write(erase)
    assert await database.write(collect) == 0, "what was left was given up"
    assert await database.write(lambda c: collect(c, days=1)) == 100
    await database.write(forget_the_name)
    await database.write(lambda c: erase(c, erasure_id="second"))
    assert await database.write(lambda c: collect(c, days=1)) == 0
    assert await database.read(audit.audit) == ()


async def test_blocks_and_quotas_of_a_member_outlive_the_erasure(database: Database) -> None:
    def block(connection: Connection) -> None:
        wanted = Block(user_id=MEMBER, until=None, reason=CANARY, set_by=MODERATOR)
        conduct.block(connection, wanted, guild_id=GUILD, now=NOW)
        quotas.set_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            daily_allowance_credits=3,
            set_by=MODERATOR,
            now=NOW,
        )

    wish = Wish(
        guild_id=GUILD, user_id=MEMBER, channel_id=7, model=None, seconds=1.0, price_credits=1
    )
    await database.write(block)
    await database.write(erase)
    with pytest.raises(MemberBlocked) as refused:
        await database.read(lambda c: conduct.check(c, wish, now=NOW))
    assert refused.value.reason == "(erased)"
    asker = Asker(guild_id=GUILD, user_id=MEMBER)
    found = await database.read(lambda c: quotas.quota(c, asker, default_credits=100, now=NOW))
    assert found.allowance_credits == 3

    def forgive(connection: Connection) -> None:
        assert conduct.unblock(
            connection, guild_id=GUILD, user_id=MEMBER, lifted_by=MODERATOR, now=NOW
        )
        assert quotas.clear_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            cleared_by=MODERATOR,
            now=NOW,
        )

    await database.write(forgive)
    await database.read(lambda c: conduct.check(c, wish, now=NOW))
    found = await database.read(lambda c: quotas.quota(c, asker, default_credits=100, now=NOW))
    assert found.allowance_credits == 100


async def test_a_rule_made_after_the_return_counts_before_the_old_one(database: Database) -> None:
    def set_rule(connection: Connection, allowance: int) -> None:
        quotas.set_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            daily_allowance_credits=allowance,
            set_by=MODERATOR,
            now=NOW,
        )

    await database.write(lambda c: set_rule(c, 50))
    await database.write(erase)
    await database.write(lambda c: set_rule(c, 5))
    asker = Asker(guild_id=GUILD, user_id=MEMBER)
    found = await database.read(lambda c: quotas.quota(c, asker, default_credits=100, now=NOW))
    assert found.allowance_credits == 5


async def test_balances_of_the_erased_are_kept_under_the_pseudonym(database: Database) -> None:
    await database.write(fill)
    spent = await database.read(
        lambda c: ledger.available_credits(c, guild_id=GUILD, user_id=MEMBER)
    )
    await database.write(erase)

    def left(connection: Connection) -> int:
        pseudonym = pseudonyms.former(connection, MEMBER)
        assert pseudonym is not None
        return ledger.available_credits(connection, guild_id=GUILD, user_id=pseudonym)

    assert await database.read(left) == spent
