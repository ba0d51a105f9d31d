"""Attempts: leases, faults and what they cost, and jobs that are dead."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import attempts, jobs, ledger
from storage.attempts import LEASE, Verdict
from storage.audit import audit
from storage.database import Database
from storage.errors import IllegalMove, InsufficientCredits, JobExists, StaleAttempt
from storage.jobs import JobRecord
from tests.storage.builders import GUILD, NOW, admit, give, make_record


async def read(database: Database, job_id: str = "job1") -> JobRecord:
    return await database.read(lambda connection: jobs.get(connection, job_id))


async def admitted(database: Database, *numbers: int) -> None:
    def unit(connection: Connection) -> None:
        give(connection, 100)
        for number in numbers:
            admit(connection, make_record(number))

    await database.write(unit)


async def start(database: Database, attempt: int = 1, job_id: str = "job1") -> None:
    await database.write(
        lambda connection: attempts.start(connection, job_id=job_id, attempt=attempt, now=NOW)
    )


async def fault(
    database: Database,
    attempt: int,
    *,
    killed_worker: bool = False,
    jitter: float = 1.0,
    out_of_memory: bool = False,
    blameless: bool = False,
) -> tuple[Verdict, object]:
    return await database.write(
        lambda connection: attempts.record_fault(
            connection,
            job_id="job1",
            attempt=attempt,
            killed_worker=killed_worker,
            max_attempts=3,
            jitter=jitter,
            now=NOW,
            out_of_memory=out_of_memory,
            blameless=blameless,
        )
    )


def bury(connection: Connection) -> None:
    """What the bot does with a job that is dead."""
    jobs.finish(
        connection,
        job_id="job1",
        attempt=jobs.get(connection, "job1").attempt,
        state="dead",
        error_code="worker_crashed",
        now=NOW,
    )
    ledger.release(connection, job_id="job1", now=NOW)


async def die(database: Database) -> None:
    for attempt in (1, 2):
        await start(database, attempt)
        verdict, _ = await fault(database, attempt, killed_worker=True)
    assert verdict is Verdict.DEAD
    await database.write(bury)


async def test_a_running_job_has_a_lease_and_progress_renews_it(database: Database) -> None:
    await admitted(database, 1)
    await start(database)
    assert (await read(database)).lease_until == NOW + LEASE
    later = NOW + timedelta(seconds=10)
    await database.write(
        lambda connection: attempts.renew(connection, job_id="job1", attempt=1, now=later)
    )
    assert (await read(database)).lease_until == later + LEASE


async def test_a_job_without_progress_for_longer_than_its_lease_is_lost(
    database: Database,
) -> None:
    def lost(connection: Connection, seconds: float) -> list[str]:
        now = NOW + timedelta(seconds=seconds)
        return [job.id for job in attempts.lost(connection, now=now)]

    await admitted(database, 1, 2)
    await start(database)
    assert await database.read(lambda connection: lost(connection, 30)) == []
    assert await database.read(lambda connection: lost(connection, 31)) == ["job1"]


async def test_a_stale_worker_renews_nothing(database: Database) -> None:
    await admitted(database, 1)
    await start(database, 1)
    await start(database, 2)
    with pytest.raises(StaleAttempt):
        await database.write(
            lambda connection: attempts.renew(connection, job_id="job1", attempt=1, now=NOW)
        )
    await database.write(lambda connection: attempts.give_back(connection, job_id="job1"))
    with pytest.raises(IllegalMove):
        await database.write(
            lambda connection: attempts.renew(connection, job_id="job1", attempt=2, now=NOW)
        )


async def test_whoever_runs_a_job_hears_at_its_next_progress_that_it_is_cancelled(
    database: Database,
) -> None:
    def renew(connection: Connection) -> bool:
        return attempts.renew(connection, job_id="job1", attempt=1, now=NOW)

    def request(connection: Connection) -> bool:
        return attempts.request_cancel(connection, job_id="job1")

    await admitted(database, 1)
    await start(database)
    assert not await database.write(renew)
    assert await database.write(request)
    assert await database.write(renew)
    await database.write(bury)
    assert not await database.write(request)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
async def test_faults_are_waited_out_longer_each_time_and_the_third_is_the_last(
    database: Database, jitter: float
) -> None:
    await admitted(database, 1)
    for attempt, seconds in ((1, 5), (2, 30)):
        await start(database, attempt)
        until = NOW + timedelta(seconds=jitter * seconds)
        assert await fault(database, attempt, jitter=jitter) == (Verdict.AGAIN, until)
        job = await read(database)
        assert (job.state, job.not_before, job.lease_until) == ("waiting", until, None)
    await start(database, 3)
    assert await fault(database, 3) == (Verdict.FAILED, None)
    assert (await read(database)).state == "running", "the caller ends it, with its credits"


async def test_a_fault_of_an_attempt_that_was_taken_over_counts_for_nothing(
    database: Database,
) -> None:
    await admitted(database, 1)
    await start(database, 1)
    await start(database, 2)
    with pytest.raises(StaleAttempt):
        await fault(database, 1)
    assert (await read(database)).faults == 0


async def test_a_restart_that_was_asked_for_uses_up_no_attempt(database: Database) -> None:
    await admitted(database, 1, 2)
    for attempt in range(1, 10):
        await start(database, attempt)
        assert await database.write(attempts.give_back_all) == 1
    job = await read(database)
    assert (job.state, job.attempt, job.faults) == ("waiting", 9, 0)


async def test_a_job_that_kills_its_worker_twice_is_dead_and_its_credits_are_back(
    database: Database,
) -> None:
    await admitted(database, 1)
    await die(database)
    job = await read(database)
    assert (job.state, job.worker_kills, job.error_code) == ("dead", 2, "worker_crashed")
    available = await database.read(
        lambda connection: ledger.available_credits(connection, guild_id=GUILD, user_id=job.user_id)
    )
    assert available == 100
    assert await database.read(audit) == ()


def dead(connection: Connection) -> list[str]:
    return [job.id for job in attempts.dead(connection, guild_id=GUILD, limit=10)]


def requeue(connection: Connection, number: int = 7) -> JobRecord:
    again = attempts.requeue_dead(
        connection, job_id="job1", new_job_id=f"job{number}", interaction_id=number, now=NOW
    )
    ledger.reserve(
        connection,
        job_id=again.id,
        guild_id=again.guild_id,
        user_id=again.user_id,
        amount_credits=again.price_credits,
        now=NOW,
    )
    return again


async def test_a_moderator_sees_the_dead_and_requeues_one_once(database: Database) -> None:
    await admitted(database, 1, 2)
    await die(database)
    assert await database.read(dead) == ["job1"]
    elsewhere = await database.read(
        lambda connection: attempts.dead(connection, guild_id=GUILD + 1, limit=10)
    )
    assert elsewhere == ()
    await database.write(requeue)
    again = await read(database, "job7")
    assert (again.state, again.attempt, again.worker_kills) == ("waiting", 0, 0)
    assert again.request_json == (await read(database)).request_json
    assert await database.read(dead) == []
    with pytest.raises(IllegalMove):
        await database.write(lambda connection: requeue(connection, 8))
    with pytest.raises(JobExists):
        await database.write(requeue)
    assert await database.read(audit) == ()


async def test_the_dead_are_requeued_only_for_credits(database: Database) -> None:
    await admitted(database, 1)
    await die(database)
    await database.write(lambda connection: admit(connection, make_record(5, price_credits=95)))
    with pytest.raises(InsufficientCredits):
        await database.write(requeue)
    assert await database.read(dead) == ["job1"]


async def test_only_the_dead_are_requeued(database: Database) -> None:
    await admitted(database, 1)
    with pytest.raises(IllegalMove):
        await database.write(requeue)


async def test_a_put_off_job_that_is_started_early_waits_no_more(database: Database) -> None:
    await admitted(database, 1)
    await start(database, 1)
    await fault(database, 1)
    await start(database, 2)
    assert (await read(database)).not_before is None


async def test_running_out_of_memory_is_tried_once_in_less_before_it_counts(
    database: Database,
) -> None:
    await admitted(database, 1)
    await start(database, 1)
    assert await fault(database, 1, out_of_memory=True) == (Verdict.AGAIN, NOW)
    job = await read(database)
    assert (job.state, job.faults, job.spare_memory) == ("waiting", 0, True)
    await start(database, 2)
    verdict, until = await fault(database, 2, out_of_memory=True)
    assert (verdict, until) == (Verdict.AGAIN, NOW + timedelta(seconds=5))
    assert (await read(database)).faults == 1


async def test_a_worker_lost_for_another_jobs_sake_is_not_counted_and_tried_at_once(
    database: Database,
) -> None:
    await admitted(database, 1)
    await start(database, 1)
    assert await fault(database, 1, blameless=True) == (Verdict.AGAIN, NOW)
    job = await read(database)
    assert (job.state, job.faults, job.worker_kills, job.spare_memory) == ("waiting", 0, 0, False)


async def test_the_dead_are_paged_and_counted(database: Database) -> None:
    await admitted(database, 1, 2)
    await die(database)
    page = await database.read(lambda c: attempts.dead(c, guild_id=GUILD, limit=1, skip=1))
    assert page == ()
    for guild_id, count in ((GUILD, 1), (GUILD + 1, 0), (None, 1)):
        found = await database.read(
            lambda c, guild_id=guild_id: attempts.dead_count(c, guild_id=guild_id)
        )
        assert found == count
