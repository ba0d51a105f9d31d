"""One transaction that takes a member out of every table, by `storage/personal_data.py`.

What it cannot do in a transaction it lists for the caller: files and messages.
What SQLite or PostgreSQL still hold of rows that are gone is taken out by `Database.scrub`.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    case,
    or_,
    select,
    text,
    update,
)

from storage import erasures, schema
from storage.erasure_traces import traces
from storage.erasures import Erasure
from storage.errors import IllegalMove
from storage.ledger_erasure import rename_accounts
from storage.personal_data import ERASED, HOLDINGS, NO_FILE, Holding
from storage.personal_rows import jobs_of, mine
from storage.schema import gallery_entries, jobs, likes, metadata, moderator_log
from storage.themes import entries

MERGED_PAGES = 500
"""Of the full-text index in one transaction: others want to write too."""

_WORDS_OF_MEMBERS = ("report",)
"""Acts on the moderators' log whose words are a member's own."""
_FACTS_KEPT = {"until", "state", "window", "job"}
"""Texts among an act's facts that are no free words."""


def unfinished_jobs(connection: Connection, *, user_id: int) -> tuple[str, ...]:
    """Ids of the jobs that have to end before anything can be erased."""
    return tuple(connection.execute(jobs_of(user_id).where(jobs.c.finished_at.is_(None))).scalars())


def remixes_of_erased(connection: Connection, *, pseudonym: int) -> tuple[str, ...]:
    """Ids of others' jobs that were made of an erased member's and have a message."""
    parents = jobs.alias("parents")
    query = (
        select(jobs.c.id)
        .join(parents, jobs.c.parent_job_id == parents.c.id)
        .where(
            parents.c.user_id == pseudonym,
            jobs.c.user_id != pseudonym,
            jobs.c.finished_at.is_not(None),
            jobs.c.card_message_id.is_not(None),
        )
        .order_by(jobs.c.sequence)
    )
    return tuple(connection.execute(query).scalars())


def erase(connection: Connection, erasure: Erasure, *, now: datetime) -> frozenset[str]:
    """Everything about the member in the tables; returns the files that are to go with it, which
    are listed with the messages.

    Erasing again changes nothing. Raises IllegalMove while a job of theirs has not ended.
    """
    user_id, pseudonym = erasure.user_id, erasure.pseudonym
    for job_id in unfinished_jobs(connection, user_id=user_id):
        raise IllegalMove(job_id=job_id, from_state="unfinished", to_state="erased")
    found = traces(connection, user_id=user_id)
    erasures.remember_messages(connection, erasure_id=erasure.id, messages=found.messages)
    erasures.remember_searches(connection, erasure_id=erasure.id, unseen=found.unseen)
    erasures.remember_files(connection, erasure_id=erasure.id, files=found.files)
    _end_deliveries(connection, user_id, now)
    _rewrite_log(connection, user_id, pseudonym)
    _withdraw_likes(connection, user_id)
    _leave_themes(connection, user_id)
    _end_comparisons(connection, user_id, now)
    _rewrite_jobs(connection, user_id)
    connection.execute(schema.gallery_searches.delete())
    rename_accounts(connection, user_id=user_id, pseudonym=pseudonym)
    for table in reversed(metadata.sorted_tables):
        if table is not jobs:  # They say whose the rows of others are: the last of all.
            _apply(connection, table, HOLDINGS[table.name], user_id, pseudonym)
    _apply(connection, jobs, HOLDINGS["jobs"], user_id, pseudonym)
    connection.execute(
        update(schema.erasures).where(schema.erasures.c.id == erasure.id).values(erased_at=now)
    )
    return found.files


def merge_search_index(connection: Connection) -> bool:
    """Take erased words out of SQLite's full-text index, where they linger marked as deleted, some
    pages at a time; True while there is more to do. PostgreSQL's is built anew by `scrub`."""
    if connection.dialect.name != "sqlite":
        return False
    merge = "INSERT INTO gallery_words (gallery_words, rank) VALUES ('merge', :pages)"
    before = connection.execute(text("SELECT total_changes()")).scalar_one()
    # A negative number begins to merge all segments into one; SQLite remembers that it began.
    connection.execute(text(merge), {"pages": -MERGED_PAGES})
    after = connection.execute(text("SELECT total_changes()")).scalar_one()
    return after - before >= 2


def _apply(
    connection: Connection, table: Table, holding: Holding, user_id: int, pseudonym: int
) -> None:
    whose = mine(table, holding, user_id)
    if holding.deleted:
        connection.execute(table.delete().where(whose))
    if holding.emptied:
        connection.execute(update(table).where(whose).values(**holding.emptied))
    for name in holding.pseudonyms:
        connection.execute(update(table).where(table.c[name] == user_id).values({name: pseudonym}))


def _end_deliveries(connection: Connection, user_id: int, now: datetime) -> None:
    """Nothing more is posted, and why something was not is forgotten; the showcase takes down what
    it shows."""
    columns = schema.deliveries.c
    theirs = columns.job_id.in_(jobs_of(user_id))
    is_open = columns.state.in_(("pending", "sending"))
    connection.execute(
        update(schema.deliveries)
        .where(theirs, is_open)
        .values(state="kept", problem=ERASED, ended_at=now, sending_since=None)
    )
    connection.execute(
        update(schema.deliveries)
        .where(theirs)
        .values(problem=case((columns.state == "kept", ERASED)))
    )
    posts = schema.showcase_posts
    connection.execute(
        update(posts).where(posts.c.job_id.in_(jobs_of(user_id))).values(ended=ERASED)
    )


def _rewrite_log(connection: Connection, user_id: int, pseudonym: int) -> None:
    """In acts on the member or their clips, and in what they reported, no free words stay."""
    columns = moderator_log.c
    subject = f"member:{user_id}"
    rows = connection.execute(
        select(moderator_log).where(
            or_(
                columns.subject == subject,
                columns.subject.in_(jobs_of(user_id)),
                (columns.made_by == user_id) & columns.act.in_(_WORDS_OF_MEMBERS),
            )
        )
    ).mappings()
    for row in rows.all():
        connection.execute(
            update(moderator_log)
            .where(columns.sequence == row["sequence"])
            .values(
                subject=f"member:{pseudonym}" if row["subject"] == subject else row["subject"],
                detail=ERASED if row["detail"] else "",
                before_json=_rewritten(row["before_json"], _without_words),
                after_json=_rewritten(row["after_json"], _without_words),
            )
        )


def _withdraw_likes(connection: Connection, user_id: int) -> None:
    liked = select(likes.c.job_id).where(likes.c.user_id == user_id)
    for table in (gallery_entries, schema.gallery_withheld):
        connection.execute(
            update(table).where(table.c.job_id.in_(liked)).values(likes=table.c.likes - 1)
        )


def _leave_themes(connection: Connection, user_id: int) -> None:
    entered = select(schema.theme_entries.c.job_id).where(schema.theme_entries.c.user_id == user_id)
    for job_id in connection.execute(entered).scalars().all():
        entries.drop_clip(connection, job_id=job_id)


def _end_comparisons(connection: Connection, user_id: int, now: datetime) -> None:
    """What still was to be voted on is called off; nothing is shown of any again."""
    columns = schema.comparisons.c
    theirs = columns.user_id == user_id
    connection.execute(
        update(schema.comparisons)
        .where(theirs, columns.ended_at.is_(None))
        .values(state="called_off", ended_at=now, problem=ERASED)
    )
    connection.execute(
        update(schema.comparisons)
        .where(theirs)
        .values(shown_state=columns.state, problem=case((columns.state == "called_off", ERASED)))
    )


def _rewrite_jobs(connection: Connection, user_id: int) -> None:
    """Of a clip, what the reports count; neither its file, nor a word."""
    made = select(jobs.c.id, jobs.c.clip_json).where(
        jobs.c.user_id == user_id, jobs.c.clip_json.is_not(None)
    )
    for job_id, clip_json in connection.execute(made).all():
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id)
            .values(clip_json=_rewritten(clip_json, _figures), clip_sha256=NO_FILE)
        )


def _rewritten(
    stored: str | None, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> str | None:
    return None if stored is None else json.dumps(change(json.loads(stored)), sort_keys=True)


def _without_words(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: ERASED if isinstance(value, str) and name not in _FACTS_KEPT else value
        for name, value in facts.items()
    }


def _figures(facts: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in facts.items()
        if isinstance(value, int | float) or name in ("model", "model_revision")
    }
    return {**kept, "seed": 0} if "seed" in kept else kept
