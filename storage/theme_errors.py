"""What a theme does not allow.

ThemeError
├── UnknownTheme             no such theme on this server
├── WrongPhase               it is too early for that, or too late
├── NotEnterable             only one's own finished clip of this server enters
├── PrivateClip              entering shows it, and its author has not said yes to that
├── NotEntered               the member has no entry to take back
├── UnknownEntry             no entry of that number, or not any more
└── OwnEntry                 nobody votes for themselves
"""

from dataclasses import dataclass
from typing import Literal

from storage.errors import StorageError

ThemePhase = Literal["entering", "voting", "decided", "cancelled"]


class ThemeError(StorageError):
    """Something that a theme does not allow."""


@dataclass(kw_only=True, eq=False)
class UnknownTheme(ThemeError):
    """There is no such theme on this server."""

    theme_id: str


@dataclass(kw_only=True, eq=False)
class WrongPhase(ThemeError):
    """The theme is not in the phase that this needs."""

    title: str
    phase: ThemePhase
    needed: tuple[ThemePhase, ...]


@dataclass(kw_only=True, eq=False)
class NotEnterable(ThemeError):
    """Only a member's own finished clip of this server can be entered."""

    job_id: str
    reason: Literal["another's", "unfinished", "taken down", "deleted"]


@dataclass(kw_only=True, eq=False)
class PrivateClip(ThemeError):
    """A private clip is shown to nobody unless its author says so."""

    job_id: str


@dataclass(kw_only=True, eq=False)
class NotEntered(ThemeError):
    """The member has no entry in this theme."""

    theme_id: str


@dataclass(kw_only=True, eq=False)
class UnknownEntry(ThemeError):
    """The theme has no entry of this number, or not any more."""

    number: int


@dataclass(kw_only=True, eq=False)
class OwnEntry(ThemeError):
    """A vote for one's own entry is not taken."""

    number: int
