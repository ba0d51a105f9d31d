"""A member with a bit of everything, another who built on it, and the erasure of the first."""

import json
from datetime import timedelta

from sqlalchemy import Connection

from storage import (
    attempts,
    booking,
    deliveries,
    erasing,
    erasures,
    gallery,
    gallery_search,
    income,
    jobs,
    likes,
    moderation,
    offers,
    role_grants,
    schema,
)
from storage.gallery_search import GallerySearch
from storage.moderation import Act
from storage.offers import Offer
from storage.quotas import Asker
from storage.role_grants import Window
from tests.storage.builders import (
    GUILD,
    MEMBER,
    MODERATOR,
    NOW,
    OTHER_MEMBER,
    admit,
    give,
    make_record,
    succeed,
)

CANARY = "xyzzyplugh"
UPLOAD, CLIP, OTHERS_CLIP = "1" * 64, "2" * 64, "3" * 64
PATRON = 77


def request_json(prompt: str = CANARY, image: str | None = None) -> str:
    return json.dumps({"prompt": prompt, "image_sha256": image, "parent_job_id": None})


def fill(connection: Connection) -> None:
    """A member with a bit of everything, and another who built on it."""
    fill_roles(connection)
    collect(connection)
    give(connection, 100, user_id=OTHER_MEMBER)
    first = make_record(1, request_json=request_json(image=UPLOAD), card_message_id=501)
    admit(connection, first)
    clip_json = json.dumps(
        {"seed": 7, "frames": 12, "model": "pocket", "unknown_words": [CANARY], "notes": [CANARY]}
    )
    succeed(connection, "job1", clip_json=clip_json)
    set_clip(connection, "job1", CLIP)
    deliveries.posted(connection, job_id="job1", message_id=501, now=NOW)
    second = make_record(2, request_json=request_json())
    admit(connection, second)
    attempts.start(connection, job_id="job2", attempt=1, now=NOW)
    booking.finish(
        connection,
        job_id="job2",
        attempt=1,
        state="failed",
        error_code="generation_failed",
        error_text=f"cannot draw {CANARY}",
        now=NOW,
    )
    deliveries.sent_directly(
        connection, job_id="job2", message_id=502, problem=f"no room for {CANARY}", now=NOW
    )
    share(connection, "job1", CANARY)
    theirs = make_record(
        3,
        user_id=OTHER_MEMBER,
        parent_job_id="job1",
        request_json=request_json("a house", image=UPLOAD),
    )
    admit(connection, theirs)
    succeed(connection, "job3")
    set_clip(connection, "job3", OTHERS_CLIP)
    share(connection, "job3", "a house")
    like(connection, "job3", MEMBER)
    like(connection, "job1", OTHER_MEMBER)
    gallery_search.keep_search(connection, GallerySearch(words=CANARY), now=NOW)
    offer = Offer(
        id="offer",
        interaction_id=99,
        guild_id=GUILD,
        user_id=MEMBER,
        request_json=request_json(),
        price_credits=2,
        made_at=NOW,
    )
    offers.keep(connection, offer)
    for subject, by in (("job3", MEMBER), ("job1", OTHER_MEMBER)):
        moderation.record(
            connection,
            Act(
                guild_id=GUILD,
                act="report",
                subject=subject,
                before=None,
                after=None,
                detail=f"it says {CANARY}",
                made_by=by,
                made_at=NOW,
            ),
        )


def fill_roles(connection: Connection) -> None:
    role_grants.set_grant(
        connection,
        guild_id=GUILD,
        role_id=PATRON,
        amount_credits=40,
        window=Window.WEEK,
        set_by=MODERATOR,
        now=NOW,
    )


def collect(connection: Connection, *, days: float = 0.0) -> int:
    asker = Asker(guild_id=GUILD, user_id=MEMBER, role_ids=(PATRON,))
    balance = income.collect(
        connection, asker, default_allowance_credits=100, now=NOW + timedelta(days=days)
    )
    return balance.available_credits


def set_clip(connection: Connection, job_id: str, sha256: str) -> None:
    connection.execute(
        schema.jobs.update().where(schema.jobs.c.id == job_id).values(clip_sha256=sha256)
    )


def share(connection: Connection, job_id: str, prompt: str) -> None:
    gallery.share(
        connection,
        job_id=job_id,
        shared_by=jobs.get(connection, job_id).user_id,
        prompt=prompt,
        settings_json=request_json(prompt),
        model_revision="1",
        seed=7,
        now=NOW,
    )


def like(connection: Connection, job_id: str, user_id: int) -> None:
    likes.set_like(connection, job_id=job_id, guild_id=GUILD, user_id=user_id, liked=True, now=NOW)


def erase(connection: Connection, *, erasure_id: str = "erasure") -> frozenset[str]:
    erasure = erasures.begin(connection, erasure_id=erasure_id, user_id=MEMBER, now=NOW)
    return erasing.erase(connection, erasure, now=NOW)


def forget_the_name(connection: Connection) -> None:
    """Discord has deleted every message, and every file is gone."""
    for message in erasures.messages_left(connection, erasure_id="erasure"):
        erasures.message_gone(connection, message_id=message.message_id)
    for sha256 in erasures.files_left(connection, erasure_id="erasure"):
        erasures.file_gone(connection, erasure_id="erasure", sha256=sha256)
    assert erasures.finish(connection, erasure_id="erasure", now=NOW)
