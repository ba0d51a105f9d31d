"""What moderators do not allow, and what they cannot set.

ModerationError
├── ConductError
│   ├── QueueDraining            moderators let no new orders in
│   ├── MemberBlocked            they let this member order nothing
│   ├── ChannelNotAllowed        they allow other channels
│   ├── ModelNotAllowed          they allow other models
│   ├── ClipTooLong              they allow shorter clips
│   └── ClipTooDear              they allow cheaper clips
├── ClipTakenDown                they took this clip down
├── AlreadyReviewed              somebody decided about the clip before
├── InvalidBoost                 it never holds, or changes nothing
├── UnknownBoost
├── TooManyRules                 as many word rules as a guild may have
└── UnknownWordRule
"""

from dataclasses import dataclass
from datetime import datetime

from storage.errors import StorageError


class ModerationError(StorageError):
    """What moderators decided, or cannot."""


class ConductError(ModerationError):
    """Moderators do not allow this order."""


@dataclass(kw_only=True, eq=False)
class QueueDraining(ConductError):
    """Moderators let no new orders in."""


@dataclass(kw_only=True, eq=False)
class MemberBlocked(ConductError):
    """Moderators let this member order nothing."""

    until: datetime | None
    reason: str


@dataclass(kw_only=True, eq=False)
class ChannelNotAllowed(ConductError):
    """Moderators allow orders in other channels only."""

    channel_ids: tuple[int, ...]


@dataclass(kw_only=True, eq=False)
class ModelNotAllowed(ConductError):
    """Moderators allow other models only."""

    model: str
    models: tuple[str, ...]


@dataclass(kw_only=True, eq=False)
class ClipTooLong(ConductError):
    """Moderators allow shorter clips only."""

    seconds: float
    most_seconds: float


@dataclass(kw_only=True, eq=False)
class ClipTooDear(ConductError):
    """Moderators allow cheaper clips only."""

    price_credits: int
    most_credits: int


@dataclass(kw_only=True, eq=False)
class ClipTakenDown(ModerationError):
    """Moderators took this clip down: nobody sees it or builds on it."""

    job_id: str
    reason: str


@dataclass(kw_only=True, eq=False)
class AlreadyReviewed(ModerationError):
    """The clip's review is not where it was seen: somebody decided meanwhile, or it never was."""

    job_id: str
    state: str
    changed_by: int
    """Who moved it last; 0 where nobody did."""


@dataclass(kw_only=True, eq=False)
class InvalidBoost(ModerationError):
    """A boost that never holds, or changes nothing or too much."""

    reason: str


@dataclass(kw_only=True, eq=False)
class UnknownBoost(ModerationError):
    """There is no such boost."""

    boost_id: str


@dataclass(kw_only=True, eq=False)
class TooManyRules(ModerationError):
    """The guild has as many word rules as it may have."""

    most: int


@dataclass(kw_only=True, eq=False)
class UnknownWordRule(ModerationError):
    """There is no rule of these words."""

    words: str
