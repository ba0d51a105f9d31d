"""Erasing a member: what goes, what stays under a pseudonym, and what still counts on return."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import BigInteger, Connection, Text, select, text

from storage import (
    attempts,
    audit,
    booking,
    conduct,
    deliveries,
    erasing,
    erasures,
    gallery,
    gallery_search,
    income,
    jobs,
    ledger,
    likes,
    moderation,
    offers,
    pseudonyms,
    quotas,
    role_grants,
    schema,
)
from storage.conduct import Block, Wish
from storage.database import Database
from storage.errors import ErasureUnderWay, IllegalMove
from storage.gallery_search import GallerySearch
from storage.moderation import Act
from storage.moderation_errors import MemberBlocked
from storage.offers import Offer
from storage.personal_data import HOLDINGS
from storage.personal_rows import rows_about
from storage.quotas import Asker, Scope
from storage.role_grants import Window
from tests.storage.builders import (
    GUILD,
    MEMBER,
    MODERATOR,
    NOW,
    OTHER_MEMBER,
    admit,
    fail,
    give,
    make_record,
    succeed,
)

CANARY = "xyzzyplugh"
UPLOAD, CLIP, OTHERS_CLIP = "1" * 64, "2" * 64, "3" * 64
PATRON = 77


def test_every_column_says_what_an_erasure_makes_of_it() -> None:
    """Whoever adds a table or a column decides what becomes of members' data in it."""
    assert set(HOLDINGS) == set(schema.metadata.tables)
    undecided: list[str] = []
    for table in schema.metadata.sorted_tables:
        holding = HOLDINGS[table.name]
        if holding.deleted:
            continue
        placed = {*holding.pseudonyms, *holding.emptied, *holding.rewritten, *holding.kept}
        undecided += [
            f"{table.name}.{column.name}" for column in table.columns if column.name not in placed
        ]
        unknown = placed - set(table.columns.keys())
        assert not unknown, f"{table.name} has no {unknown}"
    assert not undecided, "say in storage/personal_data.py what becomes of it"


def test_every_column_that_may_name_a_member_is_no_other_kind_of_number() -> None:
    """A column of a kept row that is called like somebody's id is replaced, never kept."""
    named = [
        f"{table.name}.{column.name}"
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, BigInteger | Text)
        and column.name.endswith(("user_id", "author_id", "_by"))
        and column.name in HOLDINGS[table.name].kept
    ]
    assert not named


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
    """Discord has deleted every message."""
    for message in erasures.messages_left(connection, erasure_id="erasure"):
        erasures.message_gone(connection, message_id=message.message_id)
    assert erasures.finish(connection, erasure_id="erasure", now=NOW)


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
        assert erasures.finish(connection, erasure_id="erasure", now=NOW)
        assert erasures.under_way(connection) == ()

    await database.write(work)


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


async def test_nobody_is_paid_twice_for_leaving(database: Database) -> None:
    """The refill of the day and what a role brings in the week are used up, not the next ones."""
    await database.write(fill_roles)
    assert await database.write(collect) == 140
    await database.write(erase)
    assert await database.write(collect) == 0, "what was left was given up"
    assert await database.write(lambda c: collect(c, days=1)) == 100
    await database.write(forget_the_name)
    await database.write(lambda c: erase(c, erasure_id="second"))
    assert await database.write(lambda c: collect(c, days=1)) == 0
    assert await database.read(audit.audit) == ()


async def test_blocks_and_quotas_of_a_member_outlive_the_erasure(database: Database) -> None:
    def block(connection: Connection) -> None:
        wanted = Block(user_id=MEMBER, until=None, reason=CANARY, set_by=MODERATOR)
        conduct.block(connection, wanted, guild_id=GUILD, now=NOW)
        quotas.set_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            daily_allowance_credits=3,
            set_by=MODERATOR,
            now=NOW,
        )

    wish = Wish(
        guild_id=GUILD, user_id=MEMBER, channel_id=7, model=None, seconds=1.0, price_credits=1
    )
    await database.write(block)
    await database.write(erase)
    with pytest.raises(MemberBlocked) as refused:
        await database.read(lambda c: conduct.check(c, wish, now=NOW))
    assert refused.value.reason == "(erased)"
    asker = Asker(guild_id=GUILD, user_id=MEMBER)
    found = await database.read(lambda c: quotas.quota(c, asker, default_credits=100, now=NOW))
    assert found.allowance_credits == 3

    def forgive(connection: Connection) -> None:
        assert conduct.unblock(
            connection, guild_id=GUILD, user_id=MEMBER, lifted_by=MODERATOR, now=NOW
        )
        assert quotas.clear_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            cleared_by=MODERATOR,
            now=NOW,
        )

    await database.write(forgive)
    await database.read(lambda c: conduct.check(c, wish, now=NOW))
    found = await database.read(lambda c: quotas.quota(c, asker, default_credits=100, now=NOW))
    assert found.allowance_credits == 100


async def test_a_rule_made_after_the_return_counts_before_the_old_one(database: Database) -> None:
    def set_rule(connection: Connection, allowance: int) -> None:
        quotas.set_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            daily_allowance_credits=allowance,
            set_by=MODERATOR,
            now=NOW,
        )

    await database.write(lambda c: set_rule(c, 50))
    await database.write(erase)
    await database.write(lambda c: set_rule(c, 5))
    asker = Asker(guild_id=GUILD, user_id=MEMBER)
    found = await database.read(lambda c: quotas.quota(c, asker, default_credits=100, now=NOW))
    assert found.allowance_credits == 5


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


async def test_an_export_holds_all_about_the_member_and_nobody_else(database: Database) -> None:
    def report_about(connection: Connection) -> None:
        fill(connection)
        wanted = Block(user_id=MEMBER, until=None, reason="loud", set_by=MODERATOR)
        conduct.block(connection, wanted, guild_id=GUILD, now=NOW)

    await database.write(report_about)
    rows = await database.read(lambda c: list(rows_about(c, user_id=MEMBER)))
    tables = {row.table for row in rows}
    assert tables >= {"accounts", "transfers", "jobs", "deliveries", "gallery_entries", "likes"}
    assert tables >= {"offers", "moderator_log"}
    written = json.dumps([dict(row.content) for row in rows])
    assert str(OTHER_MEMBER) not in written
    assert str(MODERATOR) not in written, "that a moderator did it, not which"
    assert "loud" in written
    assert {row.content["id"] for row in rows if row.table == "jobs"} == {"job1", "job2"}


async def test_balances_of_the_erased_are_kept_under_the_pseudonym(database: Database) -> None:
    await database.write(fill)
    spent = await database.read(
        lambda c: ledger.available_credits(c, guild_id=GUILD, user_id=MEMBER)
    )
    await database.write(erase)

    def left(connection: Connection) -> int:
        pseudonym = pseudonyms.former(connection, MEMBER)
        assert pseudonym is not None
        return ledger.available_credits(connection, guild_id=GUILD, user_id=pseudonym)

    assert await database.read(left) == spent
