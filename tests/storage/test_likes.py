"""Likes: one a member, counted right in whatever order they come, and what they lift."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from storage import gallery, guild_settings, likes, showcase
from storage.database import Database
from storage.errors import NotInGallery, OwnClip
from storage.likes import Liked
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, admit, give, make_record, succeed
from tests.storage.stores import SqliteStore

CHANNEL = 77
PEOPLE = (11, 12, 13, 14)


def share(connection: Connection, number: int = 1) -> None:
    give(connection, 10 * number)
    admit(connection, make_record(number))
    succeed(connection, f"job{number}")
    gallery.share(
        connection,
        job_id=f"job{number}",
        shared_by=MEMBER,
        prompt="a red circle",
        settings_json="{}",
        model_revision="r1",
        seed=1,
        now=NOW,
    )


def like(connection: Connection, user_id: int, liked: bool = True, number: int = 1) -> Liked:
    return likes.set_like(
        connection, job_id=f"job{number}", guild_id=GUILD, user_id=user_id, liked=liked, now=NOW
    )


def open_showcase(connection: Connection, count: int) -> None:
    guild_settings.set_showcase(
        connection, guild_id=GUILD, likes=count, channel_id=CHANNEL, changed_by=MODERATOR, now=NOW
    )


def count_of(connection: Connection) -> int:
    found = gallery.entry(connection, job_id="job1")
    assert found is not None
    return found.likes


async def test_a_member_likes_an_entry_once_and_may_stop(database: Database) -> None:
    await database.write(share)
    counts = [
        (await database.write(lambda connection, liked=liked: like(connection, 11, liked))).likes
        for liked in (True, True, False, False, True)
    ]
    assert counts == [1, 1, 0, 0, 1]
    assert await database.read(lambda c: likes.likes_it(c, job_id="job1", user_id=11))


async def test_nobody_likes_their_own_clip_or_one_that_is_not_shared(database: Database) -> None:
    await database.write(share)
    with pytest.raises(OwnClip):
        await database.write(lambda connection: like(connection, MEMBER))
    with pytest.raises(NotInGallery):
        await database.write(lambda connection: like(connection, 11, number=2))
    with pytest.raises(NotInGallery):
        await database.write(
            lambda connection: likes.set_like(
                connection, job_id="job1", guild_id=GUILD + 1, user_id=11, liked=True, now=NOW
            )
        )


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), max_size=12), st.randoms())
def test_only_what_each_member_said_last_counts(
    said: list[tuple[int, bool]], random: Random
) -> None:
    """The order among members makes no difference, and repeats make none."""
    store = SqliteStore()
    last = dict(said)
    mixed = [(who, liked) for who, liked in last.items() for _ in (1, 2)]
    random.shuffle(mixed)

    def count_after(acts: list[tuple[int, bool]], number: int) -> int:
        store.run(lambda connection: share(connection, number))
        for who, liked in acts:
            store.run(lambda c, who=who, liked=liked: like(c, who, liked, number))
        entry = store.run(lambda c: gallery.entry(c, job_id=f"job{number}"))
        assert entry is not None
        return entry.likes

    try:
        assert count_after(said, 1) == sum(last.values()) == count_after(mixed, 2)
    finally:
        store.close()


async def test_enough_likes_lift_a_clip_once_whatever_becomes_of_it(database: Database) -> None:
    def begin(connection: Connection) -> list[bool]:
        share(connection)
        open_showcase(connection, 2)
        acts = [(11, True), (12, True), (12, False), (12, True), (13, True)]
        return [like(connection, who, liked).lifted for who, liked in acts]

    assert await database.write(begin) == [False, True, False, False, False]
    (post,) = await database.read(showcase.waiting)
    assert (post.job_id, post.channel_id, post.attempted) == ("job1", CHANNEL, False)

    assert await database.write(lambda c: showcase.attempt(c, job_id="job1"))
    await database.write(lambda c: showcase.posted(c, job_id="job1", message_id=5))
    assert await database.read(showcase.waiting) == ()

    await database.write(lambda c: gallery.unshare(c, job_id="job1"))
    (gone,) = await database.read(showcase.to_take_down)
    assert gone.message_id == 5
    await database.write(lambda c: showcase.taken_down(c, job_id="job1"))
    assert await database.read(showcase.to_take_down) == ()

    def again(connection: Connection) -> tuple[int, bool]:
        gallery.share(
            connection,
            job_id="job1",
            shared_by=MEMBER,
            prompt="a red circle",
            settings_json="{}",
            model_revision="r1",
            seed=1,
            now=NOW + timedelta(days=1),
        )
        before = count_of(connection)
        return before, [like(connection, who).lifted for who in PEOPLE][-1]

    assert await database.write(again) == (0, False)
    assert await database.read(showcase.waiting) == ()


async def test_without_a_showcase_or_with_too_few_likes_nothing_is_lifted(
    database: Database,
) -> None:
    def unit(connection: Connection) -> list[bool]:
        share(connection)
        lifted = [like(connection, 11).lifted]
        open_showcase(connection, 3)
        lifted.append(like(connection, 12).lifted)
        open_showcase(connection, 0)
        return [*lifted, like(connection, 13).lifted]

    assert await database.write(unit) == [False, False, False]
