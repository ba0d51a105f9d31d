"""The audit finds each kind of disorder, made here behind the ledger's back."""

import pytest
from sqlalchemy import Connection

from storage import ledger
from storage.audit import audit
from storage.database import Database
from tests.storage.builders import (
    GUILD,
    MEMBER,
    NOW,
    admit,
    fail,
    give,
    make_record,
    succeed,
)


def some_history(connection: Connection) -> None:
    give(connection, 100)
    for number in (1, 2, 3):
        admit(connection, make_record(number))
    succeed(connection, "job1")
    fail(connection, "job2")


UNGUARD = {
    "sqlite": "DROP TRIGGER transfers_forbid_update",
    "postgresql": "DROP TRIGGER transfers_guard_update ON transfers",
}


async def test_books_in_order_have_no_drift(database: Database) -> None:
    assert await database.read(audit) == ()
    await database.write(some_history)
    assert await database.read(audit) == ()


@pytest.mark.parametrize(
    ("damage", "rule", "subject"),
    [
        (
            "UPDATE accounts SET credits_posted = credits_posted + 7 WHERE kind = 'user'",
            "the sum of debits is the sum of credits",
            "all accounts",
        ),
        (
            "UPDATE accounts SET debits_pending = 0 WHERE kind = 'user'",
            "an account is the fold of its transfers",
            f"member:{GUILD}:{MEMBER}",
        ),
        (
            "UPDATE transfers SET amount_credits = 9 WHERE id = 'job:job2:release'",
            "a resolution is its reservation's, once and in full",
            "job:job2:release",
        ),
        (
            "UPDATE jobs SET price_credits = 11 WHERE id = 'job3'",
            "a job has a reservation of its price, and a reservation a job",
            "job3",
        ),
        (
            "DELETE FROM jobs WHERE id = 'job3'",
            "a job has a reservation of its price, and a reservation a job",
            "job3",
        ),
        (
            "UPDATE jobs SET state = 'cancelled', finished_at = 1 WHERE id = 'job3'",
            "success settles, failure and cancelling release, and nothing else does",
            "job3",
        ),
        (
            "UPDATE jobs SET state = 'failed', error_code = 'x', clip_json = NULL,"
            " clip_sha256 = NULL WHERE id = 'job1'",
            "success settles, failure and cancelling release, and nothing else does",
            "job1",
        ),
        (
            "DELETE FROM deliveries WHERE job_id = 'job1'",
            "what has ended is in the outbox, and nothing else is",
            "job1",
        ),
        (
            "INSERT INTO deliveries (job_id, state, nonce, attempts, next_attempt_at)"
            " VALUES ('job3', 'pending', 'early', 0, 1)",
            "what has ended is in the outbox, and nothing else is",
            "job3",
        ),
    ],
)
async def test_each_disorder_is_found(
    database: Database, damage: str, rule: str, subject: str
) -> None:
    await database.write(some_history)

    def spoil(connection: Connection) -> None:
        connection.exec_driver_sql(UNGUARD[connection.dialect.name])
        connection.exec_driver_sql(damage)

    await database.write(spoil)
    assert (rule, subject) in {(drift.rule, drift.subject) for drift in await database.read(audit)}


async def test_a_reservation_that_outlives_its_unit_alone_is_found(database: Database) -> None:
    def forget_the_job(connection: Connection) -> None:
        give(connection, 100)
        ledger.reserve(
            connection, job_id="lost", guild_id=GUILD, user_id=MEMBER, amount_credits=5, now=NOW
        )

    await database.write(forget_the_job)
    assert [drift.subject for drift in await database.read(audit)] == ["lost"]
