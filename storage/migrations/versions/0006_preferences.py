"""Members' preferences and option sets, notices of finished clips, and defaults by moderators.

SQLite cannot change a CHECK, so its moderators' log is built anew, as jobs were in 0002.
"""

# The names that are put into a statement are constants of this file.
# ruff: noqa: S608

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Those of 0007 to 0009 too: the log is built anew once, not by each of them.
ACTS = (
    "act IN ('relaxed', 'role_grant', 'requeue', 'allowance', 'grant', 'reset', 'pot', 'boost',"
    " 'queue', 'clear_queue', 'block', 'channels', 'models', 'limits', 'word_rule', 'preview',"
    " 'showcase', 'report', 'defaults', 'dismiss', 'takedown', 'appeal', 'uphold', 'restore',"
    " 'review_channel', 'pot_limit', 'theme', 'reveal')"
)
LOG_COLUMNS = "sequence, guild_id, act, subject, before_json, after_json, detail, made_by, made_at"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("act_is_known", "moderator_log", type_="check")
        op.create_check_constraint("act_is_known", "moderator_log", ACTS)
    else:
        _rebuild_log()
    _create_preferences()
    _create_option_sets()
    _create_finish_notices()


def _rebuild_log() -> None:
    op.create_table(
        "moderator_log_anew",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before_json", sa.Text(), nullable=True),
        sa.Column("after_json", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made_by", LARGE, nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.CheckConstraint(ACTS, name="act_is_known"),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_strict=True,
    )
    op.execute(
        f"INSERT INTO moderator_log_anew ({LOG_COLUMNS}) SELECT {LOG_COLUMNS} FROM moderator_log"
    )
    op.drop_table("moderator_log")
    op.rename_table("moderator_log_anew", "moderator_log")
    op.create_index("log_by_subject", "moderator_log", ["guild_id", "act", "subject", "sequence"])
    op.create_index("log_by_time", "moderator_log", ["guild_id", "sequence"])
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER moderator_log_forbid_{change.lower()} BEFORE {change}"
            " ON moderator_log BEGIN SELECT RAISE(ABORT, 'moderator_log is append-only'); END"
        )


def _create_preferences() -> None:
    op.create_table(
        "preferences",
        sa.Column("user_id", LARGE, autoincrement=False, nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("private", sa.Integer(), nullable=True),
        sa.Column("direct_messages", sa.Text(), nullable=False),
        sa.CheckConstraint("private IN (0, 1)", name="private_is_a_flag"),
        sa.CheckConstraint(
            "direct_messages IN ('off', 'on', 'refused')", name="direct_messages_are_known"
        ),
        sa.PrimaryKeyConstraint("user_id"),
        sqlite_strict=True,
    )


def _create_option_sets() -> None:
    op.create_table(
        "option_sets",
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("saved_at", LARGE, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name"),
        sqlite_strict=True,
    )


def _create_finish_notices() -> None:
    op.create_table(
        "finish_notices",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.Column("sending_since", LARGE, nullable=True),
        sa.Column("ended_at", LARGE, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("problem IS NULL OR ended_at IS NOT NULL", name="problems_end_it"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_strict=True,
    )
    op.create_index("notices_by_end", "finish_notices", ["ended_at", "made_at"])
    op.create_index("notices_by_user", "finish_notices", ["user_id", "ended_at"])
