"""The outbox: every outcome is posted once, sent directly, or kept with the reason."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from storage import deliveries, jobs
from storage.audit import audit
from storage.database import Database
from storage.deliveries import DeliveryRecord
from storage.errors import IllegalMove, UnknownJob
from storage.jobs import JobRecord
from tests.storage.builders import NOW, admit, fail, give, make_record, succeed


@pytest.fixture
async def ended(database: Database) -> Database:
    """With job1, which succeeded, job2, which failed, and job3, which waits."""

    def unit(connection: Connection) -> None:
        give(connection, 100)
        for number in (1, 2, 3):
            admit(connection, make_record(number))
        succeed(connection, "job1")
        fail(connection, "job2")

    await database.write(unit)
    return database


async def read(database: Database, job_id: str = "job1") -> DeliveryRecord:
    return await database.read(lambda connection: deliveries.get(connection, job_id))


async def job(database: Database, job_id: str = "job1") -> JobRecord:
    return await database.read(lambda connection: jobs.get(connection, job_id))


async def begin(database: Database, now: datetime = NOW) -> DeliveryRecord:
    return await database.write(
        lambda connection: deliveries.begin(connection, job_id="job1", now=now)
    )


async def post(database: Database, message_id: int = 5, now: datetime = NOW) -> None:
    await database.write(
        lambda connection: deliveries.posted(
            connection, job_id="job1", message_id=message_id, now=now
        )
    )


async def put_off(database: Database, *, perhaps_posted: bool, now: datetime = NOW) -> None:
    await database.write(
        lambda connection: deliveries.put_off(
            connection,
            job_id="job1",
            until=now + timedelta(seconds=5),
            problem="no answer",
            perhaps_posted=perhaps_posted,
        )
    )


def unfinished(connection: Connection) -> list[str]:
    return [delivery.job_id for delivery in deliveries.unfinished(connection)]


async def test_what_has_ended_is_to_be_delivered_from_the_same_moment(ended: Database) -> None:
    assert sorted(await ended.read(unfinished)) == ["job1", "job2"]
    with pytest.raises(UnknownJob):
        await read(ended, "job3")
    assert await ended.read(audit) == ()


async def test_an_end_that_is_rolled_back_is_not_to_be_delivered(ended: Database) -> None:
    def end_and_fail(connection: Connection) -> None:
        fail(connection, "job3")
        raise LookupError

    with pytest.raises(LookupError):
        await ended.write(end_and_fail)
    assert sorted(await ended.read(unfinished)) == ["job1", "job2"]


async def test_a_posted_outcome_is_delivered_once_and_first_counts(ended: Database) -> None:
    await begin(ended)
    await post(ended, 5)
    await post(ended, 6, NOW + timedelta(minutes=5))
    found = await read(ended)
    assert (found.state, found.message_id, found.ended_at) == ("posted", 5, NOW)
    assert (await job(ended)).delivered_at == NOW
    assert await ended.read(unfinished) == ["job2"]
    with pytest.raises(IllegalMove):
        await begin(ended)


async def test_an_outcome_that_can_never_be_posted_is_kept_with_the_reason(
    ended: Database,
) -> None:
    await ended.write(
        lambda connection: deliveries.keep(
            connection, job_id="job1", problem="the channel is gone", now=NOW
        )
    )
    found = await job(ended)
    assert (found.delivered_at, found.delivery_problem) == (None, "the channel is gone")
    with pytest.raises(IllegalMove):
        await post(ended)


async def test_a_direct_message_counts_as_delivered_and_says_why(ended: Database) -> None:
    await ended.write(
        lambda connection: deliveries.sent_directly(
            connection, job_id="job1", message_id=9, problem="no access", now=NOW
        )
    )
    found = await job(ended)
    assert (found.delivered_at, found.delivery_problem) == (NOW, "no access")


async def test_after_a_refusal_nothing_is_out_and_after_silence_perhaps(ended: Database) -> None:
    await begin(ended)
    await put_off(ended, perhaps_posted=False)
    refused = await read(ended)
    assert (refused.state, refused.sending_since, refused.attempts) == ("pending", None, 1)
    assert refused.next_attempt_at == NOW + timedelta(seconds=5)
    await begin(ended)
    await put_off(ended, perhaps_posted=True)
    silent = await read(ended)
    assert (silent.state, silent.sending_since, silent.attempts) == ("sending", NOW, 2)


@pytest.mark.parametrize(
    ("passed", "look_first"),
    [
        (timedelta(seconds=0), False),
        (timedelta(seconds=119), False),
        (timedelta(seconds=120), True),
        (timedelta(days=3), True),
        (timedelta(seconds=-1), True),
    ],
    ids=["at once", "within the window", "at its end", "days later", "a clock set back"],
)
async def test_a_nonce_is_trusted_only_while_discord_remembers_it(
    ended: Database, passed: timedelta, look_first: bool
) -> None:
    await begin(ended)
    assert (await read(ended)).may_be_posted_unseen(NOW + passed) is look_first


async def test_the_window_begins_with_the_first_message_that_may_be_out(ended: Database) -> None:
    await begin(ended)
    await begin(ended, NOW + timedelta(seconds=90))
    assert (await read(ended)).sending_since == NOW
    late = NOW + timedelta(minutes=10)
    assert (await begin(ended, late)).may_be_posted_unseen(late)
    assert (await read(ended)).sending_since == late, "it was looked for, and is sent anew"


async def test_a_nonce_is_the_same_at_each_try_and_short_enough(database: Database) -> None:
    long = make_record(2, id="a-job-whose-id-is-very-long-indeed")

    def unit(connection: Connection) -> None:
        give(connection, 100)
        for record in (make_record(1), long):
            admit(connection, record)
            fail(connection, record.id)

    await database.write(unit)
    nonces = {(await read(database, each)).nonce for each in ("job1", long.id)}
    assert "clip-job1" in nonces
    assert len(nonces) == 2
    assert max(len(nonce) for nonce in nonces) == 25
