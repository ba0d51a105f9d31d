"""Reviews of what members report, take-downs and appeals; earlier reports wait in them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOWN = "state IN ('down', 'appealed', 'upheld')"


def upgrade() -> None:
    _create_reviews()
    _create_withheld()
    _create_announcements()
    op.execute(
        "INSERT INTO reviews (job_id, guild_id, state, revision, asked_sequence, decided_sequence,"
        " changed_by, changed_at, card_due, notice_due)"
        " SELECT subject, guild_id, 'reported', 1, sequence, 0, made_by, made_at, 0, 0"
        " FROM moderator_log WHERE act = 'report' AND sequence IN"
        " (SELECT MAX(sequence) FROM moderator_log WHERE act = 'report' GROUP BY subject)"
        " AND subject IN (SELECT id FROM jobs)"
    )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", LARGE, nullable=False),
        sa.Column("asked_sequence", LARGE, nullable=False),
        sa.Column("decided_sequence", LARGE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("changed_by", LARGE, nullable=False),
        sa.Column("changed_at", LARGE, nullable=False),
        sa.Column("card_due", sa.Integer(), nullable=False),
        sa.Column("notice_due", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('reported', 'closed', 'down', 'appealed', 'upheld')", name="state_is_known"
        ),
        sa.CheckConstraint(f"({DOWN}) = (reason IS NOT NULL)", name="down_has_a_reason"),
        sa.CheckConstraint(
            "(state IN ('appealed', 'upheld')) = (appeal IS NOT NULL)",
            name="appealed_has_its_words",
        ),
        sa.CheckConstraint(
            "(state = 'upheld') = (refusal IS NOT NULL)", name="upheld_has_a_reason"
        ),
        sa.CheckConstraint("card_due IN (0, 1)", name="card_due_is_a_flag"),
        sa.CheckConstraint("notice_due IN (0, 1)", name="notice_due_is_a_flag"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_strict=True,
    )
    op.create_index("reviews_by_guild", "reviews", ["guild_id", "state", "asked_sequence"])


def _create_withheld() -> None:
    op.create_table(
        "gallery_withheld",
        sa.Column("sequence", LARGE, nullable=False),
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
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("likes", LARGE, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.ForeignKeyConstraint(["parent_job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_strict=True,
    )


def _create_announcements() -> None:
    op.create_table(
        "review_announcements",
        sa.Column("guild_id", LARGE, autoincrement=False, nullable=False),
        sa.Column("channel_id", LARGE, nullable=False),
        sa.Column("message_id", LARGE, nullable=False),
        sa.Column("posted_at", LARGE, nullable=False),
        sa.Column("asked_sequence", LARGE, nullable=False),
        sa.Column("waiting", LARGE, nullable=False),
        sa.PrimaryKeyConstraint("guild_id"),
        sqlite_strict=True,
    )
