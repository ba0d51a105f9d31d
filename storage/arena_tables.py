"""The tables of the arena: comparisons, and what members vote on them."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from storage.columns import Flag, LargeInteger, Moment, metadata

# The same words and seed on two contenders, shown as A and B.
comparisons = Table(
    "comparisons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interaction_id", LargeInteger, nullable=False, unique=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("user_id", LargeInteger, nullable=False),
    Column("channel_id", LargeInteger, nullable=False),
    Column("message_id", LargeInteger),
    Column("state", Text, nullable=False),
    # The state that its message shows: where it differs, the message is to be edited.
    Column("shown_state", Text, nullable=False),
    Column("job_a_id", Text, ForeignKey("jobs.id"), nullable=False, unique=True),
    Column("job_b_id", Text, ForeignKey("jobs.id"), nullable=False, unique=True),
    Column("contender_a", Text, nullable=False),
    Column("contender_b", Text, nullable=False),
    # Drawn uniformly among all pairs that could be: only then its votes count in the ratings.
    Column("uniform", Flag, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("revealed_by", LargeInteger),
    Column("problem", Text),
    CheckConstraint(
        "state IN ('making', 'voting', 'revealed', 'called_off')", name="state_is_known"
    ),
    CheckConstraint(
        "shown_state IN ('making', 'voting', 'revealed', 'called_off')",
        name="shown_state_is_known",
    ),
    CheckConstraint("job_a_id <> job_b_id AND contender_a <> contender_b", name="sides_differ"),
    CheckConstraint("uniform IN (0, 1)", name="uniform_is_a_flag"),
    CheckConstraint(
        "(state IN ('revealed', 'called_off')) = (ended_at IS NOT NULL)", name="ended_has_its_time"
    ),
    CheckConstraint(
        "(state = 'revealed') = (revealed_by IS NOT NULL)", name="revealed_by_somebody"
    ),
    CheckConstraint(
        "(state = 'called_off') = (problem IS NOT NULL)", name="called_off_has_a_reason"
    ),
    sqlite_strict=True,
)
Index("comparisons_by_state", comparisons.c.state, comparisons.c.shown_state)
Index("comparisons_by_guild", comparisons.c.guild_id, comparisons.c.state)

# One row for each member and comparison.
votes = Table(
    "votes",
    metadata,
    Column("comparison_id", Text, ForeignKey("comparisons.id"), nullable=False),
    Column("user_id", LargeInteger, nullable=False),
    Column("choice", Text, nullable=False),
    # The voter was told which model is which, and can change the vote no more.
    Column("final", Flag, nullable=False),
    Column("voted_at", Moment, nullable=False),
    PrimaryKeyConstraint("comparison_id", "user_id"),
    CheckConstraint("choice IN ('a', 'b', 'tie', 'bad')", name="choice_is_known"),
    CheckConstraint("final IN (0, 1)", name="final_is_a_flag"),
    sqlite_strict=True,
)
Index("votes_by_member", votes.c.user_id)
