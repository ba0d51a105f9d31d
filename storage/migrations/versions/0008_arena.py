"""Comparisons and votes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "IN ('making', 'voting', 'revealed', 'called_off')"
COMPARISON_CHECKS = {
    "state_is_known": f"state {STATES}",
    "shown_state_is_known": f"shown_state {STATES}",
    "sides_differ": "job_a_id <> job_b_id AND contender_a <> contender_b",
    "uniform_is_a_flag": "uniform IN (0, 1)",
    "ended_has_its_time": "(state IN ('revealed', 'called_off')) = (ended_at IS NOT NULL)",
    "revealed_by_somebody": "(state = 'revealed') = (revealed_by IS NOT NULL)",
    "called_off_has_a_reason": "(state = 'called_off') = (problem IS NOT NULL)",
}


def upgrade() -> None:
    _create_comparisons()
    _create_votes()


def _create_comparisons() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("interaction_id", LARGE, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("channel_id", LARGE, nullable=False),
        sa.Column("message_id", LARGE, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("shown_state", sa.Text(), nullable=False),
        sa.Column("job_a_id", sa.Text(), nullable=False),
        sa.Column("job_b_id", sa.Text(), nullable=False),
        sa.Column("contender_a", sa.Text(), nullable=False),
        sa.Column("contender_b", sa.Text(), nullable=False),
        sa.Column("uniform", sa.Integer(), nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.Column("ended_at", LARGE, nullable=True),
        sa.Column("revealed_by", LARGE, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(condition, name=name)
            for name, condition in COMPARISON_CHECKS.items()
        ),
        sa.ForeignKeyConstraint(["job_a_id"], ["jobs.id"]),
        sa.ForeignKeyConstraint(["job_b_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("interaction_id"),
        sa.UniqueConstraint("job_a_id"),
        sa.UniqueConstraint("job_b_id"),
        sqlite_strict=True,
    )
    op.create_index("comparisons_by_state", "comparisons", ["state", "shown_state"])
    op.create_index("comparisons_by_guild", "comparisons", ["guild_id", "state"])


def _create_votes() -> None:
    op.create_table(
        "votes",
        sa.Column("comparison_id", sa.Text(), nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("final", sa.Integer(), nullable=False),
        sa.Column("voted_at", LARGE, nullable=False),
        sa.CheckConstraint("choice IN ('a', 'b', 'tie', 'bad')", name="choice_is_known"),
        sa.CheckConstraint("final IN (0, 1)", name="final_is_a_flag"),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparisons.id"]),
        sa.PrimaryKeyConstraint("comparison_id", "user_id"),
        sqlite_strict=True,
    )
    op.create_index("votes_by_member", "votes", ["user_id"])
