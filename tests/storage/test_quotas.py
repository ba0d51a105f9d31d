"""Whose daily allowance is how much: one rule for everybody, whatever came first."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from storage import boosts, income, ledger, quotas
from storage.boosts import Boost
from storage.database import Database
from storage.errors import InvalidAllowance
from storage.moderation_errors import InvalidBoost, UnknownBoost
from storage.quotas import Asker, Quota, QuotaRule, Scope
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER

STUDENT, TUTOR, LAB = 501, 502, 701
TODAY = NOW.date()


def set_rule(connection: Connection, scope: Scope, subject_id: int, credits_: int) -> None:
    quotas.set_rule(
        connection,
        guild_id=GUILD,
        scope=scope,
        subject_id=subject_id,
        daily_allowance_credits=credits_,
        set_by=MODERATOR,
        now=NOW,
    )


def clear(connection: Connection, scope: Scope, subject_id: int) -> bool:
    return quotas.clear_rule(
        connection,
        guild_id=GUILD,
        scope=scope,
        subject_id=subject_id,
        cleared_by=MODERATOR,
        now=NOW,
    )


def quota(
    connection: Connection,
    *,
    user_id: int = MEMBER,
    roles: Sequence[int] = (STUDENT, TUTOR),
    channel_id: int | None = LAB,
    guild_id: int = GUILD,
    days: int = 0,
) -> Quota:
    asker = Asker(guild_id=guild_id, user_id=user_id, role_ids=roles, channel_id=channel_id)
    return quotas.quota(connection, asker, default_credits=100, now=NOW + timedelta(days=days))


async def test_the_narrowest_rule_wins_and_clearing_gives_way_to_the_next(
    database: Database,
) -> None:
    async def now() -> int:
        return (await database.read(quota)).allowance_credits

    rules = (
        (Scope.GUILD, 0, 50),
        (Scope.CHANNEL, LAB, 70),
        (Scope.ROLE, STUDENT, 20),
        (Scope.ROLE, TUTOR, 30),
        (Scope.MEMBER, MEMBER, 0),
    )
    assert await now() == 100
    for scope, subject_id, credits_ in rules:
        await database.write(
            lambda c, scope=scope, subject_id=subject_id, credits_=credits_: set_rule(
                c, scope, subject_id, credits_
            )
        )
        assert await now() == credits_
    found = await database.read(quota)
    assert [rule.daily_allowance_credits for rule in found.overruled] == [30, 20, 70, 50]
    for scope, subject_id, left in (
        (Scope.MEMBER, MEMBER, 30),
        (Scope.ROLE, TUTOR, 20),
        (Scope.ROLE, STUDENT, 70),
        (Scope.CHANNEL, LAB, 50),
        (Scope.GUILD, 0, 100),
    ):
        cleared = [
            await database.write(
                lambda c, scope=scope, subject_id=subject_id: clear(c, scope, subject_id)
            )
            for _ in range(2)
        ]
        assert cleared == [True, False]
        assert await now() == left


async def test_a_rule_is_for_whom_it_was_made_and_nobody_else(database: Database) -> None:
    def everything(connection: Connection) -> None:
        set_rule(connection, Scope.MEMBER, MEMBER, 1)
        set_rule(connection, Scope.ROLE, TUTOR, 2)
        set_rule(connection, Scope.CHANNEL, LAB, 3)

    await database.write(everything)
    others = await database.read(
        lambda c: (
            quota(c, user_id=OTHER_MEMBER).allowance_credits,
            quota(c, user_id=OTHER_MEMBER, roles=(STUDENT,)).allowance_credits,
            quota(c, user_id=OTHER_MEMBER, roles=(), channel_id=LAB + 1).allowance_credits,
            quota(c, user_id=OTHER_MEMBER, roles=(), channel_id=None).allowance_credits,
            quota(c, guild_id=GUILD + 1).allowance_credits,
        )
    )
    assert others == (2, 3, 100, 100, 100)


@pytest.mark.parametrize("credits_", [-1, 2**63])
async def test_impossible_allowances_are_refused(database: Database, credits_: int) -> None:
    with pytest.raises(InvalidAllowance):
        await database.write(lambda c: set_rule(c, Scope.MEMBER, MEMBER, credits_))


rule_sets = st.lists(
    st.builds(
        QuotaRule,
        scope=st.sampled_from(Scope),
        subject_id=st.integers(0, 3),
        daily_allowance_credits=st.integers(0, 3),
        set_by=st.just(MODERATOR),
        set_at=st.just(NOW),
    ),
    max_size=12,
    unique_by=lambda rule: (rule.scope, rule.subject_id),
)


@given(
    known=rule_sets,
    shuffled=st.randoms(use_true_random=False),
    user_id=st.integers(1, 3),
    roles=st.frozensets(st.integers(1, 3)),
    channel_id=st.none() | st.integers(1, 3),
)
def test_precedence_is_total_and_does_not_depend_on_the_order_of_the_rules(
    known: list[QuotaRule],
    shuffled: Random,
    user_id: int,
    roles: frozenset[int],
    channel_id: int | None,
) -> None:
    asker = Asker(guild_id=GUILD, user_id=user_id, role_ids=roles, channel_id=channel_id)
    found = quotas.in_order(known, asker)
    other_order = list(known)
    shuffled.shuffle(other_order)
    assert quotas.in_order(other_order, asker) == found

    mine = {
        Scope.MEMBER: {user_id},
        Scope.ROLE: set(roles),
        Scope.CHANNEL: {channel_id},
        Scope.GUILD: {0},
    }
    concerned = [rule for rule in known if rule.subject_id in mine[rule.scope]]
    assert sorted(found, key=repr) == sorted(concerned, key=repr), "each that concerns, once"
    if concerned:
        narrowest = min(list(Scope).index(rule.scope) for rule in concerned)
        of_it = [rule for rule in concerned if list(Scope).index(rule.scope) == narrowest]
        most = max(rule.daily_allowance_credits for rule in of_it)
        assert found[0].scope is list(Scope)[narrowest]
        assert found[0].daily_allowance_credits == most


def boost(number: int, factor: float, first: int, last: int) -> Boost:
    """`first` and `last` are days from today."""
    return Boost(
        id=str(number),
        name="exam week",
        factor=factor,
        first_day=TODAY + timedelta(days=first),
        last_day=TODAY + timedelta(days=last),
        set_by=MODERATOR,
    )


def set_boost(connection: Connection, wanted: Boost) -> None:
    boosts.set_boost(connection, wanted, guild_id=GUILD, now=NOW)


async def test_a_boost_counts_on_its_days_and_is_over_by_itself(database: Database) -> None:
    await database.write(lambda c: set_boost(c, boost(1, 2.0, first=1, last=3)))
    allowances = await database.read(
        lambda c: [quota(c, days=days).allowance_credits for days in range(6)]
    )
    assert allowances == [100, 200, 200, 200, 100, 100]


async def test_of_boosts_that_overlap_the_largest_counts(database: Database) -> None:
    for wanted in (boost(1, 2.0, 0, 4), boost(2, 3.5, 1, 2), boost(3, 1.5, 2, 5)):
        await database.write(lambda c, wanted=wanted: set_boost(c, wanted))
    allowances = await database.read(
        lambda c: [quota(c, days=days).allowance_credits for days in range(7)]
    )
    assert allowances == [200, 350, 350, 200, 200, 150, 100]


async def test_a_boost_can_be_ended_once_before_its_time(database: Database) -> None:
    def end(connection: Connection) -> Boost:
        return boosts.end(connection, guild_id=GUILD, boost_id="1", ended_by=MODERATOR, now=NOW)

    await database.write(lambda c: set_boost(c, boost(1, 2.0, 0, 4)))
    assert (await database.write(end)).factor == 2.0
    assert (await database.read(quota)).allowance_credits == 100
    with pytest.raises(UnknownBoost):
        await database.write(end)


@pytest.mark.parametrize(
    ("factor", "first", "last"), [(1.0, 0, 1), (10.5, 0, 1), (2.0, 2, 1), (2.0, -3, -1)]
)
async def test_a_boost_that_never_holds_or_changes_nothing_is_refused(
    database: Database, factor: float, first: int, last: int
) -> None:
    with pytest.raises(InvalidBoost):
        await database.write(lambda c: set_boost(c, boost(1, factor, first, last)))


async def test_a_larger_allowance_on_the_same_day_brings_the_difference_once(
    database: Database,
) -> None:
    """From the generous channel first or last: the day gives the same."""

    def use(connection: Connection, user_id: int, channels: Sequence[int]) -> int:
        for channel_id in channels:
            asker = Asker(guild_id=GUILD, user_id=user_id, channel_id=channel_id)
            income.collect(connection, asker, default_allowance_credits=10, now=NOW)
        return ledger.available_credits(connection, guild_id=GUILD, user_id=user_id)

    await database.write(lambda c: set_rule(c, Scope.CHANNEL, LAB, 25))
    outside = LAB + 1
    given_ = [
        await database.write(lambda c, user=user, channels=channels: use(c, user, channels))
        for user, channels in enumerate(
            ([outside], [LAB], [outside, LAB], [LAB, outside], [outside, LAB, outside, LAB])
        )
    ]
    assert given_ == [10, 25, 25, 25, 25]


def test_a_day_is_a_day_of_utc() -> None:
    assert boost(1, 2.0, 0, 0).holds_on(date(2026, 11, 21))
