"""The last line of defence: what the tables refuse, whoever asks."""

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from storage import guild_settings, jobs, ledger, schema
from storage.database import Database, migrate
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, admit, give, make_record
from tests.storage.kinds import only_postgresql, only_sqlite


def statements(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The DDL of each table and index; the order of a table's constraints does not matter."""
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"
        " AND name <> 'alembic_version'"
    )
    return {
        # A table that was renamed has its name in quotation marks.
        name: sorted(
            line.strip().replace(f'"{name}"', name).rstrip(",")
            for line in re.split(r"\n", sql)
            if line.strip()
        )
        for name, sql in rows
    }


@only_sqlite
async def test_migrations_make_what_the_code_describes(url: str, tmp_path: Path) -> None:
    await migrate(url)
    described = create_engine(f"sqlite:///{tmp_path / 'described.db'}")
    schema.metadata.create_all(described)
    described.dispose()
    made = sqlite3.connect(tmp_path / "reelroom.db")
    wanted = sqlite3.connect(tmp_path / "described.db")
    assert statements(made) == statements(wanted)
    made.close()
    wanted.close()


@only_postgresql
async def test_migrations_make_the_same_on_a_server(database: Database) -> None:
    def differences(connection: Connection) -> tuple[object, object]:
        tables = compare_metadata(MigrationContext.configure(connection), schema.metadata)
        checks = {
            (table.name, check["name"])
            for table in schema.metadata.sorted_tables
            for check in inspect(connection).get_check_constraints(table.name)
        }
        return tables, checks

    tables, checks = await database.read(differences)
    assert tables == []
    assert checks == {
        (table.name, constraint.name)
        for table in schema.metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


@only_sqlite
async def test_every_table_of_ours_is_strict(database: Database) -> None:
    def strict(connection: Connection) -> dict[str, int]:
        rows = connection.execute(text("SELECT name, strict FROM pragma_table_list"))
        return {name: flag for name, flag in rows if name in schema.metadata.tables}

    assert await database.read(strict) == dict.fromkeys(schema.metadata.tables, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transfers SET amount_credits = 1",
        "DELETE FROM transfers",
        "UPDATE accounts SET debits_posted = credits_posted + 1 WHERE kind = 'user'",
        "UPDATE accounts SET debits_pending = -1",
        "UPDATE accounts SET kind = 'pot'",
        "UPDATE accounts SET user_id = NULL WHERE kind = 'user'",
        "UPDATE jobs SET state = 'lost'",
        "UPDATE jobs SET state = 'running'",
        "UPDATE jobs SET state = 'failed', finished_at = 1",
        "UPDATE jobs SET state = 'succeeded', finished_at = 1",
        "UPDATE jobs SET lease_until = 1",
        "UPDATE jobs SET faults = -1",
        "UPDATE jobs SET requeued_as = 'job1'",
        "UPDATE jobs SET relaxed = 2",
        "UPDATE jobs SET spare_memory = -1",
        "INSERT INTO moderator_log (guild_id, act, subject, detail, made_by, made_at)"
        " VALUES (1, 'coup', '', '', 1, 1)",
        "UPDATE moderator_log SET made_by = 2",
        "DELETE FROM moderator_log",
        "UPDATE jobs SET state = 'dead', finished_at = 1",
        "INSERT INTO deliveries (job_id, state, nonce, attempts, next_attempt_at)"
        " VALUES ('nobody', 'pending', 'nonce', 0, 1)",
        "INSERT INTO deliveries (job_id, state, nonce, attempts, next_attempt_at)"
        " VALUES ('job1', 'pending', 'a nonce of twenty-six chars', 0, 1)",
        "INSERT INTO deliveries (job_id, state, nonce, attempts, next_attempt_at)"
        " VALUES ('job1', 'kept', 'nonce', 0, 1)",
        "UPDATE jobs SET price_credits = 0",
        "UPDATE jobs SET attempt = -1",
        "UPDATE jobs SET private = 2",
        "UPDATE jobs SET guild_id = 'here'",
        "UPDATE jobs SET parent_job_id = 'nobody'",
    ],
)
async def test_the_tables_refuse_what_must_never_be(database: Database, change: str) -> None:
    await refused(database, change)


async def refused(database: Database, change: str) -> None:
    def unit(connection: Connection) -> None:
        give(connection, 100)
        admit(connection, make_record(1))
        guild_settings.allow_relaxed(
            connection, guild_id=GUILD, allowed=True, changed_by=MODERATOR, now=NOW
        )

    await database.write(unit)
    with pytest.raises(DBAPIError) as refusal:
        await database.write(lambda connection: connection.exec_driver_sql(change))
    # What no integer is, PostgreSQL tells as a fault of the data.
    assert isinstance(refusal.value, IntegrityError) or "'here'" in change


@only_sqlite
async def test_replacing_does_not_get_past_the_triggers(database: Database) -> None:
    await refused(database, "REPLACE INTO transfers SELECT * FROM transfers")


@only_postgresql
async def test_truncating_does_not_get_past_the_triggers(database: Database) -> None:
    await refused(database, "TRUNCATE transfers")


async def test_a_second_resolution_is_refused_by_its_index(database: Database) -> None:
    def unit(connection: Connection) -> None:
        give(connection, 100)
        admit(connection, make_record(1))
        ledger.settle(connection, job_id="job1", now=NOW)

    await database.write(unit)
    forged = (
        "INSERT INTO transfers (id, kind, pending_id, debit_account_id, credit_account_id,"
        " amount_credits, job_id, made_at) SELECT 'forged', 'release', pending_id,"
        " debit_account_id, credit_account_id, amount_credits, job_id, made_at"
        " FROM transfers WHERE kind = 'settle'"
    )
    with pytest.raises(IntegrityError, match=r"pending_id|one_resolution"):
        await database.write(lambda connection: connection.exec_driver_sql(forged))


async def test_a_time_without_its_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without its time zone"):
        await database.write(
            lambda connection: jobs.add(
                connection, make_record(1, created_at=NOW.replace(tzinfo=None))
            )
        )


async def test_the_largest_ids_of_discord_fit(database: Database) -> None:
    largest = 2**63 - 1
    record = make_record(
        1, guild_id=largest, user_id=largest, channel_id=largest, interaction_id=largest
    )
    await database.write(lambda connection: jobs.add(connection, record))
    assert await database.read(lambda connection: jobs.get(connection, "job1")) == record


async def test_account_ids_tell_members_and_servers_apart(database: Database) -> None:
    await database.write(lambda connection: give(connection, 5))
    others = await database.read(
        lambda connection: ledger.available_credits(connection, guild_id=MEMBER, user_id=GUILD)
    )
    assert others == 0
