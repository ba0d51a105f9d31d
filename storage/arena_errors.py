"""What the arena cannot do.

ArenaError
├── UnknownComparison
├── ComparisonClosed             it takes no votes: not yet, or not any more
├── VoteIsFinal                  the voter knows which model is which
└── NotVoted                     who wants to know that has not voted
"""

from dataclasses import dataclass

from storage.errors import StorageError


class ArenaError(StorageError):
    """A comparison or a vote that cannot be."""


@dataclass(kw_only=True, eq=False)
class UnknownComparison(ArenaError):
    """There is no such comparison."""

    comparison_id: str


@dataclass(kw_only=True, eq=False)
class ComparisonClosed(ArenaError):
    """The comparison takes no votes now."""

    comparison_id: str
    state: str


@dataclass(kw_only=True, eq=False)
class VoteIsFinal(ArenaError):
    """The voter was told which model is which."""

    comparison_id: str


@dataclass(kw_only=True, eq=False)
class NotVoted(ArenaError):
    """Only who has voted is told which model is which."""

    comparison_id: str
