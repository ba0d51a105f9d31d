"""Credits, as members and moderators meet them."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection

from storage import ledger, quotas
from storage.audit import audit
from storage.database import Database
from storage.errors import (
    AlreadyResolved,
    InsufficientCredits,
    InvalidAllowance,
    InvalidAmount,
    StorageError,
    TransferConflict,
    UnknownReservation,
)
from storage.ledger import Balance
from storage.quotas import Asker, Scope
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER, admit, make_record

TOMORROW = NOW + timedelta(days=1)


def refill(connection: Connection, at: datetime = NOW, allowance_credits: int = 100) -> int:
    return ledger.refill(
        connection, guild_id=GUILD, user_id=MEMBER, allowance_credits=allowance_credits, now=at
    )


def reserve(connection: Connection, job_id: str, amount_credits: int) -> bool:
    return ledger.reserve(
        connection,
        job_id=job_id,
        guild_id=GUILD,
        user_id=MEMBER,
        amount_credits=amount_credits,
        now=NOW,
    )


def grant(connection: Connection, grant_id: str, amount_credits: int) -> bool:
    return ledger.grant(
        connection,
        grant_id=grant_id,
        guild_id=GUILD,
        user_id=MEMBER,
        amount_credits=amount_credits,
        reason="for the poster",
        granted_by=MODERATOR,
        now=NOW,
    )


def balance(connection: Connection, at: datetime = NOW) -> Balance:
    return ledger.balance(connection, guild_id=GUILD, user_id=MEMBER, allowance_credits=100, now=at)


def available_and_held(connection: Connection) -> tuple[int, int]:
    found = balance(connection)
    return found.available_credits, found.held_credits


async def test_the_first_refill_gives_the_whole_allowance(database: Database) -> None:
    assert await database.write(refill) == 100
    assert await database.read(balance) == Balance(
        available_credits=100,
        held_credits=0,
        allowance_credits=100,
        refills_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


async def test_a_member_nobody_has_met_has_nothing_and_may_refill_now(database: Database) -> None:
    found = await database.read(balance)
    assert (found.available_credits, found.refills_at) == (0, NOW)


async def test_a_second_refill_on_the_same_day_gives_nothing(database: Database) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 60))
    assert await database.write(refill) == 0
    assert await database.read(available_and_held) == (40, 60)


async def test_spending_a_full_allowance_does_not_bring_a_second_one_that_day(
    database: Database,
) -> None:
    await database.write(lambda connection: grant(connection, "g", 100))
    assert await database.write(refill) == 0
    await database.write(lambda connection: reserve(connection, "a", 100))
    assert await database.write(refill) == 0


async def test_the_next_day_tops_up_to_the_allowance_and_not_beyond(database: Database) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 30))
    await database.write(lambda connection: ledger.settle(connection, job_id="a", now=NOW))
    assert (await database.read(lambda connection: balance(connection, TOMORROW))).refills_at == (
        TOMORROW
    )
    assert await database.write(lambda connection: refill(connection, TOMORROW)) == 30
    assert await database.read(available_and_held) == (100, 0)


async def test_a_member_with_more_than_the_allowance_keeps_it(database: Database) -> None:
    await database.write(lambda connection: grant(connection, "g", 500))
    assert await database.write(refill) == 0
    assert await database.read(available_and_held) == (500, 0)


async def test_a_larger_allowance_on_the_same_day_brings_what_is_missing(
    database: Database,
) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "job1", 30))
    assert await database.write(lambda connection: refill(connection, NOW, 150)) == 50
    assert await database.write(lambda connection: refill(connection, NOW, 150)) == 0
    assert await database.write(lambda connection: refill(connection, NOW, 120)) == 0
    assert await database.write(lambda connection: refill(connection, TOMORROW, 120)) == 0


async def test_a_clock_that_jumps_back_refills_nothing(database: Database) -> None:
    await database.write(lambda connection: refill(connection, TOMORROW))
    await database.write(lambda connection: reserve(connection, "a", 60))
    assert await database.write(refill) == 0


async def test_a_clock_that_was_years_ahead_does_not_keep_refills_away_for_years(
    database: Database,
) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 60))
    assert await database.write(lambda c: refill(c, NOW + timedelta(days=1000))) == 60
    await database.write(lambda connection: reserve(connection, "b", 70))
    assert await database.write(refill) == 0, "today's was given before the clock was wrong"
    assert await database.write(lambda c: refill(c, TOMORROW)) == 70


async def test_the_day_of_a_refill_is_the_day_in_utc(database: Database) -> None:
    # 04:30 on the 22nd there is 23:30 on the 21st in UTC, where NOW is too.
    far_east = datetime(2026, 11, 22, 4, 30, tzinfo=timezone(timedelta(hours=5)))
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 60))
    assert await database.write(lambda connection: refill(connection, far_east)) == 0


async def test_credits_of_one_server_are_not_those_of_another(database: Database) -> None:
    await database.write(refill)
    found = await database.read(
        lambda connection: ledger.available_credits(connection, guild_id=GUILD + 1, user_id=MEMBER)
    )
    assert found == 0


async def test_a_reservation_holds_credits_until_it_is_settled(database: Database) -> None:
    await database.write(refill)
    assert await database.write(lambda connection: reserve(connection, "a", 30)) is True
    assert await database.read(available_and_held) == (70, 30)
    settle = await database.write(lambda connection: ledger.settle(connection, job_id="a", now=NOW))
    assert settle is True
    assert await database.read(available_and_held) == (70, 0)


async def test_released_credits_can_be_spent_again(database: Database) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 100))
    await database.write(lambda connection: ledger.release(connection, job_id="a", now=NOW))
    assert await database.write(lambda connection: reserve(connection, "b", 100)) is True


async def test_more_than_is_available_is_refused_with_both_figures(database: Database) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 70))
    with pytest.raises(InsufficientCredits) as refused:
        await database.write(lambda connection: reserve(connection, "b", 40))
    assert (refused.value.needed_credits, refused.value.available_credits) == (40, 30)
    assert await database.read(available_and_held) == (30, 70)


async def test_reserving_twice_for_a_job_holds_once(database: Database) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 30))
    assert await database.write(lambda connection: reserve(connection, "a", 30)) is False
    assert await database.read(available_and_held) == (70, 30)


async def test_reserving_another_amount_for_the_same_job_is_an_error(database: Database) -> None:
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 30))
    with pytest.raises(TransferConflict) as conflict:
        await database.write(lambda connection: reserve(connection, "a", 31))
    assert conflict.value.transfer_id == "job:a:reserve"


@pytest.mark.parametrize("first", ["settle", "release"])
async def test_a_reservation_is_resolved_once_and_one_way(database: Database, first: str) -> None:
    verbs = {"settle": ledger.settle, "release": ledger.release}
    other = {"settle": "release", "release": "settle"}[first]
    await database.write(refill)
    await database.write(lambda connection: reserve(connection, "a", 30))
    assert await database.write(lambda connection: verbs[first](connection, job_id="a", now=NOW))
    before = await database.read(available_and_held)
    assert not await database.write(
        lambda connection: verbs[first](connection, job_id="a", now=NOW)
    )
    with pytest.raises(AlreadyResolved) as resolved:
        await database.write(lambda connection: verbs[other](connection, job_id="a", now=NOW))
    assert resolved.value.resolved_as == first
    assert await database.read(available_and_held) == before


async def test_what_was_never_reserved_cannot_be_resolved(database: Database) -> None:
    with pytest.raises(UnknownReservation):
        await database.write(lambda connection: ledger.settle(connection, job_id="a", now=NOW))
    with pytest.raises(UnknownReservation):
        await database.write(lambda connection: ledger.release(connection, job_id="a", now=NOW))


async def test_a_grant_counts_once_however_often_it_arrives(database: Database) -> None:
    assert await database.write(lambda connection: grant(connection, "g", 25)) is True
    assert await database.write(lambda connection: grant(connection, "g", 25)) is False
    assert await database.read(available_and_held) == (25, 0)
    with pytest.raises(TransferConflict):
        await database.write(lambda connection: grant(connection, "g", 26))


@pytest.mark.parametrize("amount_credits", [0, -5, 1_000_000_001, 2**70])
async def test_impossible_amounts_are_refused(database: Database, amount_credits: int) -> None:
    with pytest.raises(InvalidAmount):
        await database.write(lambda connection: grant(connection, "g", amount_credits))
    with pytest.raises(InvalidAmount):
        await database.write(lambda connection: reserve(connection, "a", amount_credits))


async def test_a_negative_allowance_is_refused(database: Database) -> None:
    with pytest.raises(InvalidAllowance):
        await database.write(lambda connection: refill(connection, NOW, -1))


async def test_the_history_shows_what_happened_newest_first_in_pages(database: Database) -> None:
    def spend(connection: Connection) -> None:
        refill(connection)
        grant(connection, "g", 5)
        reserve(connection, "a", 30)
        ledger.settle(connection, job_id="a", now=NOW)

    await database.write(spend)
    everything = await database.read(
        lambda connection: ledger.history(connection, guild_id=GUILD, user_id=MEMBER, limit=10)
    )
    assert [(line.kind, line.amount_credits, line.job_id) for line in everything] == [
        ("settle", 30, "a"),
        ("reserve", 30, "a"),
        ("grant", 5, None),
        ("grant", 100, None),
    ]
    assert [(line.reason, line.made_by) for line in everything[2:]] == [
        ("for the poster", MODERATOR),
        ("daily refill", None),
    ]
    assert everything[0].at == NOW
    rest = await database.read(
        lambda connection: ledger.history(
            connection, guild_id=GUILD, user_id=MEMBER, limit=10, before=everything[1].id
        )
    )
    assert rest == everything[2:]


async def test_nobody_sees_the_history_of_another(database: Database) -> None:
    await database.write(refill)
    others = await database.read(
        lambda connection: ledger.history(
            connection, guild_id=GUILD, user_id=OTHER_MEMBER, limit=10
        )
    )
    assert others == ()


async def test_four_hundred_reservations_at_once_take_what_is_there_and_no_more(
    database: Database,
) -> None:
    await database.write(refill)
    records = [make_record(number, price_credits=1) for number in range(400)]
    outcomes = await asyncio.gather(
        *(
            database.write(lambda connection, record=record: admit(connection, record))
            for record in records
        ),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, InsufficientCredits)]
    assert outcomes.count(None) == 100
    assert len(refused) == 300
    assert await database.read(available_and_held) == (0, 100)
    assert await database.read(audit) == ()


async def test_an_error_says_its_facts_in_the_log() -> None:
    error: StorageError = InsufficientCredits(needed_credits=5, available_credits=3)
    assert str(error) == (
        "The member has fewer credits than this needs (needed_credits=5, available_credits=3)"
    )


async def test_a_moderators_allowance_decides_the_refill(database: Database) -> None:
    def change_and_refill(connection: Connection) -> int:
        quotas.set_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            daily_allowance_credits=20,
            set_by=MODERATOR,
            now=NOW,
        )
        asker = Asker(guild_id=GUILD, user_id=MEMBER)
        allowance = quotas.quota(connection, asker, default_credits=100, now=NOW).allowance_credits
        return refill(connection, NOW, allowance)

    assert await database.write(change_and_refill) == 20
