"""Themes: contests in threads, with entries, votes, and what is to be posted of them.

What moderators do to themes comes on their log, which knows these acts since 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_themes()
    _create_entries_and_votes()
    _create_posts()


def _create_themes() -> None:
    op.create_table(
        "themes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("interaction_id", LARGE, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("channel_id", LARGE, nullable=False),
        sa.Column("thread_id", LARGE, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("opened_by", LARGE, nullable=False),
        sa.Column("opened_at", LARGE, nullable=False),
        sa.Column("entering_ends", LARGE, nullable=False),
        sa.Column("voting_seconds", LARGE, nullable=False),
        sa.Column("voting_ends", LARGE, nullable=True),
        sa.Column("ended_at", LARGE, nullable=True),
        sa.Column("pot_credits", LARGE, nullable=False),
        sa.Column("shown_phase", sa.Text(), nullable=True),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "phase IN ('entering', 'voting', 'decided', 'cancelled')", name="phase_is_known"
        ),
        sa.CheckConstraint(
            "(phase IN ('decided', 'cancelled')) = (ended_at IS NOT NULL)",
            name="ended_has_its_time",
        ),
        sa.CheckConstraint(
            "phase <> 'voting' OR voting_ends IS NOT NULL", name="voting_has_an_end"
        ),
        sa.CheckConstraint("voting_seconds > 0", name="voting_takes_time"),
        sa.CheckConstraint("pot_credits >= 0", name="pot_is_not_negative"),
        sa.CheckConstraint("settled IN (0, 1)", name="settled_is_a_flag"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("interaction_id"),
        sa.UniqueConstraint("thread_id"),
        sqlite_strict=True,
    )
    op.create_index("themes_by_guild", "themes", ["guild_id", "opened_at"])
    op.create_index("themes_by_phase", "themes", ["phase"])
    op.create_index("themes_unsettled", "themes", ["settled"])


def _create_entries_and_votes() -> None:
    op.create_table(
        "theme_entries",
        sa.Column("theme_id", sa.Text(), nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("entered_at", LARGE, nullable=False),
        sa.Column("number", LARGE, nullable=True),
        sa.Column("votes", LARGE, nullable=True),
        sa.Column("won", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.CheckConstraint("won IN (0, 1)", name="won_is_a_flag"),
        sa.CheckConstraint("dropped IN (0, 1)", name="dropped_is_a_flag"),
        sa.CheckConstraint("won = 0 OR votes > 0", name="winners_have_votes"),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("theme_id", "user_id"),
        sa.UniqueConstraint("theme_id", "number"),
        sqlite_strict=True,
    )
    op.create_index("theme_entries_by_job", "theme_entries", ["job_id"])
    op.create_table(
        "theme_votes",
        sa.Column("theme_id", sa.Text(), nullable=False),
        sa.Column("number", LARGE, nullable=False),
        sa.Column("voter_id", LARGE, nullable=False),
        sa.Column("voted_at", LARGE, nullable=False),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("theme_id", "number", "voter_id"),
        sqlite_strict=True,
    )


def _create_posts() -> None:
    op.create_table(
        "theme_posts",
        sa.Column("theme_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", LARGE, nullable=False),
        sa.Column("attempted", sa.Integer(), nullable=False),
        sa.Column("message_id", LARGE, nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('announcement', 'guide', 'voting', 'entry', 'result')",
            name="kind_is_known",
        ),
        sa.CheckConstraint("attempted IN (0, 1)", name="attempted_is_a_flag"),
        sa.CheckConstraint("closed IN (0, 1)", name="closed_is_a_flag"),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("theme_id", "kind", "number"),
        sqlite_strict=True,
    )
