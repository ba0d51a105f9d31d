"""Relaxed jobs, attempts that spare memory, and the list of what moderators did.

SQLite cannot add a CHECK, so its table of jobs is built anew, as in 0002.
"""

# The names that are put into a statement are constants of this file.
# ruff: noqa: S608

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEPT = (
    "sequence, id, interaction_id, guild_id, user_id, channel_id, card_message_id, command, model,"
    " request_json, price_credits, state, attempt, parent_job_id, private, error_code, error_text,"
    " clip_json, clip_sha256, created_at, started_at, finished_at, lease_until, not_before, faults,"
    " worker_kills, cancel_requested, requeued_as"
)
CHECKS = {
    "relaxed_is_a_flag": "relaxed IN (0, 1)",
    "spare_memory_is_a_flag": "spare_memory IN (0, 1)",
}
UNCHANGED_CHECKS = {
    "state_is_known": "state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'dead')",
    "running_has_a_lease": "(state = 'running') = (lease_until IS NOT NULL)",
    "only_waiting_is_put_off": "not_before IS NULL OR state = 'waiting'",
    "counts_are_not_negative": "faults >= 0 AND worker_kills >= 0",
    "cancel_requested_is_a_flag": "cancel_requested IN (0, 1)",
    "only_the_dead_are_requeued": "requeued_as IS NULL OR state = 'dead'",
    "failure_has_a_code": "state NOT IN ('failed', 'dead') OR error_code IS NOT NULL",
    "attempt_is_not_negative": "attempt >= 0",
    "price_is_positive": "price_credits > 0",
    "private_is_a_flag": "private IN (0, 1)",
    "terminal_is_finished": "(state IN ('waiting', 'running')) = (finished_at IS NULL)",
    "running_has_started": "state <> 'running' OR started_at IS NOT NULL",
    "success_has_a_clip": "(state = 'succeeded') = (clip_json IS NOT NULL)"
    " AND (clip_json IS NULL) = (clip_sha256 IS NULL)",
}


def upgrade() -> None:
    _create_acts()
    if op.get_bind().dialect.name == "postgresql":
        _alter_jobs()
    else:
        _rebuild_jobs()


def _create_acts() -> None:
    op.create_table(
        "moderator_acts",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", LARGE, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made_by", LARGE, nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.CheckConstraint("act IN ('relaxed', 'role_grant', 'requeue')", name="act_is_known"),
        sa.CheckConstraint("value >= 0", name="value_is_not_negative"),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_strict=True,
    )
    op.create_index("acts_by_subject", "moderator_acts", ["guild_id", "act", "subject", "sequence"])
    _make_append_only("moderator_acts")


def _make_append_only(table: str) -> None:
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


def _new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("relaxed", sa.Integer(), nullable=False),
        sa.Column("spare_memory", sa.Integer(), nullable=False),
    ]


def _alter_jobs() -> None:
    for column in _new_columns():
        # A default, since rows are there already.
        column.server_default = sa.DefaultClause("0")
        op.add_column("jobs", column)
        op.alter_column("jobs", column.name, server_default=None)
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "jobs", condition)


def _rebuild_jobs() -> None:
    checks = {**CHECKS, **UNCHANGED_CHECKS}
    op.create_table(
        "jobs_anew",
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
        sa.Column("lease_until", LARGE, nullable=True),
        sa.Column("not_before", LARGE, nullable=True),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("worker_kills", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Integer(), nullable=False),
        sa.Column("requeued_as", sa.Text(), nullable=True),
        *_new_columns(),
        *(sa.CheckConstraint(condition, name=name) for name, condition in checks.items()),
        sa.ForeignKeyConstraint(["parent_job_id"], ["jobs.id"]),
        sa.ForeignKeyConstraint(["requeued_as"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("interaction_id"),
        sa.UniqueConstraint("requeued_as"),
        sqlite_strict=True,
    )
    op.execute(
        f"INSERT INTO jobs_anew ({KEPT}, relaxed, spare_memory) SELECT {KEPT}, 0, 0 FROM jobs"
    )
    op.drop_table("jobs")
    op.rename_table("jobs_anew", "jobs")
    op.create_index("jobs_by_member", "jobs", ["guild_id", "user_id", "sequence"])
    op.create_index("jobs_by_model", "jobs", ["model", "state", "sequence"])
    op.create_index("jobs_by_parent", "jobs", ["parent_job_id"])
    op.create_index("jobs_by_state", "jobs", ["state", "sequence"])
