"""Any sequence of entries, votes, moves, orders and repeats leaves what a small model says.

And votes: neither their order nor a repeat changes what is counted.
"""

from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from storage.audit import audit
from storage.errors import StorageError
from storage.theme_errors import (
    NotEnterable,
    NotEntered,
    OwnEntry,
    UnknownEntry,
    WrongPhase,
)
from storage.themes import entries, phases, pot, votes
from tests.storage.builders import GUILD, MODERATOR, NOW, give
from tests.storage.stores import PostgresStore, SqliteStore, Store
from tests.storage.themes.contests import (
    THEME,
    begin,
    decide,
    enter,
    finish,
    make_clip,
    open_one,
    order_in_thread,
    vote,
)

PEOPLE = (1, 2, 3)
POT = 25
PRICE = 10

people = st.sampled_from(PEOPLE)
voters = st.integers(1, 5)
orders = st.integers(101, 104)


class ThemeMachine(RuleBasedStateMachine):
    """Storage beside its model. Each of the people has two clips: of the jobs 2n and 2n + 1."""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_store()
        self.phase = "entering"
        self.entered: dict[int, str] = {}
        self.dropped: set[int] = set()
        self.gone: set[str] = set()
        self.votes: set[tuple[int, int]] = set()
        self.in_pot = POT
        self.ordered: dict[int, bool] = {}
        self.ended: set[int] = set()

    def open_store(self) -> Store:
        return SqliteStore()

    def teardown(self) -> None:
        self.store.close()

    def outcome(self, unit: Callable[[Connection], object]) -> object:
        """What the unit returned, or the type of the error that rolled it back."""
        try:
            return self.store.run(unit)
        except StorageError as error:
            return type(error)

    @initialize()
    def open_it(self) -> None:
        def prepare(connection: Connection) -> None:
            open_one(connection, pot_credits=POT)
            give(connection, 1000, user_id=9)
            for user_id in PEOPLE:
                for number in (2 * user_id, 2 * user_id + 1):
                    make_clip(connection, user_id, number)

        self.store.run(prepare)

    @rule(user_id=people, number=st.integers(2, 7))
    def enter_a_clip(self, user_id: int, number: int) -> None:
        job_id = f"job{number}"
        expected: object = self.entered.get(user_id)
        if self.phase != "entering":
            expected = WrongPhase
        elif number // 2 != user_id:
            expected = NotEnterable
        else:
            self.entered[user_id] = job_id
        assert self.outcome(lambda c: enter(c, user_id, job_id)) == expected

    @rule(user_id=people)
    def withdraw(self, user_id: int) -> None:
        expected: object = WrongPhase
        if self.phase == "entering":
            expected = self.entered.pop(user_id, NotEntered)
        assert expected == self.outcome(
            lambda c: entries.withdraw(c, theme_id=THEME, guild_id=GUILD, user_id=user_id)
        )

    @rule(voter_id=voters, author_id=people, wanted=st.booleans())
    def vote(self, voter_id: int, author_id: int, wanted: bool) -> None:
        expected: object = None
        if self.phase != "voting":
            expected = WrongPhase
        elif author_id not in self.entered:
            return  # There is no number to vote for.
        elif author_id in self.dropped:
            expected = UnknownEntry
        elif voter_id == author_id:
            expected = OwnEntry
        elif wanted:
            self.votes.add((voter_id, author_id))
        else:
            self.votes.discard((voter_id, author_id))
        assert expected == self.outcome(lambda c: vote(c, voter_id, author_id, wanted=wanted))

    @precondition(lambda self: self.entered)
    @rule()
    def begin_the_vote(self) -> None:
        expected: object = "voting" if self.phase == "entering" else WrongPhase
        if self.phase == "entering":
            self.phase, self.in_pot = "voting", 0
        assert self.outcome(lambda c: begin(c).phase) == expected

    @precondition(lambda self: self.phase != "entering")
    @rule()
    def decide_it(self) -> None:
        expected: object = "decided" if self.phase == "voting" else WrongPhase
        if self.phase == "voting":
            self.phase = "decided"
        assert self.outcome(lambda c: decide(c).phase) == expected

    @precondition(lambda self: self.phase != "entering" or len(self.ordered) > 2)
    @rule()
    def cancel_it(self) -> None:
        expected: object = WrongPhase
        if self.phase in ("entering", "voting"):
            self.phase, self.in_pot, expected = "cancelled", 0, "cancelled"
        assert expected == self.outcome(
            lambda c: phases.cancel(c, THEME, guild_id=GUILD, now=NOW, made_by=MODERATOR).phase
        )

    @rule(user_id=people)
    def delete_the_clip_that_is_entered(self, user_id: int) -> None:
        job_id = self.entered.get(user_id)
        if job_id is None:
            return
        if self.phase == "entering":
            del self.entered[user_id]
        elif self.phase == "voting":
            self.dropped.add(user_id)
            self.votes = {one for one in self.votes if one[1] != user_id}
        else:
            return
        self.store.run(lambda c: entries.drop_clip(c, job_id=job_id))

    @rule(number=orders)
    def order_in_the_thread(self, number: int) -> None:
        if number in self.ordered:
            return
        by_pot = self.phase == "entering" and self.in_pot >= PRICE
        self.in_pot -= PRICE if by_pot else 0
        self.ordered[number] = by_pot
        self.store.run(lambda c: order_in_thread(c, number, user_id=9))

    @rule(number=orders)
    def an_order_comes_to_nothing(self, number: int) -> None:
        if number not in self.ordered or number in self.ended:
            return
        self.ended.add(number)
        self.in_pot += PRICE if self.ordered[number] else 0
        self.store.run(lambda c: finish(c, number))

    @rule()
    def the_round_gives_back(self) -> None:
        due = self.store.run(pot.to_give_back)
        assert bool(due) == (self.phase != "entering" and self.in_pot > 0)
        for theme_id, guild_id in due:
            given = self.store.run(
                lambda c, theme_id=theme_id, guild_id=guild_id: pot.give_back(
                    c, theme_id=theme_id, guild_id=guild_id, now=NOW
                )
            )
            assert given == self.in_pot
            self.in_pot = 0

    @invariant()
    def the_books_are_in_order(self) -> None:
        assert self.store.run(audit) == ()

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        def read(connection: Connection) -> tuple[object, ...]:
            theme = phases.get(connection, THEME, guild_id=GUILD)
            found = {
                user_id: entry
                for user_id in PEOPLE
                if (entry := entries.of_member(connection, theme_id=THEME, user_id=user_id))
            }
            authors = {entry.number: user_id for user_id, entry in found.items()}
            given = {
                (voter, authors[number])
                for voter in range(1, 6)
                for number in votes.of_member(connection, theme_id=THEME, voter_id=voter)
            }
            return (
                theme.phase,
                {user_id: entry.job_id for user_id, entry in found.items()},
                {user_id for user_id, entry in found.items() if entry.dropped},
                given,
                pot.left(connection, theme_id=THEME, guild_id=GUILD),
            )

        found = self.store.run(read)
        assert found == (self.phase, self.entered, self.dropped, self.votes, self.in_pot)

    @invariant()
    def the_most_votes_have_won(self) -> None:
        if self.phase != "decided":
            return
        taking_part = set(self.entered) - self.dropped
        counts = {who: sum(one == who for _, one in self.votes) for who in taking_part}
        most = max(counts.values(), default=0)
        found = self.store.run(lambda c: entries.numbered(c, theme_id=THEME))
        assert {entry.user_id: entry.votes for entry in found} == counts
        won = {entry.user_id for entry in found if entry.won}
        assert won == {who for who, count in counts.items() if 0 < count == most}


TestThemes = ThemeMachine.TestCase
TestThemes.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_the_same_on_postgresql(postgres_url: str) -> None:
    class OnPostgres(ThemeMachine):
        def open_store(self) -> Store:
            return PostgresStore(postgres_url)

    run_state_machine_as_test(
        OnPostgres,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=(HealthCheck.too_slow,),
        ),
    )


said = st.lists(st.tuples(voters, people, st.booleans()), max_size=20)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(said, st.randoms())
def test_only_what_each_member_said_last_of_an_entry_counts(
    acts: list[tuple[int, int, bool]], random: Random
) -> None:
    """The order among members makes no difference, and repeats make none."""
    last = {(voter, author): wanted for voter, author, wanted in acts}
    mixed = [(voter, author, wanted) for (voter, author), wanted in last.items() for _ in (1, 2)]
    random.shuffle(mixed)

    def counted(acts: list[tuple[int, int, bool]]) -> dict[int, int]:
        store = SqliteStore()

        def play(connection: Connection) -> dict[int, int]:
            open_one(connection)
            for user_id in PEOPLE:
                enter(connection, user_id, make_clip(connection, user_id, user_id))
            begin(connection)
            for voter, author, wanted in acts:
                if voter != author:
                    vote(connection, voter, author, wanted=wanted)
            counts = votes.counts(connection, theme_id=THEME)
            found = entries.numbered(connection, theme_id=THEME)
            return {entry.user_id: counts[entry.number or 0] for entry in found}

        try:
            return store.run(play)
        finally:
            store.close()

    given_votes = {pair for pair, wanted in last.items() if wanted and pair[0] != pair[1]}
    expected = {who: sum(author == who for _, author in given_votes) for who in PEOPLE}
    assert counted(acts) == expected == counted(mixed)
