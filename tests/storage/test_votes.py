"""Votes: one a member, what they said last, whatever the order; none once the models are known."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from storage import comparisons, reviews, votes
from storage.arena_errors import ComparisonClosed, NotVoted, UnknownComparison, VoteIsFinal
from storage.database import Database
from storage.reviews import Decision
from storage.votes import CHOICES, Choice
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW
from tests.storage.stores import SqliteStore
from tests.storage.test_comparisons import begin_vote, open_comparison

PEOPLE = (11, 12, 13, 14)
SAID: st.SearchStrategy[list[tuple[int, Choice]]] = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(CHOICES))
)


def vote(connection: Connection, user_id: int, choice: Choice, number: int = 1) -> int:
    return votes.cast(
        connection,
        comparison_id=f"c{number}",
        guild_id=GUILD,
        user_id=user_id,
        choice=choice,
        now=NOW,
    )


async def test_a_member_has_one_vote_and_may_change_it(database: Database) -> None:
    await database.write(begin_vote)
    said: list[tuple[int, Choice]] = [(11, "a"), (11, "b"), (12, "tie"), (11, "b")]
    counted = [
        await database.write(lambda c, who=who, choice=choice: vote(c, who, choice))
        for who, choice in said
    ]
    assert counted == [1, 1, 2, 2]
    found = await database.read(lambda c: votes.counts(c, "c1"))
    assert found == {"a": 0, "b": 1, "tie": 1, "bad": 0}


async def test_whoever_was_told_the_models_changes_nothing_any_more(database: Database) -> None:
    def tell(connection: Connection, user_id: int) -> Choice:
        _, choice = votes.tell(connection, comparison_id="c1", guild_id=GUILD, user_id=user_id)
        return choice

    await database.write(begin_vote)
    await database.write(lambda c: vote(c, 11, "a"))
    with pytest.raises(NotVoted):
        await database.write(lambda c: tell(c, 12))
    assert await database.write(lambda c: tell(c, 11)) == "a"
    assert await database.write(lambda c: tell(c, 11)) == "a"
    with pytest.raises(VoteIsFinal):
        await database.write(lambda c: vote(c, 11, "b"))
    assert await database.write(lambda c: vote(c, 12, "b")) == 2, "others go on"


async def test_votes_are_taken_while_it_is_open_and_from_its_own_server(database: Database) -> None:
    with pytest.raises(UnknownComparison):
        await database.write(lambda c: vote(c, 11, "a"))
    await database.write(open_comparison)
    with pytest.raises(ComparisonClosed):
        await database.write(lambda c: vote(c, 11, "a"))
    await database.write(lambda c: begin_vote(c, 2))
    with pytest.raises(UnknownComparison):
        await database.write(
            lambda c: votes.cast(
                c, comparison_id="c2", guild_id=GUILD + 1, user_id=11, choice="a", now=NOW
            )
        )
    await database.write(lambda c: vote(c, 11, "a", 2))
    await database.write(
        lambda c: comparisons.reveal(c, comparison_id="c2", revealed_by=MEMBER, now=NOW)
    )
    with pytest.raises(ComparisonClosed):
        await database.write(lambda c: vote(c, 12, "a", 2))
    assert sum((await database.read(lambda c: votes.counts(c, "c2"))).values()) == 1


async def test_only_votes_on_pairs_drawn_at_random_are_rated_by_server_or_all(
    database: Database,
) -> None:
    def unit(connection: Connection) -> None:
        begin_vote(connection, 1)
        begin_vote(connection, 2, uniform=False)
        begin_vote(connection, 3)
        begin_vote(connection, 4)
        for number, who in ((1, 11), (1, 12), (2, 11), (3, 11)):
            vote(connection, who, "bad" if who == 12 else "a", number)
        comparisons.reveal(connection, comparison_id="c3", revealed_by=MEMBER, now=NOW)

    await database.write(unit)
    (first, second) = await database.read(lambda c: votes.rated(c, guild_id=GUILD))
    assert (first.comparison_id, second.comparison_id) == ("c1", "c3")
    assert (first.contender_a, first.contender_b) == ("pocket", "pocket/quick")
    assert first.counts == {"a": 1, "b": 0, "tie": 0, "bad": 1}
    assert await database.read(lambda c: votes.rated(c, guild_id=None)) == (first, second)
    assert await database.read(lambda c: votes.rated(c, guild_id=GUILD + 1)) == ()


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SAID, st.randoms())
def test_only_what_each_member_said_last_counts(
    said: list[tuple[int, Choice]], random: Random
) -> None:
    """The order among members makes no difference, and repeats make none."""
    store = SqliteStore()
    last = dict(said)
    mixed: list[tuple[int, Choice]] = [
        (who, choice) for who, choice in last.items() for _ in (1, 2)
    ]
    random.shuffle(mixed)

    def counted(acts: list[tuple[int, Choice]], number: int) -> dict[Choice, int]:
        store.run(lambda connection: begin_vote(connection, number))
        for who, choice in acts:
            store.run(lambda c, who=who, choice=choice: vote(c, who, choice, number))
        return dict(store.run(lambda c: votes.counts(c, f"c{number}")))

    try:
        wanted = {choice: list(last.values()).count(choice) for choice in CHOICES}
        assert counted(said, 1) == wanted == counted(mixed, 2)
    finally:
        store.close()


async def test_while_a_clip_is_down_nobody_votes_and_the_votes_before_stay(
    database: Database,
) -> None:
    decision = Decision(job_id="job1", guild_id=GUILD, made_by=MODERATOR, now=NOW)

    def rated(connection: Connection) -> list[dict[Choice, int]]:
        return [dict(tally.counts) for tally in votes.rated(connection, guild_id=GUILD)]

    def stop(connection: Connection) -> list[dict[Choice, int]]:
        begin_vote(connection)
        vote(connection, 11, "a")
        vote(connection, 12, "b")
        reviews.take_down(connection, decision, "rude")
        with pytest.raises(ComparisonClosed) as stopped:
            vote(connection, 11, "b")
        assert stopped.value.state == "taken_down"
        votes.tell(connection, comparison_id="c1", guild_id=GUILD, user_id=12)
        return rated(connection)

    assert await database.write(stop) == [{"a": 1, "b": 1, "tie": 0, "bad": 0}]

    def go_on(connection: Connection) -> list[dict[Choice, int]]:
        reviews.restore(connection, decision)
        vote(connection, 11, "b")
        return rated(connection)

    assert await database.write(go_on) == [{"a": 0, "b": 2, "tie": 0, "bad": 0}]
