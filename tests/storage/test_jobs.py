"""Jobs, from admission to delivery."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import attempts, jobs
from storage.database import Database
from storage.errors import IllegalMove, JobExists, StaleAttempt, UnknownJob
from storage.jobs import ActiveJobs, JobRecord, PastRun
from tests.storage.builders import (
    GUILD,
    MEMBER,
    NOW,
    OTHER_MEMBER,
    admit,
    fail,
    give,
    make_record,
    succeed,
)


async def add(database: Database, *records: JobRecord) -> None:
    def unit(connection: Connection) -> None:
        for record in records:
            jobs.add(connection, record)

    await database.write(unit)


async def read(database: Database, job_id: str) -> JobRecord:
    return await database.read(lambda connection: jobs.get(connection, job_id))


async def start(database: Database, job_id: str, attempt: int) -> None:
    await database.write(
        lambda connection: attempts.start(connection, job_id=job_id, attempt=attempt, now=NOW)
    )


async def cancel(database: Database, job_id: str, attempt: int) -> None:
    await database.write(
        lambda connection: jobs.finish(
            connection, job_id=job_id, attempt=attempt, state="cancelled", now=NOW
        )
    )


async def test_a_job_comes_back_as_it_was_recorded(database: Database) -> None:
    parent = make_record(1)
    record = make_record(2, private=True, parent_job_id="job1")
    await add(database, parent, record)
    stored = dataclasses.replace(record, parent_user_id=MEMBER)
    assert await read(database, "job2") == stored
    assert await database.read(lambda connection: jobs.find_by_interaction(connection, 2)) == stored


async def test_a_job_is_found_by_the_message_that_shows_it(database: Database) -> None:
    await add(database, make_record(1), make_record(2))
    await database.write(
        lambda connection: jobs.set_card_message(connection, job_id="job2", card_message_id=77)
    )

    async def found(guild_id: int, message_id: int) -> JobRecord | None:
        return await database.read(
            lambda connection: jobs.find_by_card(
                connection, guild_id=guild_id, card_message_id=message_id
            )
        )

    record = await found(GUILD, 77)
    assert record is not None
    assert record.id == "job2"
    assert await found(GUILD + 1, 77) is None
    assert await found(GUILD, 78) is None


async def test_a_replayed_interaction_finds_its_first_job(database: Database) -> None:
    await add(database, make_record(1))
    with pytest.raises(JobExists) as exists:
        await add(database, make_record(2, interaction_id=1))
    assert exists.value.job_id == "job1"
    with pytest.raises(UnknownJob):
        await read(database, "job2")


async def test_a_job_is_admitted_waiting(database: Database) -> None:
    with pytest.raises(IllegalMove):
        await add(database, make_record(1, state="succeeded"))


async def test_nobody_knows_a_job_that_is_not_there(database: Database) -> None:
    with pytest.raises(UnknownJob):
        await read(database, "nothing")
    with pytest.raises(UnknownJob):
        await start(database, "nothing", 1)
    with pytest.raises(UnknownJob):
        await database.write(
            lambda connection: jobs.set_card_message(
                connection, job_id="nothing", card_message_id=1
            )
        )
    assert await database.read(lambda connection: jobs.find_by_interaction(connection, 9)) is None


async def test_a_job_runs_and_succeeds(database: Database) -> None:
    await database.write(lambda connection: give(connection, 100))
    await database.write(lambda connection: admit(connection, make_record(1)))
    await database.write(lambda connection: succeed(connection, "job1", seconds=4))
    job = await read(database, "job1")
    assert (job.state, job.attempt, job.clip_sha256) == ("succeeded", 1, "ab" * 32)
    assert (job.started_at, job.finished_at) == (NOW, NOW + timedelta(seconds=4))


async def test_a_retry_has_a_higher_number_and_the_old_attempt_counts_no_more(
    database: Database,
) -> None:
    await add(database, make_record(1))
    await start(database, "job1", 1)
    await start(database, "job1", 2)
    with pytest.raises(StaleAttempt) as stale:
        await cancel(database, "job1", 1)
    assert (stale.value.attempt, stale.value.current_attempt) == (1, 2)
    with pytest.raises(StaleAttempt):
        await start(database, "job1", 2)
    assert (await read(database, "job1")).state == "running"


async def test_a_late_result_of_an_old_attempt_is_stale_also_after_the_end(
    database: Database,
) -> None:
    await add(database, make_record(1))
    await start(database, "job1", 1)
    await start(database, "job1", 2)
    await cancel(database, "job1", 2)
    with pytest.raises(StaleAttempt):
        await cancel(database, "job1", 1)


async def test_a_requeued_job_waits_and_keeps_its_attempt_number(database: Database) -> None:
    await add(database, make_record(1))
    await start(database, "job1", 1)
    await database.write(lambda connection: attempts.give_back(connection, job_id="job1"))
    job = await read(database, "job1")
    assert (job.state, job.attempt, job.started_at) == ("waiting", 1, None)
    await start(database, "job1", 2)


async def test_a_waiting_job_can_be_cancelled_and_cannot_succeed(database: Database) -> None:
    await add(database, make_record(1))
    with pytest.raises(IllegalMove) as illegal:
        await database.write(
            lambda connection: jobs.finish(
                connection,
                job_id="job1",
                attempt=0,
                state="succeeded",
                clip_json="{}",
                clip_sha256="ab" * 32,
                now=NOW,
            )
        )
    assert (illegal.value.from_state, illegal.value.to_state) == ("waiting", "succeeded")
    await cancel(database, "job1", 0)
    assert (await read(database, "job1")).state == "cancelled"


async def test_what_has_ended_moves_no_more(database: Database) -> None:
    await add(database, make_record(1))
    await cancel(database, "job1", 0)
    with pytest.raises(IllegalMove):
        await cancel(database, "job1", 0)
    with pytest.raises(IllegalMove):
        await start(database, "job1", 1)
    with pytest.raises(IllegalMove):
        await database.write(lambda connection: attempts.give_back(connection, job_id="job1"))


async def test_the_card_message_is_remembered(database: Database) -> None:
    await add(database, make_record(1))
    await database.write(
        lambda connection: jobs.set_card_message(connection, job_id="job1", card_message_id=2**62)
    )
    assert (await read(database, "job1")).card_message_id == 2**62


async def test_unfinished_jobs_come_oldest_first(database: Database) -> None:
    await add(database, *(make_record(number) for number in (3, 1, 2)))
    await start(database, "job1", 1)
    await cancel(database, "job2", 0)
    found = await database.read(jobs.unfinished)
    assert [job.id for job in found] == ["job3", "job1"]


async def test_active_jobs_are_counted_for_a_member_and_for_a_server(database: Database) -> None:
    await add(
        database,
        make_record(1),
        make_record(2),
        make_record(3),
        make_record(4, user_id=OTHER_MEMBER),
        make_record(5, guild_id=GUILD + 1),
    )
    await start(database, "job1", 1)
    await cancel(database, "job2", 0)
    mine = await database.read(
        lambda connection: jobs.active_count(connection, guild_id=GUILD, user_id=MEMBER)
    )
    everybodys = await database.read(
        lambda connection: jobs.active_count(connection, guild_id=GUILD)
    )
    assert mine == ActiveJobs(waiting=1, running=1)
    assert everybodys == ActiveJobs(waiting=2, running=1)


async def test_a_member_sees_their_own_jobs_newest_first_in_pages(database: Database) -> None:
    await add(
        database,
        *(make_record(number) for number in (1, 2, 3)),
        make_record(4, user_id=OTHER_MEMBER),
    )

    def page(connection: Connection, before: str | None = None) -> list[str]:
        found = jobs.of_user(connection, guild_id=GUILD, user_id=MEMBER, limit=2, before=before)
        return [job.id for job in found]

    assert await database.read(page) == ["job3", "job2"]
    assert await database.read(lambda connection: page(connection, "job2")) == ["job1"]


async def test_past_runs_of_a_model_are_told_newest_first(database: Database) -> None:
    def runs(connection: Connection) -> None:
        give(connection, 100)
        for number, seconds in ((1, 4.5), (2, 8.0), (3, 1.0)):
            admit(connection, make_record(number, model="other" if number == 3 else "pocket"))
            succeed(connection, f"job{number}", clip_json=f'{{"seconds": {seconds}}}')
        admit(connection, make_record(4))
        fail(connection, "job4")

    await database.write(runs)
    found = await database.read(
        lambda connection: jobs.run_history(connection, model="pocket", limit=10)
    )
    assert found == tuple(
        PastRun(price_credits=10, clip_json=f'{{"seconds": {seconds}}}') for seconds in (8.0, 4.5)
    )
