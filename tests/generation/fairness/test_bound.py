"""The bounds of `docs/fairness.md` at both levels: random weights, slack, slots and traffic."""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from generation.fairness.turns import FairnessRules
from tests.generation.fairness.simulated_service import (
    TOLERANCE_SECONDS,
    Arrival,
    SimulatedService,
    Witness,
)

FLOWS = 4
WEIGHTS = st.dictionaries(st.integers(1, FLOWS * 11), st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0]))
SECONDS = st.integers(1, 60).map(float)


@st.composite
def arrivals(draw: st.DrawFn, *, exact: bool) -> Arrival:
    guild = draw(st.integers(1, FLOWS))
    seconds = draw(SECONDS)
    return Arrival(
        guild=guild,
        user=guild * 10 + draw(st.integers(1, 3)),
        model=draw(st.sampled_from(["small", "large", "other"])),
        seconds=seconds,
        estimate=seconds if exact else draw(SECONDS),
    )


def traffic(*, exact: bool) -> st.SearchStrategy[list[Arrival | int]]:
    """Bursts of arrivals, and numbers of steps; enough steps on end are an idle gap."""
    event = st.one_of(arrivals(exact=exact), arrivals(exact=exact), st.integers(1, 12))
    brief = st.lists(event, min_size=1, max_size=60)
    return st.one_of(
        brief, st.integers().map(lambda seed: seasons(random.Random(seed), exact=exact))
    )


def seasons(chance: random.Random, *, exact: bool) -> list[Arrival | int]:
    """Long traffic: now these are busy, now those, and who was absent returns."""
    events: list[Arrival | int] = []
    members = [(guild, guild * 10 + user) for guild in range(1, FLOWS + 1) for user in (1, 2, 3)]
    for _ in range(chance.randint(1, 5)):
        busy = chance.sample(members, chance.randint(1, len(members)))
        for _ in range(chance.randint(5, 60)):
            guild, user = chance.choice(busy)
            seconds = chance.choice([1.0, 10.0, 60.0])
            events.append(
                Arrival(
                    guild=guild,
                    user=user,
                    model=chance.choice(["small", "large"]),
                    seconds=seconds,
                    estimate=seconds if exact else chance.choice([1.0, 10.0, 60.0]),
                )
            )
        events.append(chance.choice([5, 40, 200]))
    return events


@dataclass(frozen=True, kw_only=True)
class Scene:
    slots: int
    rules: FairnessRules
    running_jobs_per_user: int


SCENES = st.builds(
    Scene,
    slots=st.integers(1, 4),
    running_jobs_per_user=st.integers(1, 4),
    rules=st.builds(
        FairnessRules,
        slack_seconds=st.sampled_from([0.0, 1.0, 20.0, 60.0, 300.0]),
        most_bypasses=st.integers(0, 5),
        guild_weights=WEIGHTS,
        user_weights=WEIGHTS,
    ),
)


class Court:
    """A service whose every start is witnessed, among the guilds and among each guild's users."""

    def __init__(self, scene: Scene) -> None:
        self.service = SimulatedService(
            slots=scene.slots, rules=scene.rules, running_jobs_per_user=scene.running_jobs_per_user
        )
        self.guilds = Witness(dict(scene.rules.guild_weights))
        self.users = defaultdict[int, Witness](lambda: Witness(dict(scene.rules.user_weights)))

    def hear(self, traffic: list[Arrival | int]) -> None:
        for event in traffic:
            if isinstance(event, Arrival):
                self.service.arrive(event)
                self._look()
            else:
                for _ in range(event):
                    self._step()
        while self._step():
            pass

    def _step(self) -> bool:
        before = len(self.service.started)
        went_on = self.service.step()
        if len(self.service.started) > before:
            arrival = self.service.arrivals[self.service.started[-1]]
            self.guilds.starts(arrival.guild, arrival.seconds)
            self.users[arrival.guild].starts(arrival.user, arrival.seconds)
        self._look()
        return went_on

    def _look(self) -> None:
        competing = self.service.competing(relaxed=False)
        self.guilds.competes({guild for guild, _ in competing})
        for guild in {guild for guild, _ in competing} | set(self.users):
            self.users[guild].competes({user for g, user in competing if g == guild})


def spread_bound(court: Court, weights: dict[int, float], flows: set[int]) -> float:
    """B: how far apart the counters of two backlogged flows may be, in seconds for each weight."""
    jobs = court.service.arrivals.values()
    longest = max((max(job.seconds, job.estimate) for job in jobs), default=0.0)
    error = max((abs(job.seconds - job.estimate) for job in jobs), default=0.0)
    least_weight = min((weights.get(flow, 1.0) for flow in flows), default=1.0)
    slots = court.service.slots
    return court.service.rules.slack_seconds + (longest + (2 * slots - 1) * error) / least_weight


@settings(max_examples=300)
@given(scene=SCENES, exact=st.booleans(), data=st.data())
def test_two_who_wait_all_the_time_get_the_same_but_for_the_bound(
    scene: Scene, exact: bool, data: st.DataObject
) -> None:
    court = Court(scene)
    court.hear(data.draw(traffic(exact=exact)))
    levels = [(court.guilds, scene.rules.guild_weights)]
    levels += [(witness, scene.rules.user_weights) for witness in court.users.values()]
    for witness, weights in levels:
        bound = spread_bound(court, dict(weights), witness.known)
        assert witness.widest_gap <= 2 * bound + TOLERANCE_SECONDS


@settings(max_examples=300)
@given(scene=SCENES, traffic=traffic(exact=True))
def test_a_head_job_waits_for_no_more_than_the_bound(
    scene: Scene, traffic: list[Arrival | int]
) -> None:
    court = Court(scene)
    court.hear(traffic)
    longest = max((job.seconds for job in court.service.arrivals.values()), default=0.0)
    levels = [(court.guilds, scene.rules.guild_weights)]
    levels += [(witness, scene.rules.user_weights) for witness in court.users.values()]
    for witness, weights in levels:
        spread = spread_bound(court, dict(weights), witness.known)
        slack = scene.rules.slack_seconds
        for flow, seconds in witness.longest_waits.items():
            others = witness.known - {flow}
            bound = sum(weights.get(j, 1.0) * (slack + spread) + longest for j in others)
            assert seconds <= bound + TOLERANCE_SECONDS


@settings(max_examples=200)
@given(scene=SCENES, traffic=traffic(exact=False), relaxed=st.sets(st.integers(0, 30)))
def test_every_job_starts_once_and_a_relaxed_one_only_where_no_other_could(
    scene: Scene, traffic: list[Arrival | int], relaxed: set[int]
) -> None:
    service = Court(scene).service
    for number, event in enumerate(traffic):
        if isinstance(event, int):
            for _ in range(event):
                _start_checking_the_lane(service)
        else:
            service.arrive(dataclasses.replace(event, relaxed=number in relaxed))
    while _start_checking_the_lane(service):
        pass
    assert sorted(service.started) == sorted(service.arrivals)


def _start_checking_the_lane(service: SimulatedService) -> bool:
    could = service.competing(relaxed=False)
    before = len(service.started)
    went_on = service.step()
    if len(service.started) > before and service.arrivals[service.started[-1]].relaxed:
        assert not could
    return went_on
