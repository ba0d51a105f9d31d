"""The first tables: credits, jobs, the gallery and its members' quotas.

Written out in full, not taken from `storage.schema`: a migration describes the past.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_accounts()
    _create_transfers()
    _create_jobs()
    _create_gallery_entries()
    _create_quota_changes()
    _forbid_changes("transfers")
    _forbid_changes("quota_changes")


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("user_id", LARGE, nullable=True),
        sa.Column("debits_posted", LARGE, nullable=False),
        sa.Column("credits_posted", LARGE, nullable=False),
        sa.Column("debits_pending", LARGE, nullable=False),
        sa.Column("refilled_day", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'user') = (user_id IS NOT NULL)", name="users_have_ids"),
        sa.CheckConstraint(
            "kind <> 'user' OR credits_posted - debits_posted - debits_pending >= 0",
            name="available_is_not_negative",
        ),
        sa.CheckConstraint("kind IN ('bank', 'user')", name="kind_is_known"),
        sa.CheckConstraint(
            "debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0",
            name="sums_are_not_negative",
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )


def _create_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pending_id", sa.Text(), nullable=True),
        sa.Column("debit_account_id", sa.Text(), nullable=False),
        sa.Column("credit_account_id", sa.Text(), nullable=False),
        sa.Column("amount_credits", LARGE, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_by", LARGE, nullable=True),
        sa.Column("made_at", LARGE, nullable=False),
        sa.CheckConstraint("(kind = 'grant') = (job_id IS NULL)", name="all_but_grants_have_jobs"),
        sa.CheckConstraint(
            "(kind IN ('settle', 'release')) = (pending_id IS NOT NULL)",
            name="resolutions_have_holds",
        ),
        sa.CheckConstraint(
            "kind IN ('grant', 'reserve', 'settle', 'release')", name="kind_is_known"
        ),
        sa.CheckConstraint("amount_credits > 0", name="amount_is_positive"),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name="sides_differ"),
        sa.ForeignKeyConstraint(
            ["credit_account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pending_id"],
            ["transfers.id"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("one_resolution_a_reservation", "transfers", ["pending_id"], unique=True)
    op.create_index(
        "transfers_by_credit_account", "transfers", ["credit_account_id", "sequence"], unique=False
    )
    op.create_index(
        "transfers_by_debit_account", "transfers", ["debit_account_id", "sequence"], unique=False
    )
    op.create_index("transfers_by_job", "transfers", ["job_id"], unique=False)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("interaction_id", LARGE, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("channel_id", LARGE, nullable=False),
        sa.Column("card_message_id", LARGE, nullable=True),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("request_json", sa.Text(), nullable=False),
        sa.Column("price_credits", LARGE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("parent_job_id", sa.Text(), nullable=True),
        sa.Column("private", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("clip_json", sa.Text(), nullable=True),
        sa.Column("clip_sha256", sa.Text(), nullable=True),
        sa.Column("created_at", LARGE, nullable=False),
        sa.Column("started_at", LARGE, nullable=True),
        sa.Column("finished_at", LARGE, nullable=True),
        sa.Column("delivered_at", LARGE, nullable=True),
        sa.Column("delivery_problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'succeeded') = (clip_json IS NOT NULL)"
            " AND (clip_json IS NULL) = (clip_sha256 IS NULL)",
            name="success_has_a_clip",
        ),
        sa.CheckConstraint(
            "(state IN ('waiting', 'running')) = (finished_at IS NULL)", name="terminal_is_finished"
        ),
        sa.CheckConstraint(
            "state <> 'failed' OR error_code IS NOT NULL", name="failure_has_a_code"
        ),
        sa.CheckConstraint(
            "state <> 'running' OR started_at IS NOT NULL", name="running_has_started"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')",
            name="state_is_known",
        ),
        sa.CheckConstraint("attempt >= 0", name="attempt_is_not_negative"),
        sa.CheckConstraint(
            "finished_at IS NOT NULL OR (delivered_at IS NULL AND delivery_problem IS NULL)",
            name="delivered_after_the_end",
        ),
        sa.CheckConstraint("price_credits > 0", name="price_is_positive"),
        sa.CheckConstraint("private IN (0, 1)", name="private_is_a_flag"),
        sa.ForeignKeyConstraint(
            ["parent_job_id"],
            ["jobs.id"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("interaction_id"),
        sqlite_strict=True,
    )
    op.create_index("jobs_by_member", "jobs", ["guild_id", "user_id", "sequence"], unique=False)
    op.create_index("jobs_by_model", "jobs", ["model", "state", "sequence"], unique=False)
    op.create_index("jobs_by_parent", "jobs", ["parent_job_id"], unique=False)
    op.create_index("jobs_by_state", "jobs", ["state", "sequence"], unique=False)


def _create_gallery_entries() -> None:
    op.create_table(
        "gallery_entries",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("author_id", LARGE, nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("settings_json", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("parent_job_id", sa.Text(), nullable=True),
        sa.Column("clip_sha256", sa.Text(), nullable=False),
        sa.Column("shared_by", LARGE, nullable=False),
        sa.Column("shared_at", LARGE, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_job_id"],
            ["jobs.id"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("job_id"),
        sqlite_strict=True,
    )
    op.create_index("gallery_by_guild", "gallery_entries", ["guild_id", "sequence"], unique=False)


def _create_quota_changes() -> None:
    op.create_table(
        "quota_changes",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("user_id", LARGE, nullable=True),
        sa.Column("daily_allowance_credits", LARGE, nullable=True),
        sa.Column("changed_by", LARGE, nullable=False),
        sa.Column("changed_at", LARGE, nullable=False),
        sa.CheckConstraint(
            "daily_allowance_credits IS NULL OR daily_allowance_credits >= 0",
            name="allowance_is_not_negative",
        ),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_strict=True,
    )
    op.create_index(
        "quota_changes_by_member",
        "quota_changes",
        ["guild_id", "user_id", "sequence"],
        unique=False,
    )


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_forbid_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = '23000'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_forbid_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_forbid_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_forbid_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
