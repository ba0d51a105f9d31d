"""What the tests of themes start from: members with finished clips, and a theme."""

from datetime import timedelta

from sqlalchemy import Connection

from storage import booking
from storage.themes import entries, phases, votes
from storage.themes.phases import Theme
from tests.storage.builders import GUILD, MODERATOR, NOW, admit, give, make_record, succeed

THEME = "seas"
THREAD = 5000
ADA, GRACE, LIN = 11, 12, 13


def a_theme(**changes: object) -> Theme:
    facts: dict[str, object] = {
        "id": THEME,
        "interaction_id": 900,
        "guild_id": GUILD,
        "channel_id": 70,
        "title": "Seas",
        "rules": "Show one.",
        "opened_by": MODERATOR,
        "opened_at": NOW,
        "entering_ends": NOW + timedelta(days=3),
        "voting_seconds": 2 * 86400,
    }
    return Theme(**(facts | changes))  # pyright: ignore[reportArgumentType]


def open_one(connection: Connection, **changes: object) -> bool:
    """A theme whose thread is there."""
    opened = phases.open_theme(connection, a_theme(**changes))
    phases.set_thread(connection, THEME, thread_id=THREAD)
    return opened


def make_clip(connection: Connection, user_id: int, number: int, *, private: bool = False) -> str:
    """A finished job of the member's, number by number."""
    give(connection, 10 * number, user_id=user_id)
    admit(connection, make_record(number, user_id=user_id, private=private))
    succeed(connection, f"job{number}")
    return f"job{number}"


def enter(
    connection: Connection, user_id: int, job_id: str, *, private_too: bool = False
) -> str | None:
    return entries.enter(
        connection,
        theme_id=THEME,
        guild_id=GUILD,
        user_id=user_id,
        job_id=job_id,
        private_too=private_too,
        now=NOW,
    )


def begin(connection: Connection, *, made_by: int | None = None) -> Theme:
    return phases.begin_voting(connection, THEME, guild_id=GUILD, now=NOW, made_by=made_by)


def decide(connection: Connection, *, made_by: int | None = None) -> Theme:
    return phases.decide(connection, THEME, guild_id=GUILD, now=NOW, made_by=made_by)


def number_of(connection: Connection, user_id: int) -> int:
    found = entries.of_member(connection, theme_id=THEME, user_id=user_id)
    assert found is not None
    assert found.number is not None
    return found.number


def vote(connection: Connection, voter_id: int, author_id: int, *, wanted: bool = True) -> None:
    """By whose entry it is, since numbers are drawn."""
    phases.locked(connection, THEME, guild_id=GUILD, needed=("voting",))
    votes.set_vote(
        connection,
        theme_id=THEME,
        number=number_of(connection, author_id),
        voter_id=voter_id,
        wanted=wanted,
        now=NOW,
    )


def three_entries(connection: Connection) -> None:
    """Ada, Grace and Lin take part."""
    open_one(connection)
    for number, user_id in enumerate((ADA, GRACE, LIN), start=1):
        enter(connection, user_id, make_clip(connection, user_id, number))


def order_in_thread(connection: Connection, number: int, user_id: int = ADA) -> None:
    """A job for 10 credits."""
    record = make_record(number, user_id=user_id, channel_id=THREAD)
    booking.admit(connection, record, may_be_relaxed=False, now=NOW)


def finish(connection: Connection, number: int) -> None:
    """Cancelled before it began, so that its credits come back."""
    booking.finish(connection, job_id=f"job{number}", attempt=0, state="cancelled", now=NOW)
