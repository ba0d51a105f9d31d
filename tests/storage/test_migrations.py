"""A database of an earlier release, with people's jobs and credits in it, is taken over whole."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from storage import (
    attempts,
    deliveries,
    gallery_search,
    guild_settings,
    jobs,
    ledger,
    moderator_log,
    quotas,
    revisions,
    role_grants,
    showcase,
)
from storage.audit import audit
from storage.database import Database, backend_of, migrate, schema_revision
from storage.errors import DatabaseNotMigrated
from storage.gallery_search import GallerySearch
from storage.moderator_log import LogSearch
from storage.quotas import Asker
from storage.showcase import ShowcaseRule
from tests.storage.builders import GUILD, MEMBER, NOW

JOBS = (
    # id, state, attempt, started, finished, delivered, problem
    ("waits", "waiting", 0, "NULL", "NULL", "NULL", "NULL"),
    ("runs", "running", 1, "1000000", "NULL", "NULL", "NULL"),
    ("posted", "succeeded", 1, "1000000", "2000000", "3000000", "NULL"),
    ("unposted", "succeeded", 1, "1000000", "2000000", "NULL", "NULL"),
    ("forbidden", "failed", 2, "1000000", "2000000", "NULL", "'the channel is gone'"),
)
RESOLUTIONS = {"succeeded": "settle", "failed": "release"}


def first_release(connection: Connection) -> None:
    """A bank, a member with 100 credits, five jobs at 10 credits each, and a shared clip."""
    run = connection.exec_driver_sql
    revisions.upgrade(connection, "0001")
    bank, member = f"bank:{GUILD}", f"member:{GUILD}:{MEMBER}"
    run(f"INSERT INTO accounts VALUES ('{bank}', 'bank', {GUILD}, NULL, 100, 20, 0, NULL)")
    run(f"INSERT INTO accounts VALUES ('{member}', 'user', {GUILD}, {MEMBER}, 20, 100, 20, NULL)")
    names = "(id, kind, pending_id, debit_account_id, credit_account_id, amount_credits, job_id"
    run(
        f"INSERT INTO transfers {names}, reason, made_at)"
        f" VALUES ('grant:1', 'grant', NULL, '{bank}', '{member}', 100, NULL, 'a start', 1)"
    )
    for number, (name, state, attempt, started, finished, delivered, problem) in enumerate(JOBS):
        clip = "'{}', 'abcd'" if state == "succeeded" else "NULL, NULL"
        code = "'worker_crashed'" if state == "failed" else "NULL"
        run(
            "INSERT INTO jobs (id, interaction_id, guild_id, user_id, channel_id, command, model,"
            " request_json, price_credits, state, attempt, parent_job_id, private, clip_json,"
            " clip_sha256, error_code, created_at, started_at, finished_at, delivered_at,"
            f" delivery_problem) VALUES ('{name}', {number}, {GUILD}, {MEMBER}, 7, 'loop',"
            f" 'pocket', '{{}}', 10, '{state}', {attempt}, NULL, 0,"
            f" {clip}, {code}, 1, {started}, {finished}, {delivered}, {problem})"
        )
        run(
            f"INSERT INTO transfers {names}, made_at) VALUES ('job:{name}:reserve', 'reserve',"
            f" NULL, '{member}', '{bank}', 10, '{name}', 1)"
        )
        if kind := RESOLUTIONS.get(state):
            run(
                f"INSERT INTO transfers {names}, made_at) VALUES ('job:{name}:{kind}', '{kind}',"
                f" 'job:{name}:reserve', '{member}', '{bank}', 10, '{name}', 1)"
            )
    run("UPDATE jobs SET parent_job_id = 'posted' WHERE id = 'waits'")
    run(
        "INSERT INTO gallery_entries (job_id, guild_id, author_id, prompt, settings_json, model,"
        " model_revision, seed, clip_sha256, shared_by, shared_at) VALUES ('posted',"
        f" {GUILD}, {MEMBER}, 'a circle', '{{}}', 'pocket', '1', '1', 'abcd', {MEMBER}, 1)"
    )


@pytest.fixture
async def old(url: str) -> str:
    backend = backend_of(url)
    await backend.write(first_release)
    await backend.close()
    assert await schema_revision(url) == "0001"
    return url


async def test_the_first_release_s_database_must_be_migrated_first(old: str) -> None:
    with pytest.raises(DatabaseNotMigrated) as behind:
        await Database.open(old)
    assert behind.value.found_revision == "0001"


async def test_nobody_loses_a_job_a_credit_or_a_clip(old: str) -> None:
    await migrate(old)
    database = await Database.open(old)

    async def read(unit: Callable[[Connection], object]) -> object:
        return await database.read(unit)

    assert await read(audit) == ()
    assert await read(lambda c: [job.id for job in jobs.unfinished(c)]) == ["waits", "runs"]
    assert await read(lambda c: jobs.get(c, "waits").parent_job_id) == "posted"
    running = await database.read(lambda c: jobs.get(c, "runs"))
    assert (running.relaxed, running.spare_memory) == (False, False)
    assert running.lease_until == running.started_at, "its lease has run out"
    outbox = await database.read(
        lambda c: {name: deliveries.get(c, name).state for name, *_ in JOBS[2:]}
    )
    assert outbox == {"posted": "posted", "unposted": "pending", "forbidden": "kept"}
    assert await read(lambda c: jobs.get(c, "forbidden").delivery_problem) == "the channel is gone"
    assert await read(lambda c: jobs.get(c, "posted").delivered_at) is not None
    assert await read(lambda c: ledger.available_credits(c, guild_id=GUILD, user_id=MEMBER)) == 60
    search = GallerySearch(words="CIRCLE", command="loop")
    found = await database.read(
        lambda c: gallery_search.page(c, guild_id=GUILD, limit=5, search=search)
    )
    assert [entry.job_id for entry in found.entries] == ["posted"]
    await database.close()


async def test_what_was_taken_over_goes_on(old: str) -> None:
    await migrate(old)
    database = await Database.open(old)

    def finish_all(connection: Connection) -> None:
        for name, attempt in (("waits", 1), ("runs", 2)):
            attempts.start(connection, job_id=name, attempt=attempt, now=NOW)
            jobs.finish(
                connection,
                job_id=name,
                attempt=attempt,
                state="succeeded",
                clip_json="{}",
                clip_sha256="abcd",
                now=NOW + timedelta(seconds=1),
            )
            ledger.settle(connection, job_id=name, now=NOW)

    await database.write(finish_all)
    assert await database.read(audit) == ()
    with pytest.raises(IntegrityError):
        await database.write(lambda c: c.exec_driver_sql("DELETE FROM jobs WHERE id = 'posted'"))
    await database.close()


async def test_a_migration_that_fails_changes_nothing(old: str) -> None:
    """A nonce that is taken twice: the ids of two jobs begin with the same twenty characters."""
    backend = backend_of(old)

    def clash(connection: Connection) -> None:
        for number, name in enumerate(("a" * 20 + "b", "a" * 20 + "c"), start=100):
            connection.exec_driver_sql(
                "INSERT INTO jobs (id, interaction_id, guild_id, user_id, channel_id, command,"
                " model, request_json, price_credits, state, attempt, private, created_at,"
                f" finished_at) VALUES ('{name}', {number}, 1, 1, 1, 'loop', 'pocket', '{{}}', 1,"
                " 'cancelled', 0, 0, 1, 2)"
            )

    await backend.write(clash)
    await backend.close()
    with pytest.raises(IntegrityError):
        await migrate(old)
    assert await schema_revision(old) == "0001"


def third_release(connection: Connection) -> None:
    """What moderators had set and given before their log was one."""
    run = connection.exec_driver_sql
    revisions.upgrade(connection, "0003")
    bank, member = f"bank:{GUILD}", f"member:{GUILD}:{MEMBER}"
    run(f"INSERT INTO accounts VALUES ('{bank}', 'bank', {GUILD}, NULL, 65, 0, 0, NULL)")
    run(f"INSERT INTO accounts VALUES ('{member}', 'user', {GUILD}, {MEMBER}, 0, 65, 0, NULL)")
    for name, amount, made_by, at in (("refill", 60, "NULL", 1), ("grant:2", 5, "9", 30)):
        run(
            "INSERT INTO transfers (id, kind, debit_account_id, credit_account_id,"
            f" amount_credits, reason, made_by, made_at) VALUES ('{name}', 'grant', '{bank}',"
            f" '{member}', {amount}, 'exam week', {made_by}, {at})"
        )
    for number, (act, subject, value, detail) in enumerate(
        (
            ("relaxed", "", 1, ""),
            ("relaxed", "", 0, ""),
            ("role_grant", "5", 40, "week"),
            ("role_grant", "6", 40, "day"),
            ("role_grant", "6", 0, "day"),
            ("requeue", "job1", 0, "job2"),
        )
    ):
        run(
            "INSERT INTO moderator_acts (guild_id, act, subject, value, detail, made_by, made_at)"
            f" VALUES ({GUILD}, '{act}', '{subject}', {value}, '{detail}', 9, {10 + number})"
        )
    for number, (user, credits_) in enumerate((("NULL", "50"), (MEMBER, "7"), (MEMBER, "NULL"))):
        run(
            "INSERT INTO quota_changes (guild_id, user_id, daily_allowance_credits, changed_by,"
            f" changed_at) VALUES ({GUILD}, {user}, {credits_}, 9, {20 + number})"
        )


async def test_what_moderators_set_still_holds_and_stays_on_record(url: str) -> None:
    backend = backend_of(url)
    await backend.write(third_release)
    await backend.close()
    await migrate(url)
    database = await Database.open(url)
    asker = Asker(guild_id=GUILD, user_id=MEMBER)

    def read(connection: Connection) -> tuple[object, ...]:
        return (
            guild_settings.relaxed_allowed(connection, guild_id=GUILD),
            [grant.role_id for grant in role_grants.grants(connection, guild_id=GUILD)],
            quotas.quota(connection, asker, default_credits=100, now=NOW).allowance_credits,
            audit(connection),
        )

    assert await database.read(read) == (False, [5], 50, ())
    log = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD), limit=20).acts
    )
    assert [(act.act, act.subject, act.before, act.after) for act in reversed(log)] == [
        ("relaxed", "", None, {"allowed": True}),
        ("relaxed", "", {"allowed": True}, {"allowed": False}),
        ("role_grant", "5", None, {"credits": 40, "window": "week"}),
        ("role_grant", "6", None, {"credits": 40, "window": "day"}),
        ("role_grant", "6", {"credits": 40, "window": "day"}, None),
        ("requeue", "job1", None, {"job": "job2"}),
        ("allowance", "guild", None, {"credits": 50}),
        ("allowance", f"member:{MEMBER}", None, {"credits": 7}),
        ("allowance", f"member:{MEMBER}", {"credits": 7}, None),
        ("grant", f"member:{MEMBER}", {"credits": 60}, {"credits": 65}),
    ]
    assert log[0].detail == "exam week"
    with pytest.raises(IntegrityError):
        await database.write(lambda c: c.exec_driver_sql("DELETE FROM transfers"))
    await database.close()


def fourth_release(connection: Connection) -> None:
    """The third one, and what a guild's previews, its showcase and its reports were."""
    third_release(connection)
    revisions.upgrade(connection, "0004")
    for number, (guild, act, subject, value, detail, made_by) in enumerate(
        (
            (GUILD, "preview", "", 30, "", 9),
            (GUILD, "preview", "", 0, "", 9),
            (GUILD, "showcase", "", 3, "77", 9),
            (GUILD + 1, "showcase", "", 4, "78", 8),
            (GUILD + 1, "showcase", "", 0, "78", 8),
            (GUILD, "report", "job1", 0, "not kind", 21),
            (GUILD, "report", "job1", 0, "rude", 22),
        )
    ):
        connection.exec_driver_sql(
            "INSERT INTO moderator_acts (guild_id, act, subject, value, detail, made_by, made_at)"
            f" VALUES ({guild}, '{act}', '{subject}', {value}, '{detail}', {made_by},"
            f" {40 + number})"
        )


async def test_previews_the_showcase_and_reports_stay_as_they_were(url: str) -> None:
    backend = backend_of(url)
    await backend.write(fourth_release)
    await backend.close()
    await migrate(url)
    database = await Database.open(url)

    def read(connection: Connection) -> tuple[object, ...]:
        return (
            guild_settings.preview_above(connection, guild_id=GUILD, default_credits=100),
            showcase.rule(connection, guild_id=GUILD),
            showcase.rule(connection, guild_id=GUILD + 1),
        )

    assert await database.read(read) == (0, ShowcaseRule(likes=3, channel_id=77), None)

    def newest(connection: Connection, guild_id: int, limit: int) -> list[tuple[object, ...]]:
        found = moderator_log.page(connection, LogSearch(guild_id=guild_id), limit=limit).acts
        return [
            (act.act, act.subject, act.before, act.after, act.detail, act.made_by)
            for act in reversed(found)
        ]

    assert await database.read(lambda c: newest(c, GUILD, 5)) == [
        ("preview", "", None, {"credits": 30}, "", 9),
        ("preview", "", {"credits": 30}, {"credits": 0}, "", 9),
        ("showcase", "", None, {"likes": 3, "channel": 77}, "", 9),
        ("report", "job1", None, None, "not kind", 21),
        ("report", "job1", None, None, "rude", 22),
    ]
    assert await database.read(lambda c: newest(c, GUILD + 1, 5)) == [
        ("showcase", "", None, {"likes": 4, "channel": 78}, "", 8),
        ("showcase", "", {"likes": 4, "channel": 78}, None, "", 8),
    ]
    await database.close()
