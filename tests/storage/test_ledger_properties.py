"""Any sequence of grants, refills, reservations, resolutions and repeats keeps the books in order.

A model of a few lines says what should happen; storage is asked after every step.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

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
from sqlalchemy.exc import IntegrityError

from storage import attempts, jobs, ledger
from storage.audit import audit
from storage.errors import (
    AlreadyResolved,
    InsufficientCredits,
    JobStoreError,
    StorageError,
    TransferConflict,
    UnknownReservation,
)
from tests.storage.builders import GUILD, MODERATOR, NOW, admit, make_record
from tests.storage.stores import PostgresStore, SqliteStore, Store

Resolution = Literal["settle", "release"]

# Few members and jobs, and amounts that usually suffice, so that steps often meet.
members = st.integers(1, 2)
job_numbers = st.integers(1, 5)
amounts = st.integers(1, 60)


class LedgerMachine(RuleBasedStateMachine):
    """Storage beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_store()
        self.day = 0
        self.available: dict[int, int] = {}
        self.held: dict[int, int] = {}
        self.refilled_on: dict[int, int] = {}
        self.filled_to: dict[int, int] = {}
        self.refills: set[tuple[int, int, int | None]] = set()
        self.grants: dict[int, tuple[int, int]] = {}
        self.reservations: dict[int, tuple[int, int]] = {}
        self.resolved: dict[int, Resolution] = {}

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

    @rule(days=st.integers(-3, 3))
    def time_passes_or_jumps_back(self, days: int) -> None:
        self.day += days

    @rule(member=members, allowance=st.integers(0, 200))
    def refill(self, member: int, allowance: int) -> None:
        last = self.refilled_on.get(member)
        again = last is not None and self.day <= last <= self.day + 1
        filled_to = self.filled_to[member] if again else self.available.get(member, 0)
        if not again:
            self.refilled_on[member] = self.day
        self.filled_to[member] = max(filled_to, allowance)
        expected = max(0, allowance - filled_to)
        refill = (member, self.day, allowance if again else None)
        if refill in self.refills:
            expected = 0
        elif expected:
            self.refills.add(refill)
        self.available[member] = self.available.get(member, 0) + expected
        assert expected == self.outcome(
            lambda connection: ledger.refill(
                connection,
                guild_id=GUILD,
                user_id=member,
                allowance_credits=allowance,
                now=NOW + timedelta(days=self.day),
            )
        )

    @rule(number=st.integers(1, 5), member=members, amount=amounts)
    def grant_also_again(self, number: int, member: int, amount: int) -> None:
        expected: object = True
        if number in self.grants:
            expected = False if self.grants[number] == (member, amount) else TransferConflict
        else:
            self.grants[number] = (member, amount)
            self.available[member] = self.available.get(member, 0) + amount
        assert expected == self.outcome(
            lambda connection: ledger.grant(
                connection,
                grant_id=str(number),
                guild_id=GUILD,
                user_id=member,
                amount_credits=amount,
                reason="x",
                granted_by=MODERATOR,
                now=NOW,
            )
        )

    @initialize(member=members, amount=st.integers(100, 200))
    def somebody_has_credits(self, member: int, amount: int) -> None:
        self.grant_also_again(1, member, amount)

    @rule(number=job_numbers, member=members, amount=amounts)
    def admit_a_job(self, number: int, member: int, amount: int) -> None:
        if number in self.reservations:
            return
        record = make_record(number, user_id=member, price_credits=amount)
        expected = None
        if self.available.get(member, 0) < amount:
            expected = InsufficientCredits
        else:
            self.reservations[number] = (member, amount)
            self.available[member] -= amount
            self.held[member] = self.held.get(member, 0) + amount
        assert self.outcome(lambda connection: admit(connection, record)) is expected

    @rule(number=job_numbers, other_amount=st.booleans())
    def reserve_again(self, number: int, other_amount: bool) -> None:
        if number not in self.reservations:
            return
        member, amount = self.reservations[number]
        result = self.outcome(
            lambda connection: ledger.reserve(
                connection,
                job_id=f"job{number}",
                guild_id=GUILD,
                user_id=member,
                amount_credits=amount + other_amount,
                now=NOW,
            )
        )
        assert result is (TransferConflict if other_amount else False)

    @rule(number=job_numbers, resolution=st.sampled_from(("settle", "release")))
    def resolve_also_again_and_the_other_way(self, number: int, resolution: Resolution) -> None:
        expected: object = UnknownReservation
        if number in self.resolved:
            expected = False if self.resolved[number] == resolution else AlreadyResolved
        elif number in self.reservations:
            expected = True
            self.resolved[number] = resolution
            member, amount = self.reservations[number]
            self.held[member] -= amount
            self.available[member] += amount if resolution == "release" else 0
        assert expected == self.outcome(lambda connection: resolve(connection, number, resolution))

    @invariant()
    def the_books_are_in_order(self) -> None:
        assert self.store.run(audit) == ()

    @invariant()
    def balances_are_the_models(self) -> None:
        for member in range(1, 3):
            found = self.store.run(
                lambda connection, member=member: ledger.balance(
                    connection, guild_id=GUILD, user_id=member, allowance_credits=0, now=NOW
                )
            )
            assert found.available_credits == self.available.get(member, 0)
            assert found.held_credits == self.held.get(member, 0)


class UnindexedLedgerMachine(LedgerMachine):
    """Storage without the index that lets a reservation be resolved once."""

    def __init__(self) -> None:
        super().__init__()
        self.store.run(
            lambda connection: connection.exec_driver_sql("DROP INDEX one_resolution_a_reservation")
        )


def resolve(connection: Connection, number: int, resolution: Resolution) -> bool:
    """End the job, if it has not ended, and resolve its reservation."""
    job_id = f"job{number}"
    try:
        if resolution == "settle":
            attempts.start(connection, job_id=job_id, attempt=1, now=NOW)
            jobs.finish(
                connection,
                job_id=job_id,
                attempt=1,
                state="succeeded",
                clip_json="{}",
                clip_sha256="ab" * 32,
                now=NOW,
            )
        else:
            jobs.finish(connection, job_id=job_id, attempt=0, state="cancelled", now=NOW)
    except JobStoreError:
        pass  # Here it is the ledger that must refuse, not the job.
    verb = ledger.settle if resolution == "settle" else ledger.release
    return verb(connection, job_id=job_id, now=NOW)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_the_same_on_postgresql(postgres_url: str) -> None:
    class OnPostgres(LedgerMachine):
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


def test_without_its_unique_index_the_same_machine_finds_a_double_resolution() -> None:
    """The test of the test: it does notice when a reservation resolves twice.

    Either the model disagrees, or a CHECK of the accounts stops the second resolution.
    """
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(
            UnindexedLedgerMachine,
            settings=settings(
                max_examples=300,
                stateful_step_count=30,
                deadline=None,
                database=None,
                derandomize=True,
                report_multiple_bugs=False,
                phases=(Phase.generate,),
                suppress_health_check=(HealthCheck.too_slow,),
            ),
        )


def test_without_its_unique_index_postgresql_resolves_twice_and_the_machine_says_so(
    postgres_url: str,
) -> None:
    """The steps are given: to search for them there would take minutes."""

    class Unindexed(UnindexedLedgerMachine):
        def open_store(self) -> Store:
            return PostgresStore(postgres_url)

    def take_the_steps(machine: LedgerMachine) -> None:
        machine.grant_also_again(1, 1, 200)
        machine.admit_a_job(1, 1, 50)
        machine.admit_a_job(2, 1, 50)
        machine.resolve_also_again_and_the_other_way(1, "release")
        machine.resolve_also_again_and_the_other_way(1, "settle")
        machine.the_books_are_in_order()
        machine.balances_are_the_models()

    class Indexed(LedgerMachine):
        def open_store(self) -> Store:
            return PostgresStore(postgres_url)

    sound = Indexed()
    take_the_steps(sound)
    sound.teardown()
    mutant = Unindexed()
    with pytest.raises((AssertionError, IntegrityError)):
        take_the_steps(mutant)
    mutant.teardown()
