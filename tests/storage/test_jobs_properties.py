"""Any order of moves with any attempt number: only legal ones happen, and each outcome once."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Connection

from storage import jobs
from storage.errors import IllegalMove, JobExists, JobStoreError, StaleAttempt, UnknownJob
from storage.jobs import JobState, TerminalState
from tests.storage.builders import NOW, in_memory_engine, make_record

numbers = st.integers(1, 3)
attempts = st.integers(0, 4)
terminal: st.SearchStrategy[TerminalState] = st.sampled_from(("succeeded", "failed", "cancelled"))


class JobsMachine(RuleBasedStateMachine):
    """The job store beside a model: state and attempt of each job."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = in_memory_engine()
        self.model: dict[int, tuple[JobState, int]] = {}

    def teardown(self) -> None:
        self.engine.dispose()

    def outcome(self, unit: Callable[[Connection], None]) -> type[JobStoreError] | None:
        try:
            with self.engine.begin() as connection:
                unit(connection)
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

    @rule(number=numbers, attempt=attempts)
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
            lambda connection: jobs.start(
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
            lambda connection: jobs.requeue(connection, job_id=f"job{number}")
        )

    @rule(number=numbers, attempt=attempts, to_state=terminal)
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
                error_code="x" if to_state == "failed" else None,
                now=NOW,
            )
        )

    @invariant()
    def storage_agrees_with_the_model(self) -> None:
        with self.engine.begin() as connection:
            for number, expected in self.model.items():
                job = jobs.get(connection, f"job{number}")
                assert (job.state, job.attempt) == expected
            unfinished = {job.id for job in jobs.unfinished(connection)}
        assert unfinished == {
            f"job{number}"
            for number, (state, _) in self.model.items()
            if state in ("waiting", "running")
        }


TestJobs = JobsMachine.TestCase
TestJobs.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
