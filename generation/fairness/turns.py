"""One level of turns: whoever has spent least goes first, with some slack for loaded models.

Start-time fair queueing with slack ("AVT" in the notes; VTC of OSDI'24, arXiv 2401.00588, is its
nearest relative). What a flow was given is counted in microseconds divided by its weight, in
whole numbers, so that flows that were given the same tie exactly; among those the one goes first
that was served, or came, longest ago, which for equal jobs is taking turns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from generation.fairness.ranking import Ranking

MICROSECONDS = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class FairnessRules:
    """`slack_seconds`: how far ahead of the least served a flow may be and still go first because
    its model is loaded; about one long job takes nearly all the gain. `most_bypasses`: how often
    that may happen to one head job. Who is in no mapping of weights has the weight 1.

    Raises ValueError.
    """

    slack_seconds: float = 60.0
    most_bypasses: int = 8
    guild_weights: Mapping[int, float] = field(default_factory=dict[int, float])
    user_weights: Mapping[int, float] = field(default_factory=dict[int, float])

    def __post_init__(self) -> None:
        weights = (*self.guild_weights.values(), *self.user_weights.values())
        if self.slack_seconds < 0 or self.most_bypasses < 0:
            raise ValueError("slack and bypasses cannot be negative")
        if not all(0 < weight < float("inf") for weight in weights):
            raise ValueError("weights must be positive and finite")


class Turns:
    """The flows of one level: the guilds, or the users of one guild, by their ids.

    A flow competes from `offer` to `withdraw`. Give a turn with `choose`, then `charge`; when
    the job ends, `settle`. All take logarithmic time in the number of flows.
    """

    def __init__(
        self, *, slack_seconds: float, most_bypasses: int, weights: Mapping[int, float]
    ) -> None:
        self._slack = round(slack_seconds * MICROSECONDS)
        self._most_bypasses = most_bypasses
        self._weights = weights
        self._virtual_time = 0
        self._spent: dict[int, int] = {}
        self._running: dict[int, int] = {}
        self._offers: dict[int, frozenset[str]] = {}
        self._stamps: dict[int, int] = {}
        self._last_stamp = 0
        self._bypassed: dict[int, int] = {}
        self._ranked = Ranking()
        self._ranked_by_model: dict[str, Ranking] = {}
        self._resting = Ranking()

    def copy(self) -> Turns:
        twin = Turns(slack_seconds=0, most_bypasses=self._most_bypasses, weights=self._weights)
        twin._slack = self._slack
        twin._virtual_time = self._virtual_time
        twin._spent = self._spent.copy()
        twin._running = self._running.copy()
        twin._offers = self._offers.copy()
        twin._stamps = self._stamps.copy()
        twin._last_stamp = self._last_stamp
        twin._bypassed = self._bypassed.copy()
        twin._ranked = self._ranked.copy()
        twin._ranked_by_model = {
            model: ranking.copy() for model, ranking in self._ranked_by_model.items()
        }
        twin._resting = self._resting.copy()
        return twin

    def offer(self, flow: int, models: frozenset[str]) -> None:
        """The flow could start a job of these models; called again whenever that changes.

        Who comes anew is not paid for its absence: it begins at the virtual time, which never
        goes back, or at what it had spent, if that is more.
        """
        before = self._offers.get(flow)
        if before is None:
            self._spent[flow] = max(self._spent.get(flow, 0), self._virtual_time)
            self._resting.discard(flow)
            self._stamp(flow)
        else:
            self._unrank(flow, before - models)
        self._offers[flow] = models
        self._rank(flow)

    def withdraw(self, flow: int) -> None:
        """The flow can start nothing now."""
        models = self._offers.pop(flow, None)
        if models is not None:
            self._ranked.discard(flow)
            self._unrank(flow, models)
            self._bypassed.pop(flow, None)
            del self._stamps[flow]
            self._rest(flow)

    def choose(self, loaded: Collection[str]) -> int | None:
        """Whose turn it is, given the models of the idle slots; None if no flow competes.

        The least served; but a flow within the slack whose model is loaded goes before it, at
        most `most_bypasses` times in a row.
        """
        first = self._ranked.first()
        if first is None:
            return None
        (least, _), flow = first
        self._virtual_time = max(self._virtual_time, least)
        affine = self._affine(loaded, least + self._slack)
        if affine is None or affine == flow:
            return flow
        if self._bypassed.get(flow, 0) >= self._most_bypasses:
            return flow
        self._bypassed[flow] = self._bypassed.get(flow, 0) + 1
        return affine

    def charge(self, flow: int, seconds: float) -> int:
        """Counts a job that starts, at its estimated seconds; gives what `settle` is to be told."""
        charged = self._weighted(flow, seconds)
        self._bypassed.pop(flow, None)
        self._running[flow] = self._running.get(flow, 0) + 1
        self._stamp(flow)
        self._add(flow, charged)
        return charged

    def settle(self, flow: int, charged: int, seconds: float) -> None:
        """A job of the flow has ended: counts its real seconds instead of the estimate."""
        self._running[flow] -= 1
        if not self._running[flow]:
            del self._running[flow]
        self._add(flow, self._weighted(flow, seconds) - charged)
        self._rest(flow)

    def forget(self) -> list[int]:
        """Drops flows that would begin at the virtual time anyway, and names them."""
        forgotten: list[int] = []
        while (first := self._resting.first()) is not None:
            (spent, _), flow = first
            if spent > self._virtual_time:
                break
            self._resting.discard(flow)
            del self._spent[flow]
            forgotten.append(flow)
        return forgotten

    def models(self) -> frozenset[str]:
        """The models for which `choose` would find a flow; empty if none competes."""
        first = self._ranked.first()
        if first is None:
            return frozenset()
        (least, _), flow = first
        if self._bypassed.get(flow, 0) >= self._most_bypasses:
            return self._offers[flow]
        limit = least + self._slack
        return frozenset(
            model
            for model, ranking in self._ranked_by_model.items()
            if (best := ranking.first()) is not None and best[0][0] <= limit
        )

    def _affine(self, loaded: Collection[str], limit: int) -> int | None:
        best: tuple[tuple[int, int], int] | None = None
        for model in loaded:
            ranking = self._ranked_by_model.get(model)
            first = None if ranking is None else ranking.first()
            if first is not None and first[0][0] <= limit and (best is None or first < best):
                best = first
        return None if best is None else best[1]

    def _weighted(self, flow: int, seconds: float) -> int:
        return round(seconds * MICROSECONDS / self._weights.get(flow, 1.0))

    def _add(self, flow: int, microseconds: int) -> None:
        self._spent[flow] += microseconds
        if flow in self._offers:
            self._rank(flow)

    def _stamp(self, flow: int) -> None:
        """To the end of those who have spent the same."""
        self._last_stamp += 1
        self._stamps[flow] = self._last_stamp

    def _rank(self, flow: int) -> None:
        rank = (self._spent[flow], self._stamps[flow])
        self._ranked.put(flow, rank)
        for model in self._offers[flow]:
            self._ranked_by_model.setdefault(model, Ranking()).put(flow, rank)

    def _unrank(self, flow: int, models: Collection[str]) -> None:
        for model in models:
            ranking = self._ranked_by_model[model]
            ranking.discard(flow)
            if not ranking:
                del self._ranked_by_model[model]

    def _rest(self, flow: int) -> None:
        """Keeps what an absent flow has spent until the virtual time has passed it."""
        if flow not in self._offers and flow not in self._running:
            self._resting.put(flow, (self._spent[flow], 0))
