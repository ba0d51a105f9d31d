"""Every column of the schema has its place in the list that exports and erasures go by."""

import json

from sqlalchemy import BigInteger, Connection, Text

from storage import (
    conduct,
    schema,
)
from storage.conduct import Block
from storage.database import Database
from storage.personal_data import HOLDINGS
from storage.personal_rows import rows_about
from tests.storage.builders import (
    GUILD,
    MEMBER,
    MODERATOR,
    NOW,
    OTHER_MEMBER,
)
from tests.storage.full_member import (
    fill,
)


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
