"""Any order of moves with any attempt number: only legal ones happen, and each outcome once."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, update

from storage import attempts, deliveries, jobs, schema
from storage.errors import IllegalMove, JobExists, JobStoreError, StaleAttempt, UnknownJob
from storage.jobs import JobState, TerminalState
from tests.storage.builders import NOW, make_record
from tests.storage.stores import PostgresStore, SqliteStore, Store

numbers = st.integers(1, 3)
attempt_numbers = st.integers(0, 4)
terminal: st.SearchStrategy[TerminalState] = st.sampled_from(
    ("succeeded", "failed", "cancelled", "dead")
)


class JobsMachine(RuleBasedStateMachine):
    """The job store beside a model: state and attempt of each job."""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_store()
        self.model: dict[int, tuple[JobState, int]] = {}
        self.faults: dict[int, tuple[int, int]] = {}

    def open_store(self) -> Store:
        return SqliteStore()

    def teardown(self) -> None:
        self.store.close()

    def outcome(self, unit: Callable[[Connection], object]) -> type[JobStoreError] | None:
        try:
            self.store.run(unit)
        except JobStoreError as error:
            return type(error)
        return None

    @rule(number=numbers)
    def add(self, number: int) -> None:
        expected = JobExists if number in self.model else None
        self.model.setdefault(number, ("waiting", 0))
        assert expected is self.outcome(
            lambda connection: jobs.add(connection, make_record(number))
        )

    @rule(number=numbers, attempt=attempt_numbers)
    def start(self, number: int, attempt: int) -> None:
        state, current = self.model.get(number, (None, 0))
        expected = None
        if state is None:
            expected = UnknownJob
        elif state not in ("waiting", "running"):
            expected = IllegalMove
        elif attempt <= current:
            expected = StaleAttempt
        else:
            self.model[number] = ("running", attempt)
        assert expected is self.outcome(
            lambda connection: attempts.start(
                connection, job_id=f"job{number}", attempt=attempt, now=NOW
            )
        )

    @rule(number=numbers)
    def requeue(self, number: int) -> None:
        state, current = self.model.get(number, (None, 0))
        expected = UnknownJob if state is None else IllegalMove
        if state == "running":
            self.model[number] = ("waiting", current)
            expected = None
        assert expected is self.outcome(
            lambda connection: attempts.give_back(connection, job_id=f"job{number}")
        )

    @rule(number=numbers, attempt=attempt_numbers, killed_worker=st.booleans())
    def fault(self, number: int, attempt: int, killed_worker: bool) -> None:
        state, current = self.model.get(number, (None, 0))
        expected = None
        if state is None:
            expected = UnknownJob
        elif attempt != current:
            expected = StaleAttempt
        elif state != "running":
            expected = IllegalMove
        else:
            faults, kills = self.faults.get(number, (0, 0))
            faults, kills = faults + 1, kills + killed_worker
            self.faults[number] = (faults, kills)
            if kills < 2 and faults < 3:
                self.model[number] = ("waiting", current)
        assert expected is self.outcome(
            lambda connection: attempts.record_fault(
                connection,
                job_id=f"job{number}",
                attempt=attempt,
                killed_worker=killed_worker,
                max_attempts=3,
                jitter=1.0,
                now=NOW,
            )
        )

    @rule(number=numbers, attempt=attempt_numbers)
    def renew(self, number: int, attempt: int) -> None:
        state, current = self.model.get(number, (None, 0))
        expected = None
        if state is None:
            expected = UnknownJob
        elif attempt != current:
            expected = StaleAttempt
        elif state != "running":
            expected = IllegalMove
        assert expected is self.outcome(
            lambda connection: attempts.renew(
                connection, job_id=f"job{number}", attempt=attempt, now=NOW
            )
        )

    @rule(number=numbers, attempt=attempt_numbers, to_state=terminal)
    def finish(self, number: int, attempt: int, to_state: TerminalState) -> None:
        state, current = self.model.get(number, (None, 0))
        sources = ("running",) if to_state == "succeeded" else ("waiting", "running")
        expected = None
        if state is None:
            expected = UnknownJob
        elif attempt != current:
            expected = StaleAttempt
        elif state not in sources:
            expected = IllegalMove
        else:
            self.model[number] = (to_state, current)
        clip = "ab" * 32 if to_state == "succeeded" else None
        assert expected is self.outcome(
            lambda connection: jobs.finish(
                connection,
                job_id=f"job{number}",
                attempt=attempt,
                state=to_state,
                clip_json=clip and "{}",
                clip_sha256=clip,
                error_code="x" if to_state in ("failed", "dead") else None,
                now=NOW,
            )
        )

    @invariant()
    def storage_agrees_with_the_model(self) -> None:
        def found(connection: Connection) -> dict[int, tuple[JobState, int]]:
            records = {number: jobs.get(connection, f"job{number}") for number in self.model}
            return {number: (job.state, job.attempt) for number, job in records.items()}

        assert self.store.run(found) == self.model
        unfinished = {job.id for job in self.store.run(jobs.unfinished)}
        waiting_to_be_told = {row.job_id for row in self.store.run(deliveries.unfinished)}
        ended = {f"job{number}" for number in self.model} - unfinished
        assert waiting_to_be_told == ended
        assert unfinished == {
            f"job{number}"
            for number, (state, _) in self.model.items()
            if state in ("waiting", "running")
        }


TestJobs = JobsMachine.TestCase
TestJobs.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_the_same_on_postgresql(postgres_url: str) -> None:
    class OnPostgres(JobsMachine):
        def open_store(self) -> Store:
            return PostgresStore(postgres_url)

    run_state_machine_as_test(
        OnPostgres,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=(HealthCheck.too_slow,),
        ),
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_without_its_fence_the_same_machine_finds_a_stale_result(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: it does notice when an attempt that was given up on still counts."""
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None

    class Unfenced(JobsMachine):
        def open_store(self) -> Store:
            return SqliteStore() if url is None else PostgresStore(url)

    def unfenced(connection: Connection, job_id: str, **move: object) -> None:
        changes = move["changes"]
        assert isinstance(changes, dict)
        moved = connection.execute(
            update(schema.jobs)
            .where(schema.jobs.c.id == job_id, schema.jobs.c.finished_at.is_(None))
            .values(state=move["to_state"], **changes)
        )
        if moved.rowcount == 0:
            raise IllegalMove(job_id=job_id, from_state="", to_state=str(move["to_state"]))

    monkeypatch.setattr(jobs, "move", unfenced)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Unfenced,
            settings=settings(
                max_examples=100,
                stateful_step_count=30,
                deadline=None,
                database=None,
                derandomize=True,
                report_multiple_bugs=False,
                phases=(Phase.generate,),
                suppress_health_check=(HealthCheck.too_slow,),
            ),
        )
