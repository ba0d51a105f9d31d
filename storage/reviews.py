"""Reviews: what members report, what moderators take down, and what its author says to that.

    (none), closed -> reported                a member reports the clip
    reported -> closed                        dismissed: there is nothing wrong with it
    (none), reported, closed -> down          taken down, with a reason
    down -> appealed                          its author appeals, once a take-down
    appealed -> upheld                        refused, with a reason
    down, appealed, upheld -> closed          restored

Each move is one conditional UPDATE, and raises the review's revision: who decides on what they saw
names the revision, so that of two moderators one decides and the other is told
(`AlreadyReviewed`). Every move is an act in the moderators' log. A clip that is down has its
gallery entry put aside, with its likes; restoring it brings back all of it. What Discord is to
show is noted as due in the same transaction, for whoever speaks to it.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, update

from storage import gallery_withholding, jobs, moderation, schema
from storage.errors import NotShareable
from storage.moderation import Act, ActKind, Facts
from storage.moderation_errors import AlreadyReviewed, ClipTakenDown
from storage.schema import Flag, insert_if_absent
from storage.schema import reviews as _reviews

ReviewState = Literal["reported", "closed", "down", "appealed", "upheld"]

DOWN: tuple[ReviewState, ...] = ("down", "appealed", "upheld")
WAITING: tuple[ReviewState, ...] = ("reported", "appealed")
"""What moderators are asked to decide."""

_TABLE = _reviews.c


@dataclass(frozen=True, kw_only=True)
class Review:
    """One clip under review."""

    job_id: str
    guild_id: int
    state: ReviewState
    revision: int
    asked_sequence: int
    """The number in the log of the newest report or appeal."""
    decided_sequence: int
    """Reports up to this number of the log are decided."""
    reason: str | None
    """Why it was taken down."""
    appeal: str | None
    refusal: str | None
    changed_by: int
    changed_at: datetime
    card_due: bool
    notice_due: bool


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who decides about which clip, and what they saw: None where they saw no review."""

    job_id: str
    guild_id: int
    made_by: int
    now: datetime
    revision: int | None = None


def get(connection: Connection, job_id: str) -> Review | None:
    """None for a clip that nobody ever reported or took down."""
    found = _select(connection, _TABLE.job_id == job_id)
    return found[0] if found else None


def report(
    connection: Connection, *, job_id: str, guild_id: int, user_id: int, reason: str, now: datetime
) -> bool:
    """A member reports a clip; False if they did before. Raises ClipTakenDown."""
    review = _locked(connection, job_id, guild_id, user_id, now)
    if review.state in DOWN:
        raise ClipTakenDown(job_id=job_id, reason=review.reason or "")
    is_new = moderation.record_once(
        connection,
        Act(
            guild_id=guild_id,
            act="report",
            subject=job_id,
            before=None,
            after=None,
            detail=reason,
            made_by=user_id,
            made_at=now,
        ),
    )
    if is_new:
        changes: dict[str, Any] = {"asked_sequence": _newest_of(connection, guild_id, job_id)}
        if review.state == "closed":
            changes |= {"state": "reported", "revision": _TABLE.revision + 1}
            changes |= {"changed_by": user_id, "changed_at": now}
        connection.execute(update(_reviews).where(_TABLE.job_id == job_id).values(changes))
    return is_new


def dismiss(connection: Connection, decision: Decision) -> None:
    """There is nothing wrong with it: its reports are decided. Raises AlreadyReviewed."""
    review = _seen(connection, decision, ("reported",))
    before = {"state": review.state, "reports": len(reports(connection, review))}
    _move(connection, decision, review, "closed", decided=True)
    _record(connection, decision, "dismiss", before, {"state": "closed"}, "")


def take_down(connection: Connection, decision: Decision, reason: str) -> None:
    """Nobody sees or builds on the clip from now on.

    Raises UnknownJob, NotShareable where the job made no clip, AlreadyReviewed.
    """
    job = jobs.get(connection, decision.job_id)
    if job.state != "succeeded":
        raise NotShareable(job_id=job.id, state=job.state)
    _locked(connection, job.id, decision.guild_id, decision.made_by, decision.now)
    review = _seen(connection, decision, ("reported", "closed"))
    before = {"state": review.state, "reports": len(reports(connection, review))}
    likes = gallery_withholding.withhold(connection, job_id=job.id)
    if likes is not None:
        before["likes"] = likes
    words: dict[str, Any] = {"reason": reason, "appeal": None, "refusal": None}
    _move(connection, decision, review, "down", decided=True, due=True, **words)
    _record(connection, decision, "takedown", before, {"state": "down"}, reason)


def appeal(connection: Connection, decision: Decision, words: str) -> None:
    """The author asks for the clip. Raises AlreadyReviewed where it is not down, or they asked."""
    review = _seen(connection, decision, ("down",))
    _record(connection, decision, "appeal", {"state": "down"}, {"state": "appealed"}, words)
    newest = _newest_of(connection, decision.guild_id, decision.job_id, "appeal")
    # Whoever appeals knows of the take-down, told or not.
    changes: dict[str, Any] = {
        "appeal": words,
        "asked_sequence": newest,
        "card_due": True,
        "notice_due": False,
    }
    _move(connection, decision, review, "appealed", **changes)


def uphold(connection: Connection, decision: Decision, reason: str) -> None:
    """The appeal is refused. Raises AlreadyReviewed."""
    review = _seen(connection, decision, ("appealed",))
    _move(connection, decision, review, "upheld", due=True, refusal=reason)
    _record(connection, decision, "uphold", {"state": "appealed"}, {"state": "upheld"}, reason)


def restore(connection: Connection, decision: Decision) -> None:
    """The clip is back, in the gallery too if it was there. Raises AlreadyReviewed."""
    review = _seen(connection, decision, DOWN)
    likes = gallery_withholding.bring_back(connection, job_id=decision.job_id)
    words: dict[str, Any] = {"reason": None, "appeal": None, "refusal": None}
    _move(connection, decision, review, "closed", due=True, **words)
    after: dict[str, object] = {"state": "closed"}
    if likes is not None:
        after["likes"] = likes
    _record(connection, decision, "restore", {"state": review.state}, after, "")


def waiting(
    connection: Connection, *, guild_id: int, limit: int, before: int | None = None
) -> tuple[Review, ...]:
    """What moderators are to decide, newest first; `before` is the `asked_sequence` of the last
    one seen, so that new ones neither repeat nor hide another."""
    wanted = (_TABLE.guild_id == guild_id) & _TABLE.state.in_(WAITING)
    if before is not None:
        wanted &= _TABLE.asked_sequence < before
    return _select(connection, wanted, limit=limit)


def taken_down(connection: Connection, *, guild_id: int, limit: int) -> tuple[Review, ...]:
    """Clips of a guild that are down, whatever its authors say to that."""
    wanted = (_TABLE.guild_id == guild_id) & _TABLE.state.in_(DOWN)
    return _select(connection, wanted, limit=limit)


def waiting_count(connection: Connection, *, guild_id: int) -> int:
    """How many clips moderators are to decide about."""
    wanted = (_TABLE.guild_id == guild_id) & _TABLE.state.in_(WAITING)
    return connection.execute(select(func.count()).select_from(_reviews).where(wanted)).scalar_one()


def reports(connection: Connection, review: Review) -> tuple[Act, ...]:
    """What members reported that is not decided yet, newest first."""
    log = schema.moderator_log.c
    query = (
        select(schema.moderator_log)
        .where(
            log.guild_id == review.guild_id,
            log.act == "report",
            log.subject == review.job_id,
            log.sequence > review.decided_sequence,
        )
        .order_by(log.sequence.desc())
    )
    return tuple(moderation.act_of(row) for row in connection.execute(query).mappings())


def due(connection: Connection) -> tuple[Review, ...]:
    """Reviews of which Discord does not show all yet."""
    yes = literal(value=True, type_=Flag())
    return _select(connection, or_(_TABLE.card_due == yes, _TABLE.notice_due == yes))


def card_shown(connection: Connection, review: Review) -> None:
    """The card is as this revision is to be shown; a newer one stays due."""
    connection.execute(update(_reviews).where(_same(review)).values(card_due=False))


def author_told(connection: Connection, review: Review) -> None:
    """The author knows of this revision, or cannot be told."""
    connection.execute(update(_reviews).where(_same(review)).values(notice_due=False))


def require_up(
    connection: Connection, *, guild_id: int, job_id: str | None, files: tuple[str, ...] = ()
) -> None:
    """Raises ClipTakenDown where this job's clip, or one of these files as a clip, is down."""
    made_from = or_(schema.jobs.c.id == job_id, schema.jobs.c.clip_sha256.in_(files))
    query = (
        select(_TABLE.job_id, _TABLE.reason)
        .join(schema.jobs, schema.jobs.c.id == _TABLE.job_id)
        .where(_TABLE.guild_id == guild_id, _TABLE.state.in_(DOWN), made_from)
    )
    if (found := connection.execute(query.limit(1)).first()) is not None:
        raise ClipTakenDown(job_id=found.job_id, reason=found.reason)


def _locked(
    connection: Connection, job_id: str, guild_id: int, made_by: int, now: datetime
) -> Review:
    """The review, begun if there is none; nobody else moves it before this unit has ended."""
    insert_if_absent(
        connection,
        _reviews,
        job_id=job_id,
        guild_id=guild_id,
        state="closed",
        revision=0,
        asked_sequence=0,
        decided_sequence=0,
        changed_by=made_by,
        changed_at=now,
        card_due=False,
        notice_due=False,
    )
    return _select(connection, _TABLE.job_id == job_id, locked=True)[0]


def _seen(connection: Connection, decision: Decision, states: tuple[ReviewState, ...]) -> Review:
    """The review as it was seen, kept from others. Raises AlreadyReviewed."""
    found = _select(connection, _TABLE.job_id == decision.job_id, locked=True)
    if not found:
        raise AlreadyReviewed(job_id=decision.job_id, state="closed", changed_by=0)
    review = found[0]
    newer = decision.revision is not None and decision.revision != review.revision
    if newer or review.state not in states:
        raise AlreadyReviewed(
            job_id=review.job_id, state=review.state, changed_by=review.changed_by
        )
    return review


def _move(
    connection: Connection,
    decision: Decision,
    review: Review,
    state: ReviewState,
    *,
    decided: bool = False,
    due: bool = False,
    **changes: object,
) -> None:
    changes |= {
        "state": state,
        "revision": review.revision + 1,
        "changed_by": decision.made_by,
        "changed_at": decision.now,
    }
    if decided:
        changes["decided_sequence"] = _newest_of(connection, review.guild_id, review.job_id)
    if due:
        changes |= {"card_due": True, "notice_due": True}
    connection.execute(update(_reviews).where(_same(review)).values(changes))


def _newest_of(connection: Connection, guild_id: int, job_id: str, act: ActKind = "report") -> int:
    """The number in the log of the newest such act on the clip; 0 if there is none."""
    log = schema.moderator_log.c
    query = select(func.max(log.sequence)).where(
        log.guild_id == guild_id, log.act == act, log.subject == job_id
    )
    return connection.execute(query).scalar_one() or 0


def _record(
    connection: Connection,
    decision: Decision,
    act: ActKind,
    before: Facts,
    after: Facts,
    detail: str,
) -> None:
    moderation.record(
        connection,
        Act(
            guild_id=decision.guild_id,
            act=act,
            subject=decision.job_id,
            before=before,
            after=after,
            detail=detail,
            made_by=decision.made_by,
            made_at=decision.now,
        ),
    )


def _same(review: Review) -> ColumnElement[bool]:
    return (_TABLE.job_id == review.job_id) & (_TABLE.revision == review.revision)


def _select(
    connection: Connection,
    wanted: ColumnElement[bool],
    *,
    limit: int | None = None,
    locked: bool = False,
) -> tuple[Review, ...]:
    query = (
        select(*(_TABLE[one.name] for one in fields(Review)))
        .where(wanted)
        .order_by(_TABLE.asked_sequence.desc(), _TABLE.job_id)
        .limit(limit)
    )
    if locked:
        query = query.with_for_update()
    return tuple(Review(**row) for row in connection.execute(query).mappings())
