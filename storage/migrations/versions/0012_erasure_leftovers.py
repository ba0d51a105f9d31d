"""What an erasure still has to delete beside rows: files, and messages that nobody remembered.

An erasure of the earlier release that has not ended had its files deleted, or marked so that a
start looks at them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erasure_searches",
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.Column("channel_id", LARGE, nullable=False),
        sa.Column("interaction_id", LARGE, nullable=False),
        sa.Column("direct", sa.Integer(), nullable=False),
        sa.CheckConstraint("direct IN (0, 1)", name="direct_is_a_flag"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"]),
        sa.PrimaryKeyConstraint("erasure_id", "shows"),
        sqlite_strict=True,
    )
    op.create_table(
        "erasure_files",
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"]),
        sa.PrimaryKeyConstraint("erasure_id", "sha256"),
        sqlite_strict=True,
    )
