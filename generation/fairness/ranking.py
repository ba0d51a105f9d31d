"""A priority queue whose keys can be ranked again and taken out: a heap that forgets lazily."""

from __future__ import annotations

import heapq

Rank = tuple[int, int]

SPARE_ENTRIES = 16


class Ranking:
    """Keys by rank, the lowest first; every operation takes logarithmic time, amortised."""

    def __init__(self) -> None:
        self._ranks: dict[int, Rank] = {}
        self._heap: list[tuple[Rank, int]] = []

    def __len__(self) -> int:
        return len(self._ranks)

    def __contains__(self, key: int) -> bool:
        return key in self._ranks

    def copy(self) -> Ranking:
        twin = Ranking()
        twin._ranks = self._ranks.copy()
        twin._heap = self._heap.copy()
        return twin

    def put(self, key: int, rank: Rank) -> None:
        """Ranks a key, anew if it has a rank."""
        if self._ranks.get(key) != rank:
            self._ranks[key] = rank
            heapq.heappush(self._heap, (rank, key))
            self._sweep()

    def discard(self, key: int) -> None:
        """Takes a key out, if it is in."""
        if self._ranks.pop(key, None) is not None:
            self._sweep()

    def first(self) -> tuple[Rank, int] | None:
        """The lowest rank and its key; None if there are no keys."""
        heap = self._heap
        while heap:
            rank, key = heap[0]
            if self._ranks.get(key) == rank:
                return rank, key
            heapq.heappop(heap)
        return None

    def _sweep(self) -> None:
        """Bounds what was ranked anew or taken out and still lies in the heap."""
        if len(self._heap) > 2 * len(self._ranks) + SPARE_ENTRIES:
            self._heap = [(rank, key) for key, rank in self._ranks.items()]
            heapq.heapify(self._heap)
