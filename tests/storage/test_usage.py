"""The numbers of the moderators' report, from jobs with known waits and ends."""

from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection

from storage import attempts, booking, usage
from storage.database import Database
from storage.jobs import TerminalState
from storage.usage import Refunds
from tests.storage.builders import GUILD, MEMBER, NOW, OTHER_MEMBER, give, make_record

WEEK = timedelta(days=7)


def run(
    connection: Connection,
    number: int,
    *,
    wait_seconds: float = 0,
    ends: TerminalState | Literal["waiting"] = "succeeded",
    **changes: object,
) -> None:
    """A job that waited so long and then ended so."""
    record = make_record(number, **changes)
    booking.admit(connection, record, may_be_relaxed=True, now=record.created_at)
    begun = record.created_at + timedelta(seconds=wait_seconds)
    if ends == "waiting":
        return
    attempts.start(connection, job_id=record.id, attempt=1, now=begun)
    clip = {"clip_json": "{}", "clip_sha256": "ab" * 32} if ends == "succeeded" else {}
    code = {"error_code": "worker_crashed"} if ends == "failed" else {}
    booking.finish(
        connection,
        job_id=record.id,
        attempt=1,
        state=ends,
        now=begun,
        **clip,
        **code,  # type: ignore[arg-type]
    )


async def test_jobs_of_the_time_and_guild_are_told_with_their_waits(database: Database) -> None:
    def happen(connection: Connection) -> None:
        give(connection, 100)
        run(connection, 1, wait_seconds=3)
        run(connection, 2, wait_seconds=5, ends="failed")
        run(connection, 3, ends="waiting")
        run(connection, 4, user_id=OTHER_MEMBER, wait_seconds=7)
        run(connection, 5, created_at=NOW - WEEK - timedelta(seconds=1))
        run(connection, 6, guild_id=GUILD + 1)

    await database.write(happen)
    uses = await database.read(
        lambda c: usage.jobs_between(
            c, guild_id=GUILD, since=NOW - WEEK, until=NOW + timedelta(seconds=1)
        )
    )
    assert [(each.user_id, each.wait_seconds, each.price_credits) for each in uses] == [
        (MEMBER, 3.0, 10),
        (MEMBER, 5.0, 0),
        (MEMBER, None, 0),
        (OTHER_MEMBER, 7.0, 0),
    ], "a failed one cost nothing, and neither did the relaxed one"


async def test_refunds_count_when_they_came_back(database: Database) -> None:
    def happen(connection: Connection) -> None:
        give(connection, 100)
        run(connection, 1, ends="failed", wait_seconds=10)
        run(connection, 2, ends="cancelled", wait_seconds=20)
        run(connection, 3)

    await database.write(happen)

    async def refunds(seconds: int) -> Refunds:
        until = NOW + timedelta(seconds=seconds)
        return await database.read(
            lambda c: usage.refunds(c, guild_id=GUILD, since=NOW, until=until)
        )

    assert await refunds(60) == Refunds(jobs=2, credits=20)
    assert await refunds(15) == Refunds(jobs=1, credits=10)
    assert await refunds(5) == Refunds(jobs=0, credits=0)


async def test_the_most_remixed_leaves_private_clips_out(database: Database) -> None:
    jobs: tuple[tuple[str | None, bool, TerminalState], ...] = (
        (None, False, "succeeded"),
        (None, True, "succeeded"),
        ("job1", False, "succeeded"),
        ("job1", False, "succeeded"),
        ("job1", True, "succeeded"),
        ("job1", False, "failed"),
        ("job2", False, "succeeded"),
        ("job3", False, "succeeded"),
    )

    def happen(connection: Connection) -> None:
        give(connection, 500)
        for number, (parent, private, ends) in enumerate(jobs, start=1):
            run(connection, number, parent_job_id=parent, private=private, ends=ends)

    await database.write(happen)
    found = await database.read(
        lambda c: usage.most_remixed(c, guild_id=GUILD, since=NOW, until=NOW + WEEK, limit=5)
    )
    assert [(each.job_id, each.remixes) for each in found] == [("job1", 2), ("job3", 1)]
