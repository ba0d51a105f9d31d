"""A file is needed for as long as something refers to it, and no longer."""

from sqlalchemy import Connection

from storage import deliveries, gallery, jobs, references
from storage.database import Database
from tests.storage.builders import MEMBER, NOW, admit, give, make_record, succeed

CLIP = "ab" * 32
PICTURE = "cd" * 32


def posted(connection: Connection, *numbers: int) -> None:
    """Jobs that all made the same clip, each shown by a message."""
    give(connection, 100)
    for number in numbers:
        admit(connection, make_record(number))
        succeed(connection, f"job{number}")
        jobs.set_card_message(connection, job_id=f"job{number}", card_message_id=number)
        deliveries.posted(connection, job_id=f"job{number}", message_id=number, now=NOW)


async def test_a_clip_is_needed_until_the_last_job_that_made_it_is_deleted(
    database: Database,
) -> None:
    await database.write(lambda c: posted(c, 1, 2))
    assert await database.read(lambda c: references.refers(c, CLIP))
    assert await database.write(lambda c: references.forget_clip(c, job_id="job1")) is None
    assert await database.read(lambda c: references.refers(c, CLIP))
    assert await database.write(lambda c: references.forget_clip(c, job_id="job2")) == CLIP
    assert not await database.read(lambda c: references.refers(c, CLIP))


async def test_a_clip_in_the_gallery_is_needed(database: Database) -> None:
    def share(connection: Connection) -> None:
        posted(connection, 1)
        gallery.share(
            connection,
            job_id="job1",
            shared_by=MEMBER,
            prompt="a red circle",
            settings_json="{}",
            model_revision="1",
            seed=1,
            now=NOW,
        )

    await database.write(share)
    assert await database.write(lambda c: references.forget_clip(c, job_id="job1")) is None
    assert await database.read(lambda c: references.refers(c, CLIP))


async def test_a_clip_that_is_not_posted_yet_cannot_be_forgotten(database: Database) -> None:
    def unposted(connection: Connection) -> None:
        give(connection, 100)
        admit(connection, make_record(1))
        succeed(connection, "job1")

    await database.write(unposted)
    assert await database.write(lambda c: references.forget_clip(c, job_id="job1")) is None
    assert await database.read(lambda c: references.refers(c, CLIP))


async def test_a_picture_is_needed_by_whoever_asked_to_animate_it(database: Database) -> None:
    request = f'{{"image_sha256": "{PICTURE}"}}'
    assert not await database.read(lambda c: references.refers(c, PICTURE))
    await database.write(lambda c: jobs.add(c, make_record(1, request_json=request)))
    assert await database.read(lambda c: references.refers(c, PICTURE))
