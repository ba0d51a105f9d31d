from __future__ import annotations

import pytest

from generation.fairness.turns import FairnessRules, Turns

SMALL, LARGE = frozenset({"small"}), frozenset({"large"})


def make_turns(
    *, slack: float = 0, bypasses: int = 8, weights: dict[int, float] | None = None
) -> Turns:
    return Turns(slack_seconds=slack, most_bypasses=bypasses, weights=weights or {})


def give_turn(turns: Turns, loaded: frozenset[str] = frozenset(), seconds: float = 1) -> int:
    """One job from start to end, exactly as estimated."""
    flow = turns.choose(loaded)
    assert flow is not None
    turns.settle(flow, turns.charge(flow, seconds), seconds)
    return flow


def test_nobody_who_competes_means_nobodys_turn() -> None:
    turns = make_turns()
    assert turns.choose(()) is None
    turns.offer(1, SMALL)
    turns.withdraw(1)
    assert turns.choose(()) is None


def test_flows_with_equal_jobs_take_turns() -> None:
    turns = make_turns()
    for flow in (1, 2, 3):
        turns.offer(flow, SMALL)
    assert [give_turn(turns) for _ in range(6)] == [1, 2, 3, 1, 2, 3]


def test_a_flow_of_twice_the_weight_gets_twice_the_seconds() -> None:
    turns = make_turns(weights={1: 2.0})
    for flow in (1, 2):
        turns.offer(flow, SMALL)
    assert [give_turn(turns) for _ in range(300)].count(1) == 200


def test_long_jobs_are_paid_with_fewer_turns() -> None:
    turns = make_turns()
    for flow in (1, 2):
        turns.offer(flow, SMALL)
    given = {1: 0.0, 2: 0.0}
    for _ in range(100):
        flow = turns.choose(())
        assert flow is not None
        seconds = 9.0 if flow == 1 else 1.0
        turns.settle(flow, turns.charge(flow, seconds), seconds)
        given[flow] += seconds
    assert abs(given[1] - given[2]) <= 9


def test_who_was_absent_is_not_paid_for_it() -> None:
    turns = make_turns()
    turns.offer(1, SMALL)
    for _ in range(100):
        give_turn(turns)
    turns.offer(2, SMALL)
    assert [give_turn(turns) for _ in range(4)].count(2) <= 3


def test_a_flow_that_returns_at_once_goes_behind_one_that_waits() -> None:
    turns = make_turns()
    turns.offer(1, SMALL)
    assert turns.choose(()) == 1
    charged = turns.charge(1, 5)
    turns.withdraw(1)
    turns.offer(1, SMALL)
    turns.offer(2, SMALL)
    turns.settle(1, charged, 5)
    assert give_turn(turns) == 2


def test_the_virtual_time_outlives_an_idle_gap() -> None:
    turns = make_turns()
    turns.offer(1, SMALL)
    for _ in range(10):
        give_turn(turns)
    turns.withdraw(1)
    turns.offer(2, SMALL)
    for _ in range(9):
        give_turn(turns)
    turns.withdraw(2)
    turns.offer(1, SMALL)
    turns.offer(2, SMALL)
    turns_of_2 = [give_turn(turns) for _ in range(20)].count(2)
    assert 9 <= turns_of_2 <= 11, "an earlier absence must neither pay nor cost"


def test_within_the_slack_a_loaded_model_goes_first() -> None:
    turns = make_turns(slack=2)
    turns.offer(1, LARGE)
    turns.offer(2, SMALL)
    assert [give_turn(turns, SMALL) for _ in range(4)] == [2, 2, 2, 1]


def test_without_slack_a_loaded_model_only_breaks_ties() -> None:
    turns = make_turns()
    turns.offer(1, LARGE)
    turns.offer(2, SMALL)
    assert [give_turn(turns, SMALL) for _ in range(4)] == [2, 1, 2, 1]


def test_a_head_job_bypassed_often_enough_wins() -> None:
    turns = make_turns(slack=1000, bypasses=3)
    turns.offer(1, LARGE)
    turns.offer(2, SMALL)
    assert [give_turn(turns, SMALL) for _ in range(8)] == [2, 2, 2, 1, 2, 2, 2, 1]


def test_newcomers_with_the_loaded_model_cannot_bypass_a_head_job_for_ever() -> None:
    turns = make_turns(slack=1000, bypasses=3)
    turns.offer(1, LARGE)
    served: list[int] = []
    for newcomer in range(2, 10):
        turns.offer(newcomer, SMALL)
        flow = give_turn(turns, SMALL)
        turns.withdraw(flow)
        served.append(flow)
        if flow == 1:
            break
    assert served == [2, 3, 4, 1]


def test_seconds_estimated_too_high_are_given_back() -> None:
    turns = make_turns()
    for flow in (1, 2):
        turns.offer(flow, SMALL)
    assert turns.choose(()) == 1
    turns.settle(1, turns.charge(1, 100), 1)
    assert [give_turn(turns) for _ in range(3)] == [2, 1, 2]


def test_seconds_estimated_too_low_are_charged_afterwards() -> None:
    turns = make_turns()
    for flow in (1, 2):
        turns.offer(flow, SMALL)
    assert turns.choose(()) == 1
    turns.settle(1, turns.charge(1, 1), 4)
    assert [give_turn(turns) for _ in range(5)] == [2, 2, 2, 2, 1]


def test_flows_that_are_ahead_of_nobody_are_forgotten() -> None:
    turns = make_turns()
    for flow in range(1, 100):
        turns.offer(flow, SMALL)
        turns.choose(())
        turns.settle(flow, turns.charge(flow, 1), 1)
        turns.withdraw(flow)
    turns.offer(200, SMALL)
    for _ in range(3):
        give_turn(turns)
    assert turns.forget() == list(range(1, 100))


def test_a_copy_goes_its_own_way() -> None:
    turns = make_turns(slack=2)
    turns.offer(1, LARGE)
    turns.offer(2, SMALL)
    twin = turns.copy()
    ahead = [give_turn(twin, SMALL) for _ in range(5)]
    assert [give_turn(turns, SMALL) for _ in range(5)] == ahead


@pytest.mark.parametrize(
    "rules",
    [
        {"slack_seconds": -1},
        {"most_bypasses": -1},
        {"guild_weights": {1: 0.0}},
        {"user_weights": {1: float("inf")}},
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"negative|positive"):
        FairnessRules(**rules)  # pyright: ignore[reportArgumentType]
