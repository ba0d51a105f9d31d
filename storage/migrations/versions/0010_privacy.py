"""Exports, erasures, and triggers that let an erasure, and nothing else, replace whose a row is.

Transfers and the moderators' log stay as immutable as they were in everything that the books and
the settings are made of. While an erasure is under way, names and words in their rows may be
replaced. Also an index by which a gallery of a million clips counts its remixes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What never changes in a row, erasure or not.
UNCHANGING = {
    "transfers": ("sequence", "kind", "amount_credits", "job_id", "made_at"),
    "moderator_log": ("sequence", "guild_id", "act", "made_at"),
}
UNDER_WAY = "EXISTS (SELECT 1 FROM erasures WHERE erased_at IS NULL)"


def upgrade() -> None:
    _create_tables()
    op.drop_index("jobs_by_parent", "jobs")
    op.create_index("jobs_by_parent", "jobs", ["parent_job_id", "state", "private"])
    for table, columns in UNCHANGING.items():
        if op.get_bind().dialect.name == "postgresql":
            _guard_on_postgresql(table, columns)
        else:
            _guard_on_sqlite(table, columns)


def _create_tables() -> None:
    op.create_table(
        "pseudonym_keys",
        sa.Column("id", LARGE, autoincrement=False, nullable=False),
        sa.Column("key_hex", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name="there_is_one_key"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", LARGE, nullable=True),
        sa.Column("pseudonym", LARGE, nullable=False),
        sa.Column("asked_at", LARGE, nullable=False),
        sa.Column("erased_at", LARGE, nullable=True),
        sa.Column("finished_at", LARGE, nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (user_id IS NOT NULL)", name="ends_without_a_name"
        ),
        sa.CheckConstraint("pseudonym < 0", name="a_pseudonym_is_no_id_of_discord"),
        sa.CheckConstraint(
            "finished_at IS NULL OR erased_at IS NOT NULL", name="erased_before_its_end"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id"),
        sqlite_strict=True,
    )
    op.create_index("erasures_by_pseudonym", "erasures", ["pseudonym"])
    op.create_table(
        "erasure_messages",
        sa.Column("message_id", LARGE, autoincrement=False, nullable=False),
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("channel_id", LARGE, nullable=True),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"]),
        sa.PrimaryKeyConstraint("message_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("guild_id", LARGE, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before_job_id", sa.Text(), nullable=True),
        sa.Column("asked_at", LARGE, nullable=False),
        sa.Column("ended_at", LARGE, nullable=True),
        sa.CheckConstraint("kind IN ('clips', 'everything')", name="kind_is_known"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("exports_by_member", "exports", ["user_id", "asked_at"])


def _guard_on_sqlite(table: str, columns: tuple[str, ...]) -> None:
    changed = " OR ".join(f"new.{column} IS NOT old.{column}" for column in columns)
    op.execute(f"DROP TRIGGER {table}_forbid_update")
    op.execute(
        f"CREATE TRIGGER {table}_forbid_update BEFORE UPDATE ON {table}"
        f" WHEN {changed} OR NOT {UNDER_WAY}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _guard_on_postgresql(table: str, columns: tuple[str, ...]) -> None:
    changed = " OR ".join(f"new.{column} IS DISTINCT FROM old.{column}" for column in columns)
    op.execute(f"DROP TRIGGER {table}_forbid_change ON {table}")
    op.execute(
        f"CREATE TRIGGER {table}_forbid_change BEFORE DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_forbid_change()"
    )
    op.execute(
        f"CREATE FUNCTION {table}_guard_update() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {changed} OR NOT {UNDER_WAY} THEN"
        f" RAISE EXCEPTION '{table} is append-only' USING ERRCODE = '23000'; END IF;"
        f" RETURN new; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_guard_update BEFORE UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_guard_update()"
    )
