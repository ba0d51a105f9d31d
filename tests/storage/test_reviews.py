"""Reports, take-downs, appeals: what each leaves behind, and who of two is the one that decides."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import (
    gallery,
    gallery_search,
    guild_settings,
    jobs,
    likes,
    moderator_log,
    review_announcements,
    reviews,
    showcase,
)
from storage.database import Database
from storage.errors import NotShareable
from storage.gallery_search import GallerySearch
from storage.moderation_errors import AlreadyReviewed, ClipTakenDown
from storage.moderator_log import LogSearch
from storage.reviews import Decision, Review
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
from tests.storage.test_likes import like, open_showcase, share

OTHER_MODERATOR = MODERATOR + 1


def by(made_by: int = MODERATOR, *, revision: int | None = None, job_id: str = "job1") -> Decision:
    return Decision(job_id=job_id, guild_id=GUILD, made_by=made_by, now=NOW, revision=revision)


def report(
    connection: Connection, user_id: int = OTHER_MEMBER, reason: str = "rude", number: int = 1
) -> bool:
    return reviews.report(
        connection,
        job_id=f"job{number}",
        guild_id=GUILD,
        user_id=user_id,
        reason=reason,
        now=NOW,
    )


def review_of(connection: Connection, number: int = 1) -> Review:
    found = reviews.get(connection, f"job{number}")
    assert found is not None
    return found


def found_by(connection: Connection, words: str = "") -> list[str]:
    found = gallery_search.page(
        connection, guild_id=GUILD, limit=10, search=GallerySearch(words=words)
    )
    return [entry.job_id for entry in found.entries]


async def test_reports_of_one_clip_are_one_entry_of_the_queue(database: Database) -> None:
    def begin(connection: Connection) -> list[bool]:
        for number in (1, 2):
            share(connection, number)
        return [
            report(connection, 11, "rude"),
            report(connection, 12, "spam", 2),
            report(connection, 13, "ugly"),
            report(connection, 13, "still ugly"),
        ]

    assert await database.write(begin) == [True, True, True, False]

    def read(connection: Connection) -> list[tuple[str, list[str]]]:
        return [
            (one.job_id, [act.detail for act in reviews.reports(connection, one)])
            for one in reviews.waiting(connection, guild_id=GUILD, limit=9)
        ]

    assert await database.read(read) == [("job1", ["ugly", "rude"]), ("job2", ["spam"])]
    assert await database.read(lambda c: reviews.waiting_count(c, guild_id=GUILD)) == 2
    assert await database.read(lambda c: reviews.waiting_count(c, guild_id=GUILD + 1)) == 0
    (first,) = await database.read(lambda c: reviews.waiting(c, guild_id=GUILD, limit=1))
    (second,) = await database.read(
        lambda c: reviews.waiting(c, guild_id=GUILD, limit=9, before=first.asked_sequence)
    )
    assert second.job_id == "job2"


async def test_what_was_dismissed_comes_back_with_new_reports_only(database: Database) -> None:
    def unit(connection: Connection) -> tuple[list[str], int]:
        share(connection)
        report(connection, 11, "rude")
        reviews.dismiss(connection, by(revision=review_of(connection).revision))
        waiting = reviews.waiting_count(connection, guild_id=GUILD)
        report(connection, 12, "spam")
        return [a.detail for a in reviews.reports(connection, review_of(connection))], waiting

    assert await database.write(unit) == (["spam"], 0)
    assert await database.read(lambda c: reviews.waiting_count(c, guild_id=GUILD)) == 1


async def test_a_take_down_puts_gallery_showcase_and_likes_aside_and_restoring_brings_them_back(
    database: Database,
) -> None:
    def begin(connection: Connection) -> None:
        share(connection)
        open_showcase(connection, 2)
        for user_id in (11, 12):
            like(connection, user_id)
        showcase.posted(connection, job_id="job1", message_id=5)

    await database.write(begin)
    entry = await database.read(lambda c: gallery.entry(c, job_id="job1"))
    await database.write(lambda c: reviews.take_down(c, by(), "not for school"))

    def while_down(connection: Connection) -> tuple[object, ...]:
        record = jobs.get(connection, "job1")
        return (
            gallery.entry(connection, job_id="job1"),
            found_by(connection),
            found_by(connection, "circle"),
            [post.message_id for post in showcase.to_take_down(connection)],
            (record.review_state, record.takedown_reason),
            likes.likes_it(connection, job_id="job1", user_id=11),
        )

    assert await database.read(while_down) == (
        None,
        [],
        [],
        [5],
        ("down", "not for school"),
        True,
    )
    await database.write(lambda c: showcase.taken_down(c, job_id="job1"))
    await database.write(lambda c: reviews.restore(c, by()))
    assert await database.read(lambda c: gallery.entry(c, job_id="job1")) == entry
    assert await database.read(lambda c: found_by(c, "circle")) == ["job1"]
    assert [post.job_id for post in await database.read(showcase.waiting)] == ["job1"]
    log = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD), limit=2).acts
    )
    assert [(act.act, act.before, act.after, act.detail) for act in log] == [
        ("restore", {"state": "down"}, {"state": "closed", "likes": 2}, ""),
        (
            "takedown",
            {"state": "closed", "reports": 0, "likes": 2},
            {"state": "down"},
            "not for school",
        ),
    ]


async def test_an_entry_comes_back_although_its_place_was_given_to_another(
    database: Database,
) -> None:
    """SQLite gives the number of the newest entry again once that is gone."""

    def unit(connection: Connection) -> list[str]:
        share(connection, 1)
        reviews.take_down(connection, by(), "no")
        share(connection, 2)
        reviews.take_down(connection, by(job_id="job2"), "no")
        share(connection, 3)
        for job_id in ("job1", "job2"):
            reviews.restore(connection, by(job_id=job_id))
        return sorted(found_by(connection))

    assert await database.write(unit) == ["job1", "job2", "job3"]


async def test_a_clip_that_is_deleted_while_it_is_down_leaves_nothing_aside(
    database: Database,
) -> None:
    def unit(connection: Connection) -> tuple[bool, list[str]]:
        share(connection)
        reviews.take_down(connection, by(), "no")
        gone = gallery.unshare(connection, job_id="job1")
        reviews.restore(connection, by())
        return gone, found_by(connection)

    assert await database.write(unit) == (True, [])


async def test_nobody_builds_on_a_clip_that_is_down_by_its_job_or_by_its_file(
    database: Database,
) -> None:
    def unit(connection: Connection) -> None:
        share(connection)
        reviews.require_up(connection, guild_id=GUILD, job_id="job1", files=("ab" * 32,))
        reviews.take_down(connection, by(), "no")

    await database.write(unit)
    for job_id, files in (("job1", ()), (None, ("ab" * 32,))):
        with pytest.raises(ClipTakenDown) as refused:
            await database.read(
                lambda c, j=job_id, f=files: reviews.require_up(
                    c, guild_id=GUILD, job_id=j, files=f
                )
            )
        assert refused.value.reason == "no"
    await database.read(
        lambda c: reviews.require_up(c, guild_id=GUILD, job_id=None, files=("cd" * 32,))
    )
    with pytest.raises(ClipTakenDown):
        await database.write(report)


async def test_only_what_was_made_is_taken_down(database: Database) -> None:
    def unit(connection: Connection) -> None:
        give(connection, 10)
        admit(connection, make_record())

    await database.write(unit)
    with pytest.raises(NotShareable):
        await database.write(lambda c: reviews.take_down(c, by(), "no"))
    assert await database.read(lambda c: reviews.get(c, "job1")) is None
    with pytest.raises(AlreadyReviewed):
        await database.write(lambda c: reviews.restore(c, by()))


async def test_of_two_moderators_at_once_one_decides_and_the_other_is_told(
    database: Database,
) -> None:
    def begin(connection: Connection) -> int:
        give(connection, 10)
        admit(connection, make_record())
        succeed(connection, "job1")
        report(connection)
        return review_of(connection).revision

    revision = await database.write(begin)
    outcomes = await asyncio.gather(
        database.write(lambda c: reviews.dismiss(c, by(revision=revision))),
        database.write(
            lambda c: reviews.take_down(c, by(OTHER_MODERATOR, revision=revision), "no")
        ),
        return_exceptions=True,
    )
    told = [one for one in outcomes if isinstance(one, AlreadyReviewed)]
    assert len(told) == 1
    assert outcomes.count(None) == 1
    winner = MODERATOR if outcomes[0] is None else OTHER_MODERATOR
    assert told[0].changed_by == winner
    acts = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD), limit=9).acts
    )
    assert sorted(act.act for act in acts) == sorted(
        ("report", "dismiss" if winner == MODERATOR else "takedown")
    )


async def test_an_author_appeals_once_a_take_down(database: Database) -> None:
    def begin(connection: Connection) -> None:
        share(connection)
        reviews.take_down(connection, by(), "no")
        reviews.appeal(connection, by(MEMBER), "it is a circle")

    await database.write(begin)
    with pytest.raises(AlreadyReviewed):
        await database.write(lambda c: reviews.appeal(c, by(MEMBER), "again"))
    (waiting,) = await database.read(lambda c: reviews.waiting(c, guild_id=GUILD, limit=9))
    assert (waiting.state, waiting.appeal) == ("appealed", "it is a circle")
    await database.write(lambda c: reviews.uphold(c, by(revision=waiting.revision), "it is rude"))
    with pytest.raises(AlreadyReviewed):
        await database.write(lambda c: reviews.appeal(c, by(MEMBER), "again"))
    record = await database.read(lambda c: jobs.get(c, "job1"))
    assert (record.review_state, record.appeal_refusal) == ("upheld", "it is rude")

    def anew(connection: Connection) -> str:
        reviews.restore(connection, by())
        reviews.take_down(connection, by(), "no")
        reviews.appeal(connection, by(MEMBER), "another word")
        return review_of(connection).state

    assert await database.write(anew) == "appealed"


async def test_what_discord_is_to_show_stays_due_for_a_newer_move(database: Database) -> None:
    def begin(connection: Connection) -> Review:
        share(connection)
        reviews.take_down(connection, by(), "no")
        return review_of(connection)

    down = await database.write(begin)
    assert await database.read(reviews.due) == (down,)
    await database.write(lambda c: reviews.restore(c, by()))
    await database.write(lambda c: reviews.card_shown(c, down))
    await database.write(lambda c: reviews.author_told(c, down))
    (again,) = await database.read(reviews.due)
    assert (again.state, again.card_due, again.notice_due) == ("closed", True, True)
    await database.write(lambda c: reviews.card_shown(c, again))
    await database.write(lambda c: reviews.author_told(c, again))
    assert await database.read(reviews.due) == ()


async def test_a_channel_is_told_once_of_what_waits(database: Database) -> None:
    def begin(connection: Connection) -> tuple[bool, bool]:
        for number in (1, 2):
            share(connection, number)
        return (
            review_announcements.set_channel(
                connection, guild_id=GUILD, channel_id=7, set_by=MODERATOR, now=NOW
            ),
            review_announcements.set_channel(
                connection, guild_id=GUILD, channel_id=7, set_by=MODERATOR, now=NOW
            ),
        )

    assert await database.write(begin) == (True, False)
    assert await database.read(review_announcements.due) == ()
    await database.write(report)
    (first,) = await database.read(review_announcements.due)
    assert (first.channel_id, first.waiting, first.posted) == (7, 1, None)
    await database.write(
        lambda c: review_announcements.said(c, first, message_id=99, posted_at=NOW)
    )
    assert await database.read(review_announcements.due) == ()
    await database.write(lambda c: report(c, number=2))
    (second,) = await database.read(review_announcements.due)
    assert second.waiting == 2
    assert second.posted is not None
    assert second.posted.message_id == 99
    later = NOW + timedelta(minutes=5)
    await database.write(
        lambda c: review_announcements.said(c, second, message_id=99, posted_at=later)
    )
    for job_id in ("job1", "job2"):
        await database.write(lambda c, j=job_id: reviews.dismiss(c, by(job_id=j)))
    (empty,) = await database.read(review_announcements.due)
    assert empty.waiting == 0
    await database.write(
        lambda c: review_announcements.set_channel(
            c, guild_id=GUILD, channel_id=None, set_by=MODERATOR, now=NOW
        )
    )
    assert await database.read(review_announcements.due) == ()


async def test_a_showcase_that_was_closed_by_its_author_stays_closed(database: Database) -> None:
    def unit(connection: Connection) -> int:
        share(connection)
        guild_settings.set_showcase(
            connection, guild_id=GUILD, likes=1, channel_id=7, changed_by=MODERATOR, now=NOW
        )
        like(connection, 11)
        showcase.end(connection, job_id="job1", reason="taken out of the gallery")
        reviews.take_down(connection, by(), "no")
        reviews.restore(connection, by())
        return len(showcase.waiting(connection))

    assert await database.write(unit) == 0
