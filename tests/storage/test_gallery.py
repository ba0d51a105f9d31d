"""The gallery, as members browse it."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import gallery, gallery_search, jobs
from storage.database import Database
from storage.errors import InvalidCursor, NotShareable, ShareRefused, UnknownJob
from storage.gallery import GalleryEntry
from storage.gallery_search import GalleryPage
from tests.storage.builders import (
    GUILD,
    MEMBER,
    NOW,
    OTHER_MEMBER,
    admit,
    fail,
    give,
    make_record,
    succeed,
)

LARGEST_SEED = 2**64 - 1


def share(connection: Connection, number: int, shared_by: int = MEMBER) -> GalleryEntry:
    return gallery.share(
        connection,
        job_id=f"job{number}",
        shared_by=shared_by,
        prompt=f"prompt {number}",
        settings_json='{"steps": 8}',
        model_revision="r1",
        seed=LARGEST_SEED,
        now=NOW + timedelta(minutes=number),
    )


def page_of(
    connection: Connection, limit: int, before: str | None = None, guild_id: int = GUILD
) -> tuple[list[str], str | None]:
    found = gallery_search.page(connection, guild_id=guild_id, limit=limit, after=before)
    return [entry.job_id for entry in found.entries], found.next_cursor


@pytest.fixture
async def three_clips(database: Database) -> Database:
    """Jobs 1 to 3, each with its clip, none shared."""

    def unit(connection: Connection) -> None:
        give(connection, 1000)
        for number in (1, 2, 3):
            admit(connection, make_record(number))
            succeed(connection, f"job{number}")

    await database.write(unit)
    return database


async def test_an_entry_keeps_all_that_made_the_clip(three_clips: Database) -> None:
    shared = await three_clips.write(lambda connection: share(connection, 1))
    assert shared == GalleryEntry(
        job_id="job1",
        guild_id=GUILD,
        author_id=MEMBER,
        prompt="prompt 1",
        settings_json='{"steps": 8}',
        model="pocket",
        model_revision="r1",
        seed=LARGEST_SEED,
        parent_job_id=None,
        parent_author_id=None,
        clip_sha256="ab" * 32,
        shared_by=MEMBER,
        shared_at=NOW + timedelta(minutes=1),
        remixes=0,
        command="imagine-video",
        likes=0,
    )
    found = await three_clips.read(lambda connection: gallery.entry(connection, job_id="job1"))
    assert found == shared


async def test_sharing_twice_is_sharing_once(three_clips: Database) -> None:
    first = await three_clips.write(lambda connection: share(connection, 1))
    assert await three_clips.write(lambda connection: share(connection, 1, OTHER_MEMBER)) == first


async def test_pages_go_on_where_they_stopped_whatever_is_shared_meanwhile(
    three_clips: Database,
) -> None:
    for number in (1, 2):
        await three_clips.write(lambda connection, number=number: share(connection, number))
    entries, cursor = await three_clips.read(lambda connection: page_of(connection, 1))
    assert entries == ["job2"]
    await three_clips.write(lambda connection: share(connection, 3))
    await three_clips.write(lambda connection: gallery.unshare(connection, job_id="job2"))
    rest = await three_clips.read(lambda connection: page_of(connection, 1, cursor))
    assert rest == (["job1"], None)


async def test_an_empty_gallery_is_an_empty_page(database: Database) -> None:
    found = await database.read(
        lambda connection: gallery_search.page(connection, guild_id=GUILD, limit=5)
    )
    assert found == GalleryPage(entries=(), next_cursor=None)


async def test_a_server_sees_its_own_gallery_only(three_clips: Database) -> None:
    await three_clips.write(lambda connection: share(connection, 1))
    elsewhere = await three_clips.read(
        lambda connection: page_of(connection, 5, guild_id=GUILD + 1)
    )
    assert elsewhere == ([], None)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "-1",
        "1.5",
        "٣",
        "9" * 19,
        "1 OR 1=1",
        "bjp4",
        "bjot",
        "bjoxOjE",
        "bDox",
        "==",
        "bjp",
    ],
)
async def test_a_made_up_cursor_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        await database.read(lambda connection: page_of(connection, 5, cursor))


async def test_an_entry_counts_the_public_remixes_that_succeeded(three_clips: Database) -> None:
    def remix(connection: Connection) -> None:
        share(connection, 1)
        for number, private in ((4, False), (5, True), (6, False)):
            admit(connection, make_record(number, parent_job_id="job1", private=private))
        succeed(connection, "job4")
        succeed(connection, "job5")
        fail(connection, "job6")

    await three_clips.write(remix)
    entry = await three_clips.read(lambda connection: gallery.entry(connection, job_id="job1"))
    assert entry is not None
    assert entry.remixes == 1
    child = await three_clips.write(lambda connection: share(connection, 4))
    assert (child.parent_job_id, child.parent_author_id) == ("job1", MEMBER)


async def test_what_made_no_clip_cannot_be_shared(three_clips: Database) -> None:
    await three_clips.write(lambda connection: admit(connection, make_record(4)))
    with pytest.raises(NotShareable) as refused:
        await three_clips.write(lambda connection: share(connection, 4))
    assert refused.value.state == "waiting"
    with pytest.raises(UnknownJob):
        await three_clips.write(lambda connection: share(connection, 99))


async def test_a_private_clip_is_shared_by_its_author_alone(three_clips: Database) -> None:
    def make_private(connection: Connection) -> None:
        admit(connection, make_record(4, private=True))
        succeed(connection, "job4")

    await three_clips.write(make_private)
    with pytest.raises(ShareRefused):
        await three_clips.write(lambda connection: share(connection, 4, OTHER_MEMBER))
    assert (await three_clips.read(lambda connection: jobs.get(connection, "job4"))).private
    await three_clips.write(lambda connection: share(connection, 4))
    assert not (await three_clips.read(lambda connection: jobs.get(connection, "job4"))).private


async def test_taking_out_what_is_not_there_says_so(three_clips: Database) -> None:
    await three_clips.write(lambda connection: share(connection, 1))
    removed = [
        await three_clips.write(lambda connection: gallery.unshare(connection, job_id="job1"))
        for _ in range(2)
    ]
    assert removed == [True, False]
    assert (
        await three_clips.read(lambda connection: gallery.entry(connection, job_id="job1")) is None
    )
