"""A job and its credits are moved together, and a relaxed job moves none."""

import pytest
from sqlalchemy import Connection

from storage import attempts, booking, jobs, ledger, pots
from storage.audit import audit
from storage.database import Database
from storage.errors import AlreadyResolved, InsufficientCredits, JobExists, StaleAttempt
from storage.jobs import JobRecord, TerminalState
from storage.ledger import Balance
from storage.pots import Deed
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, give, make_record


def admit(
    connection: Connection, number: int = 1, *, may_be_relaxed: bool = False, price: int = 10
) -> JobRecord:
    record = make_record(number, price_credits=price)
    return booking.admit(connection, record, may_be_relaxed=may_be_relaxed, now=NOW)


def finish(connection: Connection, state: TerminalState, *, attempt: int = 1) -> None:
    clip = "ab" * 32 if state == "succeeded" else None
    booking.finish(
        connection,
        job_id="job1",
        attempt=attempt,
        state=state,
        clip_json=clip and "{}",
        clip_sha256=clip,
        error_code="worker_crashed" if state in ("failed", "dead") else None,
        now=NOW,
    )


def start(connection: Connection, attempt: int = 1) -> None:
    attempts.start(connection, job_id="job1", attempt=attempt, now=NOW)


def die(connection: Connection) -> None:
    start(connection)
    finish(connection, "dead")


def requeue(connection: Connection, *, may_be_relaxed: bool = False) -> JobRecord:
    return booking.requeue(
        connection,
        job_id="job1",
        new_job_id="job7",
        interaction_id=7,
        may_be_relaxed=may_be_relaxed,
        now=NOW,
    )


async def balance(database: Database) -> Balance:
    return await database.read(
        lambda connection: ledger.balance(
            connection, guild_id=GUILD, user_id=MEMBER, allowance_credits=0, now=NOW
        )
    )


@pytest.mark.parametrize(
    ("state", "left"), [("succeeded", 90), ("failed", 100), ("cancelled", 100), ("dead", 100)]
)
async def test_a_clip_is_paid_and_nothing_else_is(
    database: Database, state: TerminalState, left: int
) -> None:
    await database.write(lambda connection: give(connection, 100))
    await database.write(admit)
    assert (await balance(database)).held_credits == 10
    await database.write(start)
    await database.write(lambda connection: finish(connection, state))
    found = await balance(database)
    assert (found.available_credits, found.held_credits) == (left, 0)
    assert await database.read(audit) == ()


async def test_a_late_result_of_an_earlier_attempt_moves_no_credits(database: Database) -> None:
    await database.write(lambda connection: give(connection, 100))
    await database.write(admit)
    await database.write(start)
    await database.write(lambda connection: start(connection, 2))
    with pytest.raises(StaleAttempt):
        await database.write(lambda connection: finish(connection, "succeeded", attempt=1))
    assert (await balance(database)).held_credits == 10


async def test_an_outcome_whose_credits_went_another_way_is_undone_with_them(
    database: Database,
) -> None:
    def settled_elsewhere(connection: Connection) -> None:
        give(connection, 100)
        admit(connection)
        start(connection)
        ledger.settle(connection, job_id="job1", now=NOW)

    await database.write(settled_elsewhere)
    with pytest.raises(AlreadyResolved):
        await database.write(lambda connection: finish(connection, "failed"))
    assert (await database.read(lambda c: jobs.get(c, "job1"))).state == "running"


async def test_who_cannot_pay_is_refused_and_no_job_is_left_behind(database: Database) -> None:
    await database.write(lambda connection: give(connection, 9))
    with pytest.raises(InsufficientCredits):
        await database.write(admit)
    assert await database.read(jobs.unfinished) == ()


async def test_where_it_is_allowed_who_cannot_pay_queues_relaxed_and_holds_nothing(
    database: Database,
) -> None:
    await database.write(lambda connection: give(connection, 9))
    job = await database.write(lambda connection: admit(connection, may_be_relaxed=True))
    assert job.relaxed
    assert await database.read(lambda c: jobs.get(c, "job1")) == job
    found = await balance(database)
    assert (found.available_credits, found.held_credits) == (9, 0)
    assert await database.read(audit) == ()


async def test_who_can_pay_pays_even_where_relaxed_jobs_are_allowed(database: Database) -> None:
    await database.write(lambda connection: give(connection, 10))
    job = await database.write(lambda connection: admit(connection, may_be_relaxed=True))
    assert not job.relaxed
    assert (await balance(database)).held_credits == 10


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "dead"])
async def test_a_relaxed_job_ends_without_any_transfer(
    database: Database, state: TerminalState
) -> None:
    await database.write(lambda connection: give(connection, 9))
    await database.write(lambda connection: admit(connection, may_be_relaxed=True))
    await database.write(start)
    await database.write(lambda connection: finish(connection, state))
    assert (await balance(database)).available_credits == 9
    assert await database.read(audit) == ()


async def test_a_relaxed_job_that_holds_credits_is_found_by_the_audit(database: Database) -> None:
    def hold_for_a_relaxed_job(connection: Connection) -> None:
        give(connection, 100)
        jobs.relax(connection, admit(connection))

    await database.write(hold_for_a_relaxed_job)
    assert [drift.subject for drift in await database.read(audit)] == ["job1"]


async def test_a_dead_job_is_requeued_for_its_author_s_credits(database: Database) -> None:
    await database.write(lambda connection: give(connection, 100))
    await database.write(admit)
    await database.write(die)
    again = await database.write(requeue)
    assert (again.id, again.state, again.user_id) == ("job7", "waiting", MEMBER)
    assert (await balance(database)).held_credits == 10
    assert await database.read(audit) == ()
    with pytest.raises(JobExists):
        await database.write(requeue)


async def test_a_dead_job_whose_author_has_spent_the_credits_stays_on_the_list(
    database: Database,
) -> None:
    await database.write(lambda connection: give(connection, 15))
    await database.write(admit)
    await database.write(die)
    await database.write(lambda connection: admit(connection, 2))
    with pytest.raises(InsufficientCredits):
        await database.write(requeue)
    dead = await database.read(lambda c: attempts.dead(c, guild_id=GUILD, limit=10))
    assert [job.id for job in dead] == ["job1"]
    relaxed = await database.write(lambda connection: requeue(connection, may_be_relaxed=True))
    assert relaxed.relaxed
    assert await database.read(audit) == ()


async def test_two_jobs_are_paid_by_one_payer_or_not_admitted(database: Database) -> None:
    """Of 10, of the member's 15 and the pot's 20, and of nobody's: never a part of each."""

    def both(connection: Connection, first: int, *, relaxed: bool = False) -> list[bool]:
        pair = [make_record(number, price_credits=10) for number in (first, first + 1)]
        admitted = booking.admit_together(connection, pair, may_be_relaxed=relaxed, now=NOW)
        return [each.relaxed for each in admitted] + [
            ledger.payer_of(connection, job_id=each.id) == "pot" for each in admitted
        ]

    await database.write(lambda c: give(c, 15))
    with pytest.raises(InsufficientCredits) as refused:
        await database.write(lambda c: both(c, 1))
    assert (refused.value.needed_credits, refused.value.available_credits) == (20, 15)
    assert await database.read(jobs.unfinished) == ()
    assert await database.write(lambda c: both(c, 1, relaxed=True)) == [True, True, False, False]
    deed = Deed(id="d", guild_id=GUILD, made_by=MODERATOR, reason="", now=NOW)
    await database.write(lambda c: pots.fill_pot(c, deed, amount_credits=20, from_user_id=None))
    assert await database.write(lambda c: both(c, 3)) == [False, False, True, True]
    await database.write(lambda c: give(c, 5))
    assert await database.write(lambda c: both(c, 5)) == [False, False, False, False]
    assert (await balance(database)).available_credits == 0
    assert await database.read(audit) == ()
