"""Leases, faults and dead jobs; the outbox of deliveries, which takes over from two columns.

SQLite cannot change a CHECK, so its table of jobs is built anew: foreign keys are off while
migrations run, and checked before they are committed.
"""

# The names that are put into a statement are constants of this file.
# ruff: noqa: S608

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEPT = (
    "sequence, id, interaction_id, guild_id, user_id, channel_id, card_message_id, command, model,"
    " request_json, price_credits, state, attempt, parent_job_id, private, error_code, error_text,"
    " clip_json, clip_sha256, created_at, started_at, finished_at"
)
CHECKS = {
    "state_is_known": "state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'dead')",
    "running_has_a_lease": "(state = 'running') = (lease_until IS NOT NULL)",
    "only_waiting_is_put_off": "not_before IS NULL OR state = 'waiting'",
    "counts_are_not_negative": "faults >= 0 AND worker_kills >= 0",
    "cancel_requested_is_a_flag": "cancel_requested IN (0, 1)",
    "only_the_dead_are_requeued": "requeued_as IS NULL OR state = 'dead'",
    "failure_has_a_code": "state NOT IN ('failed', 'dead') OR error_code IS NOT NULL",
}
UNCHANGED_CHECKS = {
    "attempt_is_not_negative": "attempt >= 0",
    "price_is_positive": "price_credits > 0",
    "private_is_a_flag": "private IN (0, 1)",
    "terminal_is_finished": "(state IN ('waiting', 'running')) = (finished_at IS NULL)",
    "running_has_started": "state <> 'running' OR started_at IS NOT NULL",
    "success_has_a_clip": "(state = 'succeeded') = (clip_json IS NOT NULL)"
    " AND (clip_json IS NULL) = (clip_sha256 IS NULL)",
}


def upgrade() -> None:
    _create_deliveries()
    _fill_deliveries()
    if op.get_bind().dialect.name == "postgresql":
        _alter_jobs()
    else:
        _rebuild_jobs()


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", LARGE, nullable=False),
        sa.Column("sending_since", LARGE, nullable=True),
        sa.Column("message_id", LARGE, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("ended_at", LARGE, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'posted', 'direct', 'kept')", name="state_is_known"
        ),
        sa.CheckConstraint("length(nonce) BETWEEN 1 AND 25", name="nonce_fits_discord"),
        sa.CheckConstraint("attempts >= 0", name="attempts_is_not_negative"),
        sa.CheckConstraint(
            "(state = 'sending') = (sending_since IS NOT NULL)", name="sending_has_its_time"
        ),
        sa.CheckConstraint(
            "(state IN ('posted', 'direct', 'kept')) = (ended_at IS NOT NULL)",
            name="ended_has_its_time",
        ),
        sa.CheckConstraint("state <> 'kept' OR problem IS NOT NULL", name="kept_has_a_reason"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
        sa.UniqueConstraint("nonce"),
        sqlite_strict=True,
    )
    op.create_index("deliveries_by_time", "deliveries", ["state", "next_attempt_at"])


def _fill_deliveries() -> None:
    """What had ended is posted, kept with its reason, or still to be posted, as it was."""
    op.execute(
        "INSERT INTO deliveries (job_id, state, nonce, attempts, next_attempt_at, message_id,"
        " problem, ended_at) SELECT id, CASE WHEN delivered_at IS NOT NULL THEN 'posted'"
        " WHEN delivery_problem IS NOT NULL THEN 'kept' ELSE 'pending' END,"
        " 'clip-' || substr(id, 1, 20), 0, finished_at, card_message_id,"
        " CASE WHEN delivered_at IS NULL THEN delivery_problem END,"
        " COALESCE(delivered_at, CASE WHEN delivery_problem IS NOT NULL THEN finished_at END)"
        " FROM jobs WHERE finished_at IS NOT NULL"
    )


def _new_columns() -> list[sa.Column[object]]:
    # A default, since rows are there already. The lease of what ran has run out by then.
    return [
        sa.Column("lease_until", LARGE, nullable=True),
        sa.Column("not_before", LARGE, nullable=True),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("worker_kills", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Integer(), nullable=False),
        sa.Column("requeued_as", sa.Text(), nullable=True),
    ]


def _alter_jobs() -> None:
    for column in _new_columns():
        if not column.nullable:
            column.server_default = sa.DefaultClause("0")
        op.add_column("jobs", column)
    for name in ("faults", "worker_kills", "cancel_requested"):
        op.alter_column("jobs", name, server_default=None)
    op.execute("UPDATE jobs SET lease_until = started_at WHERE state = 'running'")
    for name in ("state_is_known", "failure_has_a_code", "delivered_after_the_end"):
        op.drop_constraint(name, "jobs", type_="check")
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "jobs", condition)
    op.create_foreign_key(None, "jobs", "jobs", ["requeued_as"], ["id"])
    op.create_unique_constraint(None, "jobs", ["requeued_as"])
    op.drop_column("jobs", "delivered_at")
    op.drop_column("jobs", "delivery_problem")


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
        f"INSERT INTO jobs_anew ({KEPT}, lease_until, faults, worker_kills, cancel_requested)"
        f" SELECT {KEPT}, CASE WHEN state = 'running' THEN started_at END, 0, 0, 0 FROM jobs"
    )
    op.drop_table("jobs")
    op.rename_table("jobs_anew", "jobs")
    op.create_index("jobs_by_member", "jobs", ["guild_id", "user_id", "sequence"])
    op.create_index("jobs_by_model", "jobs", ["model", "state", "sequence"])
    op.create_index("jobs_by_parent", "jobs", ["parent_job_id"])
    op.create_index("jobs_by_state", "jobs", ["state", "sequence"])
