"""Comparisons: their states, and what each does to the outcomes of their jobs."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from storage import comparisons, deliveries, jobs
from storage.arena_errors import ComparisonClosed, UnknownComparison
from storage.comparisons import Comparison
from storage.database import Database
from storage.errors import IllegalMove
from tests.storage.builders import GUILD, MEMBER, NOW, admit, fail, give, make_record, succeed

MESSAGE = 88


def make_comparison(number: int = 1, **changes: object) -> Comparison:
    """Of the jobs 2n - 1 and 2n."""
    made = Comparison(
        id=f"c{number}",
        interaction_id=2 * number - 1,
        guild_id=GUILD,
        user_id=MEMBER,
        channel_id=7,
        job_a_id=f"job{2 * number}",
        job_b_id=f"job{2 * number - 1}",
        contender_a="pocket",
        contender_b="pocket/quick",
        uniform=True,
        made_at=NOW,
    )
    return replace(made, **changes)


def open_comparison(connection: Connection, number: int = 1, **changes: object) -> Comparison:
    """With its two jobs, whose credits are held."""
    for job in (2 * number - 1, 2 * number):
        give(connection, 10 * job)
        admit(connection, make_record(job))
    comparison = make_comparison(number, **changes)
    comparisons.add(connection, comparison)
    return comparison


def begin_vote(connection: Connection, number: int = 1, **changes: object) -> Comparison:
    """With both clips made."""
    comparison = open_comparison(connection, number, **changes)
    for job_id in comparison.job_ids:
        succeed(connection, job_id)
    comparisons.begin_voting(connection, comparison_id=comparison.id)
    return comparisons.get(connection, comparison.id)


def show(connection: Connection, comparison: Comparison, message_id: int | None = MESSAGE) -> None:
    comparisons.shown(
        connection,
        comparison_id=comparison.id,
        state=comparisons.get(connection, comparison.id).state,
        message_id=message_id,
        now=NOW,
    )


async def test_both_outcomes_are_told_by_the_comparison_once_its_message_shows_them(
    database: Database,
) -> None:
    def unit(connection: Connection) -> list[object]:
        comparison = begin_vote(connection)
        blind = [jobs.get(connection, job_id).comparison_id for job_id in comparison.job_ids]
        with pytest.raises(IllegalMove):
            deliveries.begin(connection, job_id=comparison.job_a_id, now=NOW)
        unsettled = [each.id for each in comparisons.unsettled(connection)]
        show(connection, comparison)
        return [
            blind,
            unsettled,
            [each.id for each in comparisons.unsettled(connection)],
            [deliveries.get(connection, job_id).state for job_id in comparison.job_ids],
            [jobs.get(connection, job_id).card_message_id for job_id in comparison.job_ids],
        ]

    assert await database.write(unit) == [
        ["c1", "c1"], ["c1"], [], ["posted", "posted"], [MESSAGE, MESSAGE],
    ]  # fmt: skip


async def test_of_one_called_off_the_clip_goes_its_own_way_and_the_loss_is_told(
    database: Database,
) -> None:
    def unit(connection: Connection) -> tuple[Comparison, bool]:
        comparison = open_comparison(connection)
        succeed(connection, comparison.job_a_id)
        fail(connection, comparison.job_b_id)
        ended = [
            comparisons.call_off(connection, comparison_id="c1", problem=problem, now=NOW)
            for problem in ("the first reason", "a later one")
        ]
        assert ended == [True, False]
        show(connection, comparison)
        return comparisons.get(connection, "c1"), comparisons.begin_voting(
            connection, comparison_id="c1"
        )

    comparison, voting = await database.write(unit)
    assert not voting
    assert comparison.problem == "the first reason"

    def outcomes(connection: Connection) -> tuple[str | None, str | None, str]:
        made, lost = (jobs.get(connection, job_id) for job_id in comparison.job_ids)
        begun = deliveries.begin(connection, job_id=made.id, now=NOW)
        lost_state = deliveries.get(connection, lost.id).state
        return made.comparison_id, begun.problem, lost_state

    assert await database.write(outcomes) == (None, None, "posted")


async def test_a_clip_that_waits_for_the_other_one_is_not_overdue(database: Database) -> None:
    def unit(connection: Connection) -> list[bool]:
        comparison = open_comparison(connection)
        succeed(connection, comparison.job_a_id)
        waits = [deliveries.oldest_unfinished(connection) is not None]
        succeed(connection, comparison.job_b_id)
        comparisons.begin_voting(connection, comparison_id="c1")
        waits.append(deliveries.oldest_unfinished(connection) is not None)
        show(connection, comparison)
        return [*waits, deliveries.oldest_unfinished(connection) is not None]

    assert await database.write(unit) == [False, True, False]


async def test_without_a_message_the_outcomes_are_kept_to_be_looked_up(database: Database) -> None:
    def unit(connection: Connection) -> list[str]:
        comparison = open_comparison(connection)
        for job_id in comparison.job_ids:
            fail(connection, job_id)
        comparisons.call_off(connection, comparison_id="c1", problem="lost", now=NOW)
        show(connection, comparison, None)
        show(connection, comparison, None)
        return [deliveries.get(connection, job_id).state for job_id in comparison.job_ids]

    assert await database.write(unit) == ["kept", "kept"]


async def test_a_comparison_is_revealed_once_and_only_while_it_is_voted_on(
    database: Database,
) -> None:
    def reveal(connection: Connection) -> None:
        comparisons.reveal(connection, comparison_id="c1", revealed_by=MEMBER, now=NOW)

    with pytest.raises(UnknownComparison):
        await database.write(reveal)
    await database.write(open_comparison)
    with pytest.raises(ComparisonClosed) as early:
        await database.write(reveal)
    assert early.value.state == "making"

    def make(connection: Connection) -> Comparison:
        for job_id in ("job1", "job2"):
            succeed(connection, job_id)
        comparisons.begin_voting(connection, comparison_id="c1")
        reveal(connection)
        found = comparisons.of_job(connection, "job1")
        assert found is not None
        return found

    revealed = await database.write(make)
    assert (revealed.state, revealed.revealed_by, revealed.ended_at) == ("revealed", MEMBER, NOW)
    with pytest.raises(ComparisonClosed) as late:
        await database.write(reveal)
    assert late.value.state == "revealed"


async def test_a_message_that_is_posted_anew_shows_both_jobs_from_then_on(
    database: Database,
) -> None:
    def unit(connection: Connection) -> list[int | None]:
        comparison = begin_vote(connection)
        show(connection, comparison)
        comparisons.set_message(connection, comparison_id="c1", message_id=MESSAGE + 1)
        found = comparisons.get(connection, "c1")
        cards = [jobs.get(connection, job_id).card_message_id for job_id in found.job_ids]
        return [found.message_id, *cards]

    assert await database.write(unit) == [MESSAGE + 1] * 3
