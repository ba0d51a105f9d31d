"""Themes and their phases. Each move is made once, whoever asks for it how often."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, literal, or_, select, update

from storage import moderation, showcase
from storage.moderation import Act
from storage.schema import Flag, insert_if_absent, theme_entries, themes
from storage.theme_errors import ThemePhase, UnknownTheme, WrongPhase
from storage.themes import posts, pot, votes

_TABLE = themes.c
RUNNING: tuple[ThemePhase, ...] = ("entering", "voting")


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One theme, as stored."""

    id: str
    interaction_id: int
    """What opened it; the same interaction never opens a second one."""
    guild_id: int
    channel_id: int
    """Where it is announced."""
    title: str
    rules: str
    opened_by: int
    opened_at: datetime
    entering_ends: datetime
    voting_seconds: int
    pot_credits: int = 0
    """What moderators put into its pot."""
    phase: ThemePhase = "entering"
    thread_id: int | None = None
    """Also the announcement's message; None until that is posted."""
    voting_ends: datetime | None = None
    ended_at: datetime | None = None
    shown_phase: ThemePhase | None = None
    """What the announcement tells."""

    @property
    def phase_ends(self) -> datetime | None:
        """When the phase it is in is over by itself."""
        return {"entering": self.entering_ends, "voting": self.voting_ends}.get(self.phase)


_COLUMNS = [_TABLE[field.name] for field in fields(Theme)]


def open_theme(connection: Connection, theme: Theme) -> bool:
    """Record a new theme with its pot; False if its interaction opened it before.

    Raises InvalidAmount for a pot that is too large.
    """
    values = {field.name: getattr(theme, field.name) for field in fields(Theme)}
    if not insert_if_absent(connection, themes, **values, settled=False):
        return False
    if theme.pot_credits:
        pot.fill(
            connection,
            theme_id=theme.id,
            guild_id=theme.guild_id,
            amount_credits=theme.pot_credits,
            made_by=theme.opened_by,
            now=theme.opened_at,
        )
    for kind in ("announcement", "guide"):
        posts.add(connection, theme_id=theme.id, kind=kind)
    _record(
        connection,
        theme,
        before=None,
        after="entering",
        made_by=theme.opened_by,
        now=theme.opened_at,
    )
    return True


def get(connection: Connection, theme_id: str, *, guild_id: int) -> Theme:
    """Raises UnknownTheme, also for another guild's."""
    found = _themes(connection, (_TABLE.id == theme_id) & (_TABLE.guild_id == guild_id))
    if not found:
        raise UnknownTheme(theme_id=theme_id)
    return found[0]


def of_thread(connection: Connection, *, thread_id: int) -> Theme | None:
    """The theme that a thread is of, if it is of one."""
    found = _themes(connection, _TABLE.thread_id == thread_id)
    return found[0] if found else None


def running(connection: Connection, *, guild_id: int) -> tuple[Theme, ...]:
    """A guild's themes that have not ended, newest first."""
    return _themes(connection, (_TABLE.guild_id == guild_id) & _TABLE.phase.in_(RUNNING))


def ended(connection: Connection, *, guild_id: int, limit: int) -> tuple[Theme, ...]:
    """A guild's last themes that were decided, newest first."""
    decided = (_TABLE.guild_id == guild_id) & (_TABLE.phase == "decided")
    return _themes(connection, decided)[:limit]


def unsettled(connection: Connection) -> tuple[Theme, ...]:
    """Themes of all guilds that may have something to post."""
    return _themes(connection, _TABLE.settled == literal(value=False, type_=Flag()))


def due(connection: Connection, *, now: datetime) -> tuple[Theme, ...]:
    """Themes whose phase is over by the clock."""
    over = or_(
        (_TABLE.phase == "entering") & (_TABLE.entering_ends <= now),
        (_TABLE.phase == "voting") & (_TABLE.voting_ends <= now),
    )
    return _themes(connection, over)


def begin_voting(
    connection: Connection,
    theme_id: str,
    *,
    guild_id: int,
    now: datetime,
    made_by: int | None = None,
) -> Theme:
    """End the entering: the entries get their numbers, in an order drawn by lot; without an entry
    the theme is decided. What the pot holds goes back. `made_by` is the moderator who asked for it
    before its time.

    Raises UnknownTheme, WrongPhase.
    """
    theme = locked(connection, theme_id, guild_id=guild_id, needed=("entering",))
    mine = theme_entries.c.theme_id == theme_id
    authors = list(connection.execute(select(theme_entries.c.user_id).where(mine)).scalars())
    secrets.SystemRandom().shuffle(authors)
    for number, user_id in enumerate(authors, start=1):
        connection.execute(
            update(theme_entries)
            .where(mine, theme_entries.c.user_id == user_id)
            .values(number=number)
        )
        posts.add(connection, theme_id=theme_id, kind="entry", number=number)
    pot.give_back(connection, theme_id=theme_id, guild_id=guild_id, now=now)
    after: ThemePhase = "voting" if authors else "decided"
    if authors:
        ends = now + timedelta(seconds=theme.voting_seconds)
        _move(connection, theme_id, phase="voting", voting_ends=ends)
        posts.add(connection, theme_id=theme_id, kind="voting")
    else:
        _move(connection, theme_id, phase="decided", ended_at=now)
        posts.add(connection, theme_id=theme_id, kind="result")
    if made_by is not None:
        _record(connection, theme, before="entering", after=after, made_by=made_by, now=now)
    return get(connection, theme_id, guild_id=guild_id)


def decide(
    connection: Connection,
    theme_id: str,
    *,
    guild_id: int,
    now: datetime,
    made_by: int | None = None,
) -> Theme:
    """End the vote: the entries with the most votes have won, all of them where several have as
    many; none without a vote. Winners in the gallery come into the showcase, if there is one.

    Raises UnknownTheme, WrongPhase.
    """
    theme = locked(connection, theme_id, guild_id=guild_id, needed=("voting",))
    counts = votes.counts(connection, theme_id=theme_id)
    most = max(counts.values(), default=0)
    for number, count in counts.items():
        won = 0 < count == most
        found = connection.execute(
            update(theme_entries)
            .where(theme_entries.c.theme_id == theme_id, theme_entries.c.number == number)
            .values(votes=count, won=won)
            .returning(theme_entries.c.job_id)
        ).scalar_one()
        if won:
            showcase.lift_winner(connection, job_id=found, guild_id=guild_id, now=now)
    _move(connection, theme_id, phase="decided", ended_at=now)
    posts.add(connection, theme_id=theme_id, kind="result")
    if made_by is not None:
        _record(connection, theme, before="voting", after="decided", made_by=made_by, now=now)
    return get(connection, theme_id, guild_id=guild_id)


def cancel(
    connection: Connection,
    theme_id: str,
    *,
    guild_id: int,
    now: datetime,
    made_by: int | None = None,
) -> Theme:
    """End it without a winner; what the pot holds goes back. Without `made_by` it is the bot that
    gives up, since Discord does not let it go on.

    Raises UnknownTheme, WrongPhase.
    """
    theme = locked(connection, theme_id, guild_id=guild_id, needed=RUNNING)
    _move(connection, theme_id, phase="cancelled", ended_at=now)
    posts.end_waiting(connection, theme_id=theme_id, reason="the theme was cancelled")
    posts.add(connection, theme_id=theme_id, kind="result")
    pot.give_back(connection, theme_id=theme_id, guild_id=guild_id, now=now)
    if made_by is not None:
        _record(connection, theme, before=theme.phase, after="cancelled", made_by=made_by, now=now)
    return get(connection, theme_id, guild_id=guild_id)


def set_thread(connection: Connection, theme_id: str, *, thread_id: int) -> None:
    """Remember the thread, and the announcement that it was started from."""
    connection.execute(update(themes).where(_TABLE.id == theme_id).values(thread_id=thread_id))
    posts.posted(connection, theme_id=theme_id, kind="announcement", message_id=thread_id)


def set_shown(connection: Connection, theme_id: str, *, phase: ThemePhase) -> None:
    """Remember what the announcement tells."""
    connection.execute(update(themes).where(_TABLE.id == theme_id).values(shown_phase=phase))


def settle(connection: Connection, theme_id: str) -> None:
    """Nothing is left to post of it."""
    connection.execute(update(themes).where(_TABLE.id == theme_id).values(settled=True))


def locked(
    connection: Connection, theme_id: str, *, guild_id: int, needed: Iterable[ThemePhase]
) -> Theme:
    """The theme, which nobody else moves or votes on until this unit ends.

    Raises UnknownTheme, WrongPhase.
    """
    connection.execute(select(_TABLE.id).where(_TABLE.id == theme_id).with_for_update()).all()
    theme = get(connection, theme_id, guild_id=guild_id)
    require(theme, *needed)
    return theme


def require(theme: Theme, *needed: ThemePhase) -> None:
    """Raises WrongPhase unless it is in one of these."""
    if theme.phase not in needed:
        raise WrongPhase(title=theme.title, phase=theme.phase, needed=needed)


def _themes(connection: Connection, condition: ColumnElement[bool]) -> tuple[Theme, ...]:
    query = select(*_COLUMNS).where(condition).order_by(_TABLE.opened_at.desc(), _TABLE.id)
    return tuple(Theme(**row) for row in connection.execute(query).mappings())


def _move(connection: Connection, theme_id: str, **changes: object) -> None:
    connection.execute(update(themes).where(_TABLE.id == theme_id).values(**changes))


def _record(
    connection: Connection,
    theme: Theme,
    *,
    before: ThemePhase | None,
    after: ThemePhase,
    made_by: int,
    now: datetime,
) -> None:
    """Put it on the moderators' log."""
    facts = {"title": theme.title, "pot": theme.pot_credits}
    moderation.record(
        connection,
        Act(
            guild_id=theme.guild_id,
            act="theme",
            subject=theme.id,
            before=None if before is None else {"phase": before, **facts},
            after={"phase": after, **facts},
            detail="",
            made_by=made_by,
            made_at=now,
        ),
    )
