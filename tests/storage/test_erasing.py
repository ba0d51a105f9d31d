"""Erasing a member: what goes, and what stays under a pseudonym."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from storage import (
    attempts,
    audit,
    comparisons,
    deliveries,
    erasures,
    gallery,
    jobs,
    pseudonyms,
    schema,
)
from storage.database import Database
from storage.errors import ErasureUnderWay, IllegalMove
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
from tests.storage.full_member import (
    CANARY,
    CLIP,
    UPLOAD,
    erase,
    fill,
    forget_the_name,
    request_json,
    set_clip,
)
from tests.storage.kinds import only_postgresql
from tests.storage.test_comparisons import begin_vote, show


def everything(connection: Connection) -> str:
    """All cells of all tables."""
    cells: list[str] = []
    for table in schema.metadata.sorted_tables:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        rows = connection.execute(text(f'SELECT {columns} FROM "{table.name}"'))
        cells += [str(cell) for row in rows for cell in row]
    return "\n".join(cells)


async def test_no_word_and_no_id_of_the_member_is_left_and_the_books_agree(
    database: Database,
) -> None:
    await database.write(fill)
    before = await database.read(everything)
    assert CANARY in before
    assert str(MEMBER) in before
    files = await database.write(erase)
    assert files == {CLIP, UPLOAD}, "what the other built names the upload, and did not bring it"

    await database.write(forget_the_name)
    after = await database.read(everything)
    assert CANARY not in after
    assert str(MEMBER) not in after
    assert await database.read(audit.audit) == ()


@only_postgresql
async def test_no_word_is_left_in_the_index_of_words_and_the_planner_s_samples(
    database: Database,
) -> None:
    """A GIN index by itself keeps each word that it ever held, and ANALYZE whole prompts."""
    await database.write(fill)
    await database.write(lambda connection: connection.exec_driver_sql("ANALYZE"))
    assert CANARY in await database.read(samples)
    assert CANARY.encode() in await index_of_words(database)
    await database.write(erase)
    await database.write(forget_the_name)
    for _ in range(2):  # As often as members leave.
        await database.scrub()
        assert CANARY not in await database.read(samples)
        assert CANARY.encode() not in await index_of_words(database)


def samples(connection: Connection) -> str:
    rows = connection.exec_driver_sql(
        "SELECT CAST(most_common_vals AS text), CAST(histogram_bounds AS text) FROM pg_stats"
    )
    return "\n".join(str(cell) for row in rows for cell in row)


async def index_of_words(database: Database) -> bytes:
    """Its file."""

    def written(connection: Connection) -> str:
        connection.exec_driver_sql("CHECKPOINT")
        return connection.exec_driver_sql(
            "SELECT current_setting('data_directory') || '/' ||"
            " pg_relation_filepath('gallery_by_words')"
        ).scalar_one()

    return Path(await database.write(written)).read_bytes()


async def test_what_others_did_stays_and_names_nobody(database: Database) -> None:
    await database.write(fill)
    await database.write(erase)

    def look(connection: Connection) -> None:
        remix = jobs.get(connection, "job3")
        assert remix.parent_job_id == "job1"
        assert remix.parent_user_id is not None
        assert pseudonyms.is_pseudonym(remix.parent_user_id)
        assert json.loads(remix.request_json)["prompt"] == "a house"
        entry = gallery.entry(connection, job_id="job3")
        assert entry is not None
        assert entry.likes == 0, "the member's like went"
        assert gallery.entry(connection, job_id="job1") is None
        gone = jobs.get(connection, "job1")
        assert gone.private
        assert gone.card_message_id is None
        assert json.loads(gone.clip_json or "") == {"seed": 0, "frames": 12, "model": "pocket"}
        reports = connection.execute(select(schema.moderator_log.c.detail)).scalars().all()
        assert set(reports) == {"", "(erased)"}

    await database.read(look)


async def test_messages_are_remembered_until_they_are_gone_and_then_whose_it_was_is_forgotten(
    database: Database,
) -> None:
    await database.write(fill)
    await database.write(erase)

    def work(connection: Connection) -> None:
        left = erasures.messages_left(connection, erasure_id="erasure")
        assert [(one.message_id, one.channel_id) for one in left] == [(501, 7), (502, None)]
        assert not erasures.finish(connection, erasure_id="erasure", now=NOW)
        assert [one.user_id for one in erasures.under_way(connection)] == [MEMBER]
        for one in left:
            erasures.message_gone(connection, message_id=one.message_id)
        assert not erasures.finish(connection, erasure_id="erasure", now=NOW), "its files are left"
        forget_the_name(connection)
        assert erasures.under_way(connection) == ()

    await database.write(work)


async def test_a_message_that_nobody_remembered_is_to_be_looked_for(database: Database) -> None:
    """Sent by who did not live, or has not come, to say so."""

    def work(connection: Connection) -> None:
        give(connection, 100)
        for number in (1, 2, 3, 4):
            admit(connection, make_record(number, request_json=request_json()))
        fail(connection, "job1")  # its card is not known
        succeed(connection, "job2")
        jobs.set_card_message(connection, job_id="job2", card_message_id=601)
        deliveries.begin(connection, job_id="job2", now=NOW)  # its outcome is on its way
        succeed(connection, "job3")
        jobs.set_card_message(connection, job_id="job3", card_message_id=602)
        succeed(connection, "job4")
        deliveries.posted(connection, job_id="job4", message_id=603, now=NOW)
        erase(connection)
        unseen = erasures.searches_left(connection, erasure_id="erasure")
        assert [(one.shows, one.channel_id, one.direct) for one in unseen] == [
            ("job job1", 7, False),
            ("job job2", 7, True),
        ]
        for message_id in (601, 602, 603):
            erasures.message_gone(connection, message_id=message_id)
        for sha256 in erasures.files_left(connection, erasure_id="erasure"):
            erasures.file_gone(connection, erasure_id="erasure", sha256=sha256)
        assert not erasures.finish(connection, erasure_id="erasure", now=NOW)
        for one in unseen:
            erasures.search_ended(connection, erasure_id="erasure", shows=one.shows)
        forget_the_name(connection)

    await database.write(work)


async def test_the_message_of_a_comparison_that_was_being_written_is_to_be_looked_for(
    database: Database,
) -> None:
    def work(connection: Connection) -> list[str]:
        for number in (1, 2):
            begin_vote(connection, number)
        show(connection, comparisons.get(connection, "c1"))
        erase(connection)
        unseen = erasures.searches_left(connection, erasure_id="erasure")
        return [one.shows for one in unseen if one.shows.startswith("comparison")]

    assert await database.write(work) == ["comparison c2"]


async def test_erasing_again_changes_nothing(database: Database) -> None:
    await database.write(fill)
    await database.write(erase)
    before = await database.read(everything)
    assert await database.write(erase) == frozenset()
    assert await database.read(everything) == before


async def test_an_unfinished_job_has_to_end_first(database: Database) -> None:
    def order(connection: Connection) -> None:
        give(connection, 100)
        admit(connection, make_record(1))

    await database.write(order)
    with pytest.raises(IllegalMove):
        await database.write(erase)
    assert await database.read(erasures.under_way) == (), "nothing of it was stored"


async def test_who_is_being_erased_orders_nothing(database: Database) -> None:
    def begin(connection: Connection) -> None:
        erasures.begin(connection, erasure_id="one", user_id=MEMBER, now=NOW)

    await database.write(begin)
    with pytest.raises(ErasureUnderWay):
        await database.read(lambda c: erasures.forbid_while_under_way(c, user_id=MEMBER))
    await database.read(lambda c: erasures.forbid_while_under_way(c, user_id=OTHER_MEMBER))


async def test_dead_jobs_of_the_erased_are_no_moderator_s_work(database: Database) -> None:
    def die(connection: Connection) -> None:
        give(connection, 100)
        admit(connection, make_record(1, request_json=request_json()))
        fail(connection, "job1")
        connection.execute(schema.jobs.update().values(state="dead"))
        assert attempts.dead_count(connection, guild_id=GUILD) == 1

    await database.write(die)
    await database.write(erase)
    assert await database.read(lambda c: attempts.dead_count(c, guild_id=GUILD)) == 0


async def test_a_file_that_another_brought_too_stays(database: Database) -> None:
    def bring(connection: Connection) -> None:
        for number, user_id in ((1, MEMBER), (2, OTHER_MEMBER)):
            give(connection, 100, user_id=user_id)
            record = make_record(number, request_json=request_json(image=UPLOAD))
            admit(connection, replace(record, user_id=user_id))
            succeed(connection, record.id)
            set_clip(connection, record.id, CLIP)

    await database.write(bring)
    assert await database.write(erase) == frozenset()
