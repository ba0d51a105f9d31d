"""Credits that moderators move: resets, the guild's pot, and who is paid for by it."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import booking, jobs, ledger, moderation, moderator_log, pots
from storage.audit import audit
from storage.database import Database
from storage.errors import InsufficientCredits, InvalidAmount, PotLimitReached
from storage.jobs import JobRecord
from storage.moderator_log import LogSearch
from storage.pots import Deed
from tests.storage.builders import (
    GUILD,
    MEMBER,
    MODERATOR,
    NOW,
    OTHER_MEMBER,
    give,
    make_record,
)


def deed(number: int) -> Deed:
    return Deed(id=str(number), guild_id=GUILD, made_by=MODERATOR, reason="tidying", now=NOW)


def fill_pot(
    connection: Connection, credits_: int, *, number: int = 1, from_user_id: int | None = None
) -> int:
    return pots.fill_pot(
        connection, deed(number), amount_credits=credits_, from_user_id=from_user_id
    )


def in_pot(connection: Connection, guild_id: int = GUILD) -> int:
    return ledger.pot_credits(connection, guild_id=guild_id)


def of_member(connection: Connection) -> int:
    return ledger.available_credits(connection, guild_id=GUILD, user_id=MEMBER)


def admit(connection: Connection, number: int = 1, *, may_be_relaxed: bool = False) -> JobRecord:
    return booking.admit(connection, make_record(number), may_be_relaxed=may_be_relaxed, now=NOW)


async def test_a_reset_gives_or_takes_until_it_fits_and_is_on_record(database: Database) -> None:
    def reset(connection: Connection, number: int, to_credits: int) -> int:
        return pots.reset(connection, deed(number), user_id=MEMBER, to_credits=to_credits)

    await database.write(lambda c: give(c, 70))
    assert await database.write(lambda c: reset(c, 1, 100)) == 70
    assert await database.write(lambda c: reset(c, 2, 20)) == 100
    assert await database.write(lambda c: reset(c, 3, 20)) == 20
    assert await database.write(lambda c: reset(c, 4, 0)) == 20
    assert await database.read(of_member) == 0
    assert await database.read(audit) == ()
    acts = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD), limit=10).acts
    )
    assert [(act.act, act.before, act.after) for act in acts] == [
        ("reset", {"credits": 20}, {"credits": 0}),
        ("reset", {"credits": 100}, {"credits": 20}),
        ("reset", {"credits": 70}, {"credits": 100}),
    ]


async def test_a_reset_leaves_what_is_held_for_jobs_alone(database: Database) -> None:
    def happen(connection: Connection) -> int:
        give(connection, 30)
        admit(connection)
        pots.reset(connection, deed(1), user_id=MEMBER, to_credits=0)
        booking.finish(connection, job_id="job1", attempt=0, state="cancelled", now=NOW)
        return of_member(connection)

    assert await database.write(happen) == 10
    assert await database.read(audit) == ()


async def test_the_pot_is_filled_anew_or_by_a_member_who_has_it(database: Database) -> None:
    await database.write(lambda c: give(c, 30))
    assert await database.write(lambda c: fill_pot(c, 5)) == 5
    assert await database.write(lambda c: fill_pot(c, 5)) == 5, "the same deed again"
    both = await database.write(lambda c: fill_pot(c, 20, number=2, from_user_id=MEMBER))
    assert both == 25
    assert await database.read(of_member) == 10
    with pytest.raises(InsufficientCredits):
        await database.write(lambda c: fill_pot(c, 11, number=3, from_user_id=MEMBER))
    with pytest.raises(InvalidAmount):
        await database.write(lambda c: fill_pot(c, 0, number=4))
    assert await database.read(in_pot) == 25
    assert await database.read(audit) == ()
    kept = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD, act="pot"), limit=10).acts
    )
    assert [(act.subject, act.after) for act in kept] == [
        (f"member:{MEMBER}", {"credits": 25}),
        ("", {"credits": 5}),
    ]


async def test_the_pot_pays_for_who_runs_out_and_gets_it_back(database: Database) -> None:
    def happen(connection: Connection) -> list[object]:
        give(connection, 10)
        fill_pot(connection, 15)
        for number in (1, 2):
            admit(connection, number)
        paid = [ledger.payer_of(connection, job_id=f"job{number}") for number in (1, 2)]
        held = in_pot(connection)
        for number in (1, 2):
            booking.finish(connection, job_id=f"job{number}", attempt=0, state="cancelled", now=NOW)
        return [paid, held, in_pot(connection), of_member(connection)]

    assert await database.write(happen) == [["member", "pot"], 5, 15, 10]
    assert await database.read(audit) == ()


async def test_where_the_pot_is_short_too_the_member_s_own_lack_is_told(
    database: Database,
) -> None:
    await database.write(lambda c: (give(c, 4), fill_pot(c, 7)))
    with pytest.raises(InsufficientCredits) as lack:
        await database.write(admit)
    assert lack.value.available_credits == 4
    relaxed = await database.write(lambda c: admit(c, may_be_relaxed=True))
    assert relaxed.relaxed
    assert await database.read(lambda c: (in_pot(c), of_member(c))) == (7, 4)
    assert await database.read(lambda c: jobs.get(c, "job1").relaxed)


async def test_a_pot_is_one_guild_s(database: Database) -> None:
    await database.write(lambda c: fill_pot(c, 50))
    assert await database.read(lambda c: in_pot(c, GUILD + 1)) == 0
    acts = await database.read(lambda c: moderation.in_force(c, guild_id=GUILD + 1, act="pot"))
    assert acts == ()
    elsewhere = make_record(1, guild_id=GUILD + 1, created_at=NOW + timedelta(seconds=1))
    with pytest.raises(InsufficientCredits):
        await database.write(lambda c: booking.admit(c, elsewhere, may_be_relaxed=False, now=NOW))


def limit(connection: Connection, credits_: int | None) -> bool:
    return pots.set_limit(
        connection, guild_id=GUILD, limit_credits=credits_, set_by=MODERATOR, now=NOW
    )


async def test_the_pot_pays_a_member_no_more_than_its_limit_on_a_day(database: Database) -> None:
    def begin(connection: Connection) -> tuple[bool, bool]:
        fill_pot(connection, 100)
        return limit(connection, 25), limit(connection, 25)

    assert await database.write(begin) == (True, False)
    for number in (1, 2):
        assert not (await database.write(lambda c, n=number: admit(c, n))).relaxed
    with pytest.raises(PotLimitReached) as reached:
        await database.write(lambda c: admit(c, 3))
    assert (reached.value.limit_credits, reached.value.used_credits) == (25, 20)
    assert (await database.write(lambda c: admit(c, 3, may_be_relaxed=True))).relaxed
    # What came back counts no more.
    await database.write(
        lambda c: booking.finish(
            c, job_id="job2", attempt=0, state="cancelled", error_code=None, now=NOW
        )
    )
    assert not (await database.write(lambda c: admit(c, 4))).relaxed
    share = await database.read(lambda c: pots.share_of(c, guild_id=GUILD, user_id=MEMBER, now=NOW))
    assert (share.pot_credits, share.limit_credits, share.used_credits) == (80, 25, 20)
    tomorrow = await database.read(
        lambda c: pots.share_of(c, guild_id=GUILD, user_id=MEMBER, now=NOW + timedelta(days=1))
    )
    assert tomorrow.used_credits == 0
    assert await database.write(lambda c: limit(c, None))
    assert not (await database.write(lambda c: admit(c, 5))).relaxed
    assert await database.read(audit) == ()


async def test_another_member_s_share_of_the_pot_is_their_own(database: Database) -> None:
    def unit(connection: Connection) -> list[bool]:
        fill_pot(connection, 100)
        limit(connection, 10)
        records = (make_record(1), make_record(2, user_id=OTHER_MEMBER))
        return [
            jobs.get(
                connection,
                booking.admit(connection, record, may_be_relaxed=False, now=NOW).id,
            ).paying_pot
            is not None
            for record in records
        ]

    assert await database.write(unit) == [True, True]


async def test_a_pot_with_too_little_is_no_matter_of_its_limit(database: Database) -> None:
    def begin(connection: Connection) -> None:
        fill_pot(connection, 5)
        limit(connection, 1)

    await database.write(begin)
    with pytest.raises(InsufficientCredits) as refused:
        await database.write(admit)
    assert type(refused.value) is InsufficientCredits
