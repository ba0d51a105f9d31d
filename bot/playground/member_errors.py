"""What a headless member may meet.

MemberError
├── CommandLineError   the line cannot be understood
├── Refused            the playground says no, as Discord's client would
├── NoAnswer           "The application did not respond"
└── WaitedInVain       what was waited for did not come in time (also a TimeoutError)
"""


class MemberError(Exception):
    """Anything that keeps a member from what they wanted; its text is meant to be read."""


class CommandLineError(MemberError):
    """The line names no known command, or an option cannot be read."""


class Refused(MemberError):
    """The playground refused the act; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class NoAnswer(MemberError):
    """The bot did not answer in time."""


class WaitedInVain(MemberError, TimeoutError):
    """Nothing of the kind was seen within the time given."""
