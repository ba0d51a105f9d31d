"""Any order of reports, decisions and appeals: only legal moves happen, and nothing is lost."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from storage import gallery, gallery_withholding, likes, moderator_log, reviews
from storage.errors import NotInGallery, StorageError
from storage.moderation_errors import AlreadyReviewed, ClipTakenDown
from storage.moderator_log import LogSearch
from storage.reviews import Decision
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW
from tests.storage.stores import PostgresStore, SqliteStore, Store
from tests.storage.test_likes import like, share

NUMBERS: tuple[int, ...] = (1, 2)
numbers = st.sampled_from(NUMBERS)
people = st.sampled_from((11, 12, 13))
seen = st.sampled_from(("now", "before", "nothing"))
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "dismiss": (("reported",), "closed"),
    "take_down": (("reported", "closed"), "down"),
    "appeal": (("down",), "appealed"),
    "uphold": (("appealed",), "upheld"),
    "restore": (("down", "appealed", "upheld"), "closed"),
}
DOWN = ("down", "appealed", "upheld")


class ReviewsMachine(RuleBasedStateMachine):
    """The reviews of two clips of the gallery beside a model of a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_store()
        self.state: dict[int, str] = dict.fromkeys(NUMBERS, "closed")
        self.revision: dict[int, int] = dict.fromkeys(NUMBERS, 0)
        self.begun: set[int] = set()
        self.reported: dict[int, set[int]] = {number: set() for number in NUMBERS}
        self.undecided: dict[int, set[int]] = {number: set() for number in NUMBERS}
        self.likes: dict[int, set[int]] = {number: set() for number in NUMBERS}
        self.acts = 0

    def open_store(self) -> Store:
        return SqliteStore()

    def teardown(self) -> None:
        self.store.close()

    @initialize()
    def begin(self) -> None:
        for number in NUMBERS:
            self.store.run(lambda connection, number=number: share(connection, number))
        self.acts = self.store.run(acts)

    def outcome(self, unit: Callable[[Connection], object]) -> type[StorageError] | None:
        try:
            self.store.run(unit)
        except StorageError as error:
            return type(error)
        return None

    @rule(number=numbers, who=people)
    def report(self, number: int, who: int) -> None:
        down = self.state[number] in DOWN
        is_new = not down and who not in self.reported[number]
        assert self.outcome(lambda c: self._report(c, number, who, is_new)) == (
            ClipTakenDown if down else None
        )
        if not down:
            self.begun.add(number)
        if is_new:
            self.reported[number].add(who)
            self.undecided[number].add(who)
            self.acts += 1
            if self.state[number] == "closed":
                self.state[number] = "reported"
                self.revision[number] += 1

    def _report(self, connection: Connection, number: int, who: int, is_new: bool) -> None:
        found = reviews.report(
            connection, job_id=f"job{number}", guild_id=GUILD, user_id=who, reason="rude", now=NOW
        )
        assert found is is_new

    @rule(number=numbers, move=st.sampled_from(sorted(MOVES)), saw=seen)
    def decide(self, number: int, move: str, saw: str) -> None:
        sources, target = MOVES[move]
        fits = self.state[number] in sources and saw != "before"
        # Without a review there is none to be decided, but for a take-down, which begins one.
        fits = fits and (number in self.begun or move == "take_down")
        revision = {"now": self.revision[number], "before": self.revision[number] - 1}.get(saw)
        decision = Decision(
            job_id=f"job{number}",
            guild_id=GUILD,
            made_by=MEMBER if move == "appeal" else MODERATOR,
            now=NOW,
            revision=revision,
        )
        words = ("why",) if move in ("take_down", "appeal", "uphold") else ()
        expected = None if fits else AlreadyReviewed
        deed = getattr(reviews, move)
        assert self.outcome(lambda connection: deed(connection, decision, *words)) == expected
        if fits:
            self.begun.add(number)
            self.state[number] = target
            self.revision[number] += 1
            self.acts += 1
            if move in ("dismiss", "take_down"):
                self.undecided[number] = set()

    @rule(number=numbers, who=people)
    def turn_a_like(self, number: int, who: int) -> None:
        liked = who not in self.likes[number]
        down = self.state[number] in DOWN
        assert self.outcome(lambda c: like(c, who, liked, number)) == (
            NotInGallery if down else None
        )
        if not down:
            self.likes[number] ^= {who}

    @invariant()
    def storage_agrees_with_the_model(self) -> None:
        for number in NUMBERS:
            self.store.run(lambda connection, number=number: self._agree(connection, number))
        waiting = self.store.run(lambda c: reviews.waiting(c, guild_id=GUILD, limit=9))
        assert {one.job_id for one in waiting} == {
            f"job{number}"
            for number, state in self.state.items()
            if state in ("reported", "appealed")
        }
        assert self.store.run(acts) == self.acts, "each move is one act of the log, a refusal none"

    def _agree(self, connection: Connection, number: int) -> None:
        job_id = f"job{number}"
        review = reviews.get(connection, job_id)
        entry = gallery.entry(connection, job_id=job_id)
        assert (entry is None) == (self.state[number] in DOWN)
        if entry is not None:
            assert entry.likes == len(self.likes[number])
        for who in self.likes[number]:
            assert likes.likes_it(connection, job_id=job_id, user_id=who)
        assert (review is not None) == (number in self.begun)
        if review is not None:
            assert (review.state, review.revision) == (self.state[number], self.revision[number])
            known = {act.made_by for act in reviews.reports(connection, review)}
            assert known == self.undecided[number]


def acts(connection: Connection) -> int:
    return len(moderator_log.page(connection, LogSearch(guild_id=GUILD), limit=1000).acts)


TestReviews = ReviewsMachine.TestCase
TestReviews.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow,),
)


def test_the_same_on_postgresql(postgres_url: str) -> None:
    class OnPostgres(ReviewsMachine):
        def open_store(self) -> Store:
            return PostgresStore(postgres_url)

    run_state_machine_as_test(
        OnPostgres,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=(HealthCheck.too_slow,),
        ),
    )


def test_if_entries_did_not_come_back_the_same_machine_would_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test of the test."""

    def forget(connection: Connection, *, job_id: str) -> None:
        """What restoring must not be."""

    monkeypatch.setattr(gallery_withholding, "bring_back", forget)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            ReviewsMachine,
            settings=settings(
                max_examples=60,
                stateful_step_count=25,
                deadline=None,
                database=None,
                derandomize=True,
                report_multiple_bugs=False,
                phases=(Phase.generate,),
                suppress_health_check=(HealthCheck.too_slow,),
            ),
        )
